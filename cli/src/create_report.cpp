#include "create_report.hpp"

#include "detail_text.hpp"
#include "error_report.hpp"
#include "json_writer.hpp"
#include "status_style.hpp"
#include "task_json.hpp"

namespace loong::cli {
namespace {

Value withheld_value(const CreateResult& created) {
    return {Value::Array(created.withheld_environment.begin(), created.withheld_environment.end())};
}

void collect_warnings(Invocation& invocation, const CreateResult& created) {
    if (created.existing) {
        invocation.warnings.push_back("task " + created.task.row.task_id +
                                      " has this dedupe key already");
    }
    invocation.warnings.insert(invocation.warnings.end(), created.warnings.begin(),
                               created.warnings.end());
}

std::string batch_json(Invocation& invocation, const Tasks* tasks,
                       const std::vector<Result<CreateResult>>& created) {
    Value::Array results;
    for (const Result<CreateResult>& one : created) {
        if (one) collect_warnings(invocation, *one);
        Value item;
        item.set("task", one ? detail_value(one->task) : Value());
        item.set("withheld_env", one ? withheld_value(*one) : Value());
        item.set("error", one ? Value() : error_value(one.error()));
        results.push_back(std::move(item));
    }
    Value answer = invocation.header(tasks);
    answer.set("results", std::move(results));
    return to_json(answer);
}

std::string single_json(Invocation& invocation, const Tasks* tasks, const CreateResult& created) {
    collect_warnings(invocation, created);
    Value answer = invocation.header(tasks);
    answer.set("task", detail_value(created.task));
    answer.set("withheld_env", withheld_value(created));
    return to_json(answer);
}

void print_batch_line(Invocation& invocation, const Result<CreateResult>& one, std::size_t number) {
    if (!one) {
        invocation.err.print("task " + std::to_string(number) + ": " + error_text(one.error()));
        return;
    }
    std::string line = one->task.row.task_id;
    if (!invocation.globals.quiet) {
        line += "  " + styled_status(one->task.row.task_status, invocation.terminal);
    }
    invocation.out.print(line + "\n");
}

} // namespace

Result<ExitCode> report_created(Invocation& invocation, const Tasks* tasks,
                                const std::vector<Result<CreateResult>>& created, bool batch) {
    if (!batch) {
        const Result<CreateResult>& one = created.front();
        if (!one) return one.error();
        if (invocation.globals.json) {
            invocation.out.print(single_json(invocation, tasks, *one));
        } else if (invocation.globals.quiet) {
            invocation.out.print(one->task.row.task_id + "\n");
        } else {
            invocation.out.print(created_text(*one, invocation.terminal));
        }
        return ExitCode::done;
    }
    std::vector<ExitCode> codes;
    for (std::size_t i = 0; i < created.size(); ++i) {
        if (!created[i]) codes.push_back(exit_code_of(created[i].error().code));
        if (!invocation.globals.json) print_batch_line(invocation, created[i], i + 1);
    }
    if (invocation.globals.json) invocation.out.print(batch_json(invocation, tasks, created));
    return first_that_applies(codes);
}

} // namespace loong::cli
