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
    std::vector<Awaited> awaited;
    std::vector<std::string> ids;
    for (const std::string& task : request.tasks) {
        Awaited one;
        const Result<std::string> task_id = resolve(task);
        Result<std::uint64_t> revision = task_id ? store().revision(*task_id) : task_id.error();
        if (revision) {
            one.task_id = *task_id;
            one.after_id = request.after_id.value_or(*revision);
            ids.push_back(one.task_id);
        } else {
            one.task_id = task;
            one.error = std::move(revision).error();
        }
        awaited.push_back(std::move(one));
    }
    Result<std::unique_ptr<TaskWatch>> watch = watch_tasks(*workspace_, ids);
    if (!watch) return std::move(watch).error();
    const std::optional<Clock::time_point> end =
        request.timeout ? std::optional(Clock::now() + *request.timeout) : std::nullopt;

    WaitResult result;
    while (true) {
        Observer observer(*workspace_, command_options_);
        std::vector<TaskRow> seen;
        for (Awaited& one : awaited) {
            if (one.error || one.progressed != Progressed::not_yet) continue;
            Result<ObservedTask> observed = observer.observe(one.task_id);
            if (observed) {
                one.progressed = judge(observed->task_status, request);
                if (request.on_look) seen.push_back(row_of(*observed));
            } else {
                one.error = std::move(observed).error();
            }
        }
        if (request.on_look) request.on_look(seen);
        if (const std::optional<WaitEnd> reached = whole(awaited, request)) {
            result.end = *reached;
            break;
        }
        std::optional<Milliseconds> left;
        if (end) {
            left = std::chrono::ceil<Milliseconds>(*end - Clock::now());
            if (left->count() <= 0) {
                result.end = WaitEnd::timeout;
                break;
            }
        }
        Result<TaskWatch::Woken> woken = (*watch)->wait(left, request.interrupt_descriptor);
        if (!woken) return std::move(woken).error();
        if (*woken == TaskWatch::Woken::interrupted) {
            result.end = WaitEnd::interrupted;
            break;
        }
    }

    for (Awaited& one : awaited) {
        if (one.error) {
            result.tasks.emplace_back(*std::move(one.error));
            continue;
        }
        WaitedTask waited;
        waited.task_id = one.task_id;
        waited.after_id = one.after_id;
        switch (one.progressed) {
        case Progressed::reached: waited.end = WaitEnd::reached; break;
        case Progressed::impossible: waited.end = WaitEnd::impossible; break;
        case Progressed::not_yet:
            waited.end =
                result.end == WaitEnd::interrupted ? WaitEnd::interrupted : WaitEnd::timeout;
            break;
        }
        Result<EventRecords> records =
            store().read_events(one.task_id, one.after_id, most_waited_events);
        Result<std::vector<Event>> events = records ? read_all(records->records) : records.error();
        Result<TaskDetail> found = events ? detail(one.task_id) : events.error();
        if (!found) {
            result.tasks.emplace_back(std::move(found).error());
            continue;
        }
        waited.events = *std::move(events);
        waited.next_after_id = waited.events.empty() ? one.after_id : waited.events.back().id;
        waited.task = *std::move(found);
        result.tasks.emplace_back(std::move(waited));
    }
    return result;
}

} // namespace loong
