#include "record.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_waited_events = 10'000;

Result<std::vector<Event>> read_all(const std::vector<std::string>& records) {
    std::vector<Event> events;
    events.reserve(records.size());
    for (const std::string& record : records) {
        Result<Event> event = read_record(record);
        if (!event) return std::move(event).error();
        events.push_back(*std::move(event));
    }
    return events;
}

enum class Progressed : std::uint8_t { not_yet, reached, impossible };

Progressed judge(const TaskStatus& status, const WaitRequest& request) {
    bool reached = false;
    switch (request.until) {
    case WaitRequest::Until::settled: reached = status.terminal || status.needs_attention; break;
    case WaitRequest::Until::terminal: reached = status.terminal; break;
    case WaitRequest::Until::attention: reached = status.needs_attention; break;
    case WaitRequest::Until::status: reached = status.status == request.status; break;
    }
    if (reached) return Progressed::reached;
    // Only an operator's retry leaves a terminal status, and nobody waits for that.
    return status.terminal ? Progressed::impossible : Progressed::not_yet;
}

struct Awaited {
    std::string task_id;
    std::uint64_t after_id = 0;
    Progressed progressed = Progressed::not_yet;
    std::optional<Error> error;
};

/// What the wait as a whole has come to; absent: it goes on.
std::optional<WaitEnd> whole(const std::vector<Awaited>& awaited, const WaitRequest& request) {
    std::size_t reached = 0;
    std::size_t impossible = 0;
    std::size_t readable = 0;
    for (const Awaited& one : awaited) {
        if (one.error) continue;
        ++readable;
        if (one.progressed == Progressed::reached) ++reached;
        if (one.progressed == Progressed::impossible) ++impossible;
    }
    if (request.any) {
        if (reached > 0 || readable == 0) return WaitEnd::reached;
        if (impossible == readable) return WaitEnd::impossible;
        return std::nullopt;
    }
    if (reached == readable) return WaitEnd::reached;
    if (impossible > 0) return WaitEnd::impossible;
    return std::nullopt;
}

/// In the order asked for, with the event after which each is reported.
std::vector<Awaited> find_awaited(Tasks::Implementation& tasks, const WaitRequest& request) {
    std::vector<Awaited> awaited;
    for (const std::string& task : request.tasks) {
        Awaited one;
        const Result<std::string> task_id = tasks.resolve(task);
        Result<std::uint64_t> revision =
            task_id ? tasks.store().revision(*task_id) : task_id.error();
        if (revision) {
            one.task_id = *task_id;
            one.after_id = request.after_id.value_or(*revision);
        } else {
            one.task_id = task;
            one.error = std::move(revision).error();
        }
        awaited.push_back(std::move(one));
    }
    return awaited;
}

/// As many as are reported, of all that a task has.
std::vector<Event> first_after(std::uint64_t after_id, std::vector<Event> events) {
    const auto reported = [after_id](const Event& event) { return event.id > after_id; };
    events.erase(events.begin(), std::find_if(events.begin(), events.end(), reported));
    if (events.size() > most_waited_events) events.resize(most_waited_events);
    return events;
}

Result<WaitedTask> waited_task(Tasks::Implementation& tasks, Awaited one, WaitEnd whole_end) {
    if (one.error) return *std::move(one.error);
    WaitedTask waited;
    waited.task_id = one.task_id;
    waited.after_id = one.after_id;
    switch (one.progressed) {
    case Progressed::reached: waited.end = WaitEnd::reached; break;
    case Progressed::impossible: waited.end = WaitEnd::impossible; break;
    case Progressed::not_yet:
        waited.end = whole_end == WaitEnd::interrupted ? WaitEnd::interrupted : WaitEnd::timeout;
        break;
    }
    LoadedTask loaded;
    Result<TaskDetail> found = tasks.detail(one.task_id, loaded);
    if (!found) return std::move(found).error();
    waited.events = first_after(one.after_id, std::move(loaded.events));
    waited.next_after_id = waited.events.empty() ? one.after_id : waited.events.back().id;
    waited.task = *std::move(found);
    return waited;
}

/// Waits, and notes what has become of each.
class TaskWait {
public:
    TaskWait(Workspace& workspace, const std::vector<std::string>& command_options,
             const WaitRequest& request, std::vector<Awaited>& awaited)
        : workspace_(workspace),
          command_options_(command_options),
          request_(request),
          awaited_(awaited) {
        for (Awaited& one : awaited_) {
            if (!is_done(one)) left_.push_back(&one);
        }
        // The newest last, where it is looked at first: mostly it is the last to come to an end.
        std::sort(left_.begin(), left_.end(), [](const Awaited* one, const Awaited* other) {
            return one->task_id < other->task_id;
        });
    }

