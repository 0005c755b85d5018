#include "action_report.hpp"

#include "error_report.hpp"
#include "json_writer.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "text.hpp"

namespace loong::cli {
namespace {

constexpr const char* action_keys[] = {"dry_run", "result", "message", "action", "task"};

Value item_value(const ActionItem& item) {
    Value value;
    if (!item.result) {
        value.set("task_id", item.asked);
        for (const char* key : action_keys) value.set(key, Value());
        value.set("error", error_value(item.result.error()));
        return value;
    }
    const ActionResult& result = *item.result;
    Value action;
    if (!result.action.empty()) action.set("kind", result.action);
    if (!result.request_id.empty()) action.set("request_id", result.request_id);
    value.set("task_id", result.task_id);
    value.set("dry_run", result.dry_run);
    value.set("result", to_string(result.result));
    value.set("message", result.message);
    value.set("action", std::move(action));
    value.set("task", result.task ? detail_value(*result.task) : Value());
    value.set("error", Value());
    return value;
}

std::string actions_json(const Invocation& invocation, const Tasks& tasks,
                         const std::vector<ActionItem>& items) {
    Value answer = invocation.header(&tasks);
    Value::Array results;
    for (const ActionItem& item : items) results.push_back(item_value(item));
    if (results.size() == 1) {
        for (const char* key : action_keys) answer.set(key, *results.front().find(key));
    }
    answer.set("results", std::move(results));
    return to_json(answer);
}

void print_item(Invocation& invocation, const ActionItem& item) {
    if (!item.result) {
        invocation.err.print(escape_controls(item.asked) + ": " + error_text(item.result.error()));
        return;
    }
    const ActionResult& result = *item.result;
    if (invocation.globals.quiet) {
        if (exit_code_of(result.result) == ExitCode::done) {
            invocation.out.print(result.task_id + "\n");
        }
        return;
    }
    std::string line = result.task_id + "  ";
    if (result.task) {
        line += styled_status(result.task->row.task_status, invocation.terminal) + "  ";
    }
    if (result.result != ActionResultKind::applied) {
        line += std::string(to_string(result.result)) + ": ";
    }
    invocation.out.print(line + escape_controls(result.message) + "\n");
}

} // namespace

Result<ExitCode> report_actions(Invocation& invocation, const Tasks& tasks,
                                std::vector<ActionItem> items) {
    if (items.size() == 1 && !items.front().result) return items.front().result.error();
    std::vector<ExitCode> codes;
    for (const ActionItem& item : items) {
        codes.push_back(item.result ? exit_code_of(item.result->result)
                                    : exit_code_of(item.result.error().code));
        if (!invocation.globals.json) print_item(invocation, item);
    }
    if (invocation.globals.json) invocation.out.print(actions_json(invocation, tasks, items));
    return first_that_applies(codes);
}

} // namespace loong::cli
