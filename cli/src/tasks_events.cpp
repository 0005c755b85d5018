#include "detail_text.hpp"
#include "event_text.hpp"
#include "interrupt.hpp"
#include "json_writer.hpp"
#include "option_values.hpp"
#include "progress_line.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class TasksEvents final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("TASK", 1);
        table.value("--after-id", "N", after_id_, "the events after this one");
        table.value("--limit", "N", limit_, "at most that many, 1 to 10000 (default 20)");
        table.flag("--follow", follow_,
                   "go on as events happen, until the task has ended; with --json one object a "
                   "line");
        table.note(
            "Without --after-id the newest events, with it the next ones; `next_after_id` of "
            "the JSON is where to go on. Times are relative, those of --follow and of the JSON "
            "exact.");
        table.example("loong tasks events k3f9qa --follow");
        table.example("loong tasks events k3f9qa --after-id 17 --json");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 130 interrupted");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "no task was named",
                         "usage: loong tasks events TASK"};
        }
        EventsRequest request;
        request.task = invocation.words.front();
        if (Result<void> read = read_numbers(request); !read) return std::move(read).error();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::string> id = tasks->resolve(request.task);
        if (!id) return std::move(id).error();
        request.task = *id;
        if (follow_) return follow(invocation, *tasks, request);
        Result<EventsResult> events = tasks->events(request);
        if (!events) return std::move(events).error();
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *tasks, *events));
        } else {
            print_text(invocation, events->events, wall_clock());
            if (events->has_more && request.after_id && !invocation.globals.quiet) {
                invocation.out.print("      more: --after-id " +
                                     std::to_string(events->next_after_id) + "\n");
            }
        }
        return ExitCode::done;
    }

private:
    Result<void> read_numbers(EventsRequest& request) const {
        constexpr std::int64_t greatest_id = std::int64_t{1} << 53;
        if (after_id_) {
            Result<std::int64_t> id = read_integer("--after-id", *after_id_, 0, greatest_id);
            if (!id) return std::move(id).error();
            request.after_id = static_cast<std::uint64_t>(*id);
        }
        if (limit_) {
            Result<std::int64_t> limit = read_integer("--limit", *limit_, 1, 10000);
            if (!limit) return std::move(limit).error();
            request.limit = static_cast<std::size_t>(*limit);
        }
        return {};
    }

    // The watch is made before the first look, so that nothing falls between the two.
    static Result<ExitCode> follow(Invocation& invocation, Tasks& tasks, EventsRequest request) {
        Result<Interrupt> interrupt = Interrupt::install();
        if (!interrupt) return std::move(interrupt).error();
        Result<std::unique_ptr<TaskWatch>> watch = tasks.watch({request.task});
        if (!watch) return std::move(watch).error();
        ProgressLine line(invocation);
        while (true) {
            Result<EventsResult> events = tasks.events(request);
            if (!events) return std::move(events).error();
            line.hide();
            print_followed(invocation, events->events);
            if (Result<void> flushed = invocation.out.flush(); !flushed) {
                return std::move(flushed).error();
            }
            const bool all_seen = !request.after_id || !events->has_more;
            request.after_id = events->next_after_id;
            request.limit = 10000;
            if (!interrupt->happened()) {
                if (!all_seen) continue;
                if (events->task_status.terminal) {
                    return end(invocation, tasks, request.task, line, ExitCode::done);
                }
                if (Result<void> told = tell(tasks, request.task, line); !told) {
                    return std::move(told).error();
                }
                Result<TaskWatch::Woken> woken =
                    (*watch)->wait(std::nullopt, interrupt->descriptor());
                if (!woken) return std::move(woken).error();
                if (*woken != TaskWatch::Woken::interrupted) continue;
            }
            return end(invocation, tasks, request.task, line, ExitCode::interrupted);
        }
    }

    static Result<void> tell(Tasks& tasks, const std::string& task, ProgressLine& line) {
        if (!line.is_shown()) return {};
        Result<TaskDetail> detail = tasks.status(task);
        if (!detail) return std::move(detail).error();
        line.show(detail->row);
        return {};
    }

    /// For somebody who sits there; the last event says it to everybody else.
    static Result<ExitCode> end(Invocation& invocation, Tasks& tasks, const std::string& task,
                                ProgressLine& line, ExitCode code) {
        line.hide();
        if (!line.is_shown()) return code;
        Result<TaskDetail> detail = tasks.status(task);
        if (!detail) return std::move(detail).error();
        const Terminal terminal = look_at_terminal(invocation.err.descriptor());
        invocation.err.print(ending_text(*detail, terminal, false));
        return code;
    }

    static void print_followed(Invocation& invocation, const std::vector<Event>& events) {
        // What follows stays on the screen while time passes.
        if (!invocation.globals.json) return print_text(invocation, events, std::nullopt);
        for (const Event& event : events) invocation.out.print(to_json_line(event_value(event)));
    }

    static void print_text(Invocation& invocation, const std::vector<Event>& events,
                           std::optional<Time> now) {
        for (const Event& event : events) {
            const std::string line = invocation.globals.quiet
                                         ? std::to_string(event.id)
                                         : event_text(event, invocation.terminal, now);
            invocation.out.print(line + "\n");
        }
    }

    static std::string json(const Invocation& invocation, const Tasks& tasks,
                            const EventsResult& events) {
        Value answer = invocation.header(&tasks);
        answer.set("task_id", events.task_id);
        answer.set("after_id", events.after_id);
        answer.set("next_after_id", events.next_after_id);
        answer.set("has_more", events.has_more);
        answer.set("events", events_value(events.events));
        return to_json(answer);
    }

    std::optional<std::string> after_id_;
    std::optional<std::string> limit_;
    bool follow_ = false;
};

} // namespace

std::unique_ptr<Verb> make_tasks_events() { return std::make_unique<TasksEvents>(); }

} // namespace loong::cli