    Result<WaitEnd> wait() {
        const std::optional<Clock::time_point> until =
            request_.timeout ? std::optional(Clock::now() + *request_.timeout) : std::nullopt;
        while (true) {
            one_is_enough() ? look_for_one() : look_at_all();
            if (const std::optional<WaitEnd> reached = whole(awaited_, request_)) return *reached;
            if (!watch_ || (one_is_enough() && watched_ != left_.back())) {
                // What happened before it watches is seen by another look.
                if (Result<void> made = watch(); !made) return std::move(made).error();
                continue;
            }
            std::optional<Milliseconds> patience;
            if (until) patience = std::chrono::ceil<Milliseconds>(*until - Clock::now());
            if (patience && patience->count() <= 0) return give_up(WaitEnd::timeout);
            Result<TaskWatch::Woken> woken = watch_->wait(patience, request_.interrupt_descriptor);
            if (!woken) return std::move(woken).error();
            if (*woken == TaskWatch::Woken::interrupted) return give_up(WaitEnd::interrupted);
        }
    }

    /// What was watched last.
    std::unique_ptr<TaskWatch> take_watch() { return std::move(watch_); }

private:
    static bool is_done(const Awaited& one) {
        return one.error || one.progressed != Progressed::not_yet;
    }

    /// Where only the last of all to be reached can end the wait, any that is not keeps it going.
    /// To look at each of many whenever one of them changes would cost their square.
    [[nodiscard]] bool one_is_enough() const {
        const bool all_can_reach = request_.until == WaitRequest::Until::settled ||
                                   request_.until == WaitRequest::Until::terminal;
        return all_can_reach && !request_.any && !request_.on_look;
    }

    void look_for_one() {
        Observer observer(workspace_, command_options_);
        while (!left_.empty()) {
            look_at(*left_.back(), observer);
            if (!is_done(*left_.back())) return;
            left_.pop_back();
        }
    }

    void look_at_all() {
        Observer observer(workspace_, command_options_);
        std::vector<TaskRow> seen;
        for (Awaited& one : awaited_) {
            if (is_done(one)) continue;
            const std::optional<ObservedTask> observed = look_at(one, observer);
            if (observed && request_.on_look) seen.push_back(row_of(*observed));
        }
        if (request_.on_look) request_.on_look(seen);
    }

    std::optional<ObservedTask> look_at(Awaited& one, Observer& observer) const {
        Result<ObservedTask> observed = observer.observe(one.task_id);
        if (!observed) {
            one.error = std::move(observed).error();
            return std::nullopt;
        }
        one.progressed = judge(observed->task_status, request_);
        return *std::move(observed);
    }

    Result<void> watch() {
        std::vector<std::string> ids;
        if (one_is_enough()) {
            watched_ = left_.back();
            ids.push_back(watched_->task_id);
        } else {
            for (const Awaited* one : left_) ids.push_back(one->task_id);
        }
        Result<std::unique_ptr<TaskWatch>> made = watch_tasks(workspace_, ids);
        if (!made) return std::move(made).error();
        watch_ = *std::move(made);
        return {};
    }

    /// What has become of each meanwhile is told all the same.
    WaitEnd give_up(WaitEnd end) {
        look_at_all();
        return whole(awaited_, request_).value_or(end);
    }

    Workspace& workspace_;
    const std::vector<std::string>& command_options_;
    const WaitRequest& request_;
    std::vector<Awaited>& awaited_;
    /// Those that were not done when last looked at. Where one is enough, only its last is looked at.
    std::vector<Awaited*> left_;
    std::unique_ptr<TaskWatch> watch_;
    /// Whom it watches, where one is enough.
    const Awaited* watched_ = nullptr;
};

} // namespace

Result<EventsResult> Tasks::Implementation::events(const EventsRequest& request) {
    Result<std::string> task_id = resolve(request.task);
    if (!task_id) return std::move(task_id).error();
    EventsResult result;
    result.task_id = *task_id;
    Observer observer(*workspace_, command_options_);
    Result<ObservedTask> observed = observer.observe(*task_id);
    if (!observed) return std::move(observed).error();
    result.task_status = observed->task_status;
    if (request.after_id) {
        result.after_id = *request.after_id;
    } else {
        Result<std::uint64_t> revision = store().revision(*task_id);
        if (!revision) return std::move(revision).error();
        result.after_id = *revision - std::min<std::uint64_t>(*revision, request.limit);
    }
    Result<EventRecords> records = store().read_events(*task_id, result.after_id, request.limit);
    if (!records) return std::move(records).error();
    Result<std::vector<Event>> events = read_all(records->records);
    if (!events) return std::move(events).error();
    result.events = *std::move(events);
    result.has_more = records->has_more;
    result.next_after_id = result.events.empty() ? result.after_id : result.events.back().id;
    return result;
}

Result<WaitResult> Tasks::Implementation::wait(const WaitRequest& request) {
    std::vector<Awaited> awaited = find_awaited(*this, request);
    WaitResult result;
    TaskWait wait(*workspace_, command_options_, request, awaited);
    Result<WaitEnd> end = wait.wait();
    last_watch_ = wait.take_watch();
    if (!end) return std::move(end).error();
    result.end = *end;
    for (Awaited& one : awaited) {
        result.tasks.push_back(waited_task(*this, std::move(one), result.end));
    }
    return result;
}

} // namespace loong
