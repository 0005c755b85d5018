#include "detail_text.hpp"
#include "error_report.hpp"
#include "interrupt.hpp"
#include "json_writer.hpp"
#include "option_values.hpp"
#include "progress_line.hpp"
#include "selection.hpp"
#include "text.hpp"
#include "verbs.hpp"
#include "wait_report.hpp"

namespace loong::cli {
namespace {

constexpr const char* wait_keys[] = {"task_id",       "wait_status", "after_id",
                                     "next_after_id", "events",      "task"};

class TasksWait final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.flag("--any", any_, "until one of them is there, not all");
        table.value("--until", "WHAT", until_,
                    "terminal, attention, or a status; otherwise until terminal or in need of you");
        table.words(until_words());
        table.value("--after-id", "N", after_id_, "report the events after this one");
        table.value("--timeout", "TIME", timeout_, "give up after that (30s, 10m)");
        table.example("loong tasks wait k3f9qa --timeout 10m");
        table.example("loong tasks wait --label 'nightly*' --until terminal");
        table.exit_codes("0 completed or in good order, 1 ended otherwise or can no longer "
                         "get there, 2 failure, 3 attention is needed, 4 not found or not visible, "
                         "124 the time ran out, 130 interrupted");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        WaitRequest request;
        request.any = any_;
        if (Result<void> read = read_options(request); !read) return std::move(read).error();
        Result<Interrupt> interrupt = Interrupt::install();
        if (!interrupt) return std::move(interrupt).error();
        request.interrupt_descriptor = interrupt->descriptor();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen = selection_.choose(*tasks, invocation.words);
        if (!chosen) return std::move(chosen).error();
        request.tasks = *chosen;
        ProgressLine line(invocation);
        if (line.is_shown()) {
            request.on_look = [&](const std::vector<TaskRow>& rows) {
                line.show(rows, request.tasks.size());
            };
        }
        Result<WaitResult> result = tasks->wait(request);
        line.hide();
        if (!result) return std::move(result).error();
        if (result->tasks.size() == 1 && !result->tasks.front()) {
            return result->tasks.front().error();
        }
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *tasks, request.tasks, *result));
        } else {
            print_text(invocation, request.tasks, *result);
        }
        if (tasks->leave_watch_open()) invocation.left_open.emplace(*std::move(tasks));
        return exit_code_of(*result, any_);
    }

private:
    Result<void> read_options(WaitRequest& request) const {
        if (until_) {
            if (Result<void> read = read_until(request); !read) return read;
        }
        if (after_id_) {
            constexpr std::int64_t greatest_id = std::int64_t{1} << 53;
            Result<std::int64_t> id = read_integer("--after-id", *after_id_, 0, greatest_id);
            if (!id) return std::move(id).error();
            request.after_id = static_cast<std::uint64_t>(*id);
        }
        if (timeout_) {
            Result<Seconds> timeout = read_duration("--timeout", *timeout_);
            if (!timeout) return std::move(timeout).error();
            request.timeout = *timeout;
        }
        return {};
    }

    static std::vector<std::string> until_words() {
        std::vector<std::string> words = {"terminal", "attention"};
        const std::vector<std::string> statuses = status_words();
        words.insert(words.end(), statuses.begin(), statuses.end());
        return words;
    }

    Result<void> read_until(WaitRequest& request) const {
        if (*until_ == "terminal") {
            request.until = WaitRequest::Until::terminal;
        } else if (*until_ == "attention") {
            request.until = WaitRequest::Until::attention;
        } else {
            Result<Status> status = read_status("--until", *until_);
            if (!status) {
                return unknown_word("status for --until", *until_, until_words());
            }
            request.until = WaitRequest::Until::status;
            request.status = *status;
        }
        return {};
    }

    static void print_text(Invocation& invocation, const std::vector<std::string>& asked,
                           const WaitResult& result) {
        for (std::size_t i = 0; i < result.tasks.size(); ++i) {
            const Result<WaitedTask>& task = result.tasks[i];
            if (!task) {
                invocation.err.print(escape_controls(asked[i]) + ": " + error_text(task.error()));
            } else if (invocation.globals.quiet) {
                if (task->end == WaitEnd::reached) invocation.out.print(task->task_id + "\n");
            } else {
                const std::string prefix =
                    task->end == WaitEnd::reached ? "" : wait_status(*task) + ": ";
                invocation.out.print(prefix + ending_text(task->task, invocation.terminal, false));
            }
        }
    }

    static std::string json(const Invocation& invocation, const Tasks& tasks,
                            const std::vector<std::string>& asked, const WaitResult& result) {
        Value answer = invocation.header(&tasks);
        Value::Array results;
        for (std::size_t i = 0; i < result.tasks.size(); ++i) {
            const Result<WaitedTask>& task = result.tasks[i];
            Value item;
            if (task) {
                item = waited_value(*task);
            } else {
                for (const char* key : wait_keys) item.set(key, Value());
                item.set("task_id", asked[i]);
            }
            item.set("error", task ? Value() : error_value(task.error()));
            results.push_back(std::move(item));
        }
        if (results.size() == 1) {
            for (const char* key : wait_keys) answer.set(key, *results.front().find(key));
        }
        answer.set("results", std::move(results));
        return to_json(answer);
    }

    Selection selection_;
    bool any_ = false;
    std::optional<std::string> until_;
    std::optional<std::string> after_id_;
    std::optional<std::string> timeout_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_wait() { return std::make_unique<TasksWait>(); }

} // namespace loong::cli
