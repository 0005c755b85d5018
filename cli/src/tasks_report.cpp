#include "detail_text.hpp"
#include "inside_client.hpp"
#include "inside_task.hpp"
#include "json_writer.hpp"
#include "option_values.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class TasksReport final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.value("--progress", "N", progress_, "percent done, 0 to 100");
        table.value("--note", "TEXT", note_, "what is going on, in a few words");
        table.value("--state", "S", state_, "active, waiting, blocked or verifying");
        table.words(progress_state_words());
        table.note("For use inside the work of a task, whose environment says which task it is.");
        table.example("loong tasks report --progress 40 --note 'compiling'");
        table.exit_codes("0 done, 2 failure or not inside a task, 4 not found, 5 this session "
                         "carries the task no longer");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<ReportRequest> request = read_request();
        if (!request) return std::move(request).error();
        Result<InsideTask> inside = inside_task("report");
        if (!inside) return std::move(inside).error();
        const std::string channel = inside::channel_directory();
        if (!channel.empty()) return report_inside(invocation, channel, *request);
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<TaskDetail> detail =
            tasks->report(inside->task_id, inside->task_session_id, *request);
        if (!detail) return std::move(detail).error();
        // It stands in the middle of other commands: without --json it says nothing.
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            answer.set("task", detail_value(*detail));
            invocation.out.print(to_json(answer));
        }
        return ExitCode::done;
    }

private:
    /// Narrowed work tells its worker. Where none is there it does not wait for one.
    static Result<ExitCode> report_inside(Invocation& invocation, const std::string& channel,
                                          const ReportRequest& request) {
        constexpr Milliseconds patience = std::chrono::seconds(5);
        auto told = inside::call(channel, request, patience);
        if (!told) return std::move(told).error();
        if (!*told) invocation.warnings.emplace_back("no worker is there; the next one is told");
        if (invocation.globals.json) {
            Value answer = invocation.header(nullptr);
            answer.set("task", Value());
            invocation.out.print(to_json(answer));
        } else if (!*told) {
            invocation.err.print("warning: " + invocation.warnings.back() + "\n");
        }
        return ExitCode::done;
    }

    Result<ReportRequest> read_request() const {
        if (!progress_ && !note_ && !state_) {
            return Error{ErrorCode::invalid_argument, "nothing to report",
                         "give --progress, --note or --state"};
        }
        ReportRequest request;
        request.note = note_.value_or("");
        if (progress_) {
            Result<std::int64_t> percent = read_integer("--progress", *progress_, 0, 100);
            if (!percent) return std::move(percent).error();
            request.percent = static_cast<int>(*percent);
        }
        if (state_) {
            Result<ProgressState> state = read_progress_state("--state", *state_);
            if (!state) return std::move(state).error();
            request.state = *state;
        }
        return request;
    }

    std::optional<std::string> progress_;
    std::optional<std::string> note_;
    std::optional<std::string> state_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_report() { return std::make_unique<TasksReport>(); }

} // namespace loong::cli
