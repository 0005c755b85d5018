#include "detail_text.hpp"
#include "error_report.hpp"
#include "json_writer.hpp"
#include "selection.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "text.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class TasksStatus final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.flag("--exit-code", exit_code_, "tell by the exit status how the tasks stand");
        table.example("loong tasks status k3f9qa");
        table.example("loong tasks status --label 'nightly*' --json");
        table.exit_codes(
            "0 done; with --exit-code 1 ended otherwise than completed, 3 attention is "
            "needed; 2 failure, 4 not found or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen = selection_.choose(*tasks, invocation.words);
        if (!chosen) return std::move(chosen).error();
        if (chosen->size() == 1) {
            Result<TaskDetail> detail = tasks->status(chosen->front());
            if (!detail) return std::move(detail).error();
            return print_all(invocation, *tasks, {{chosen->front(), std::move(detail)}});
        }
        std::vector<Item> items;
        for (const std::string& task : *chosen) items.push_back({task, tasks->status(task)});
        return print_all(invocation, *tasks, items);
    }

private:
    struct Item {
        std::string asked;
        Result<TaskDetail> detail;
    };

    Result<ExitCode> print_all(Invocation& invocation, const Tasks& tasks,
                               const std::vector<Item>& items) const {
        std::vector<ExitCode> codes;
        bool first = true;
        for (const Item& item : items) {
            if (!item.detail) {
                codes.push_back(exit_code_of(item.detail.error().code));
            } else if (exit_code_) {
                codes.push_back(exit_code_of(item.detail->row.task_status));
            }
            if (!invocation.globals.json) print_text(invocation, item, first);
            first = false;
        }
        if (invocation.globals.json) invocation.out.print(json(invocation, tasks, items));
        return first_that_applies(codes);
    }

    static void print_text(Invocation& invocation, const Item& item, bool first) {
        if (!item.detail) {
            invocation.err.print(escape_controls(item.asked) + ": " +
                                 error_text(item.detail.error()));
        } else if (invocation.globals.quiet) {
            invocation.out.print(item.detail->row.task_id + "\n");
        } else {
            invocation.out.print((first ? "" : "\n") +
                                 detail_text(*item.detail, invocation.terminal, wall_clock()));
        }
    }

    static std::string json(const Invocation& invocation, const Tasks& tasks,
                            const std::vector<Item>& items) {
        Value answer = invocation.header(&tasks);
        Value::Array results;
        for (const Item& item : items) {
            Value result;
            result.set("task_id", item.detail ? item.detail->row.task_id : item.asked);
            result.set("task", item.detail ? detail_value(*item.detail) : Value());
            result.set("error", item.detail ? Value() : error_value(item.detail.error()));
            results.push_back(std::move(result));
        }
        if (results.size() == 1) answer.set("task", *results.front().find("task"));
        answer.set("results", std::move(results));
        return to_json(answer);
    }

    Selection selection_;
    bool exit_code_ = false;
};

} // namespace

std::unique_ptr<Verb> make_tasks_status() { return std::make_unique<TasksStatus>(); }

} // namespace loong::cli
