#include "event_group.hpp"

#include "event_data.hpp"
#include "text.hpp"

#include <algorithm>
#include <limits>

namespace loong {
namespace {

EventKind end_kind(OutcomeKind kind) {
    switch (kind) {
    case OutcomeKind::completed: return EventKind::delegate_completed;
    case OutcomeKind::timed_out: return EventKind::delegate_timed_out;
    case OutcomeKind::cancelled: return EventKind::delegate_cancelled;
    case OutcomeKind::failed:
    case OutcomeKind::detached: break;
    }
    return EventKind::delegate_failed;
}

} // namespace

void EventGroup::add(EventKind kind, std::string_view session_id, Value data) {
    Event event;
    event.id = state_.summary.revision + events_.size() + 1;
    event.at = input_.now + input_.clock_skew;
    event.clock_skew = input_.clock_skew;
    event.kind = kind;
    event.kind_name = std::string(to_string(kind));
    event.session_id = kept_text(session_id, limit::key);
    event.actor_session_id = kept_text(input_.actor_session_id, limit::key);
    event.data = std::move(data);
    events_.push_back(std::move(event));
}

void EventGroup::add_carrier_lost(std::string_view found, std::string_view message) {
    Value data;
    data.set("found", kept_text(found, limit::message));
    data.set("message", kept_text(message, limit::message));
    add(EventKind::delegate_carrier_lost, state_.summary.task_session_id, std::move(data));
}

void EventGroup::add_recovery(std::string_view action, std::string_view message) {
    Value data;
    data.set("action", kept_text(action, limit::key));
    data.set("message", kept_text(message, limit::message));
    data.set("from_session_id", state_.summary.task_session_id);
    add(EventKind::delegate_recovery_applied, state_.summary.task_session_id, std::move(data));
}

void EventGroup::add_end(const Outcome& outcome, std::string_view reason) {
    const EventKind kind = end_kind(outcome.kind);
    Value data;
    data.set("outcome", outcome_value(outcome));
    if (kind == EventKind::delegate_failed) data.set("reason", reason);
    add(kind, state_.summary.task_session_id, std::move(data));
    for (const RequestFacts& request : state_.requests) {
        if (request.state != RequestState::open) continue;
        Value withdrawn;
        withdrawn.set("request_id", request.request_id);
        withdrawn.set("reason", "the session has ended");
        add(EventKind::request_withdrawn, request.session_id, std::move(withdrawn));
    }
}

void EventGroup::add_next_session(std::string_view reason, std::optional<Time> not_before,
                                  bool rerun_started_steps) {
    Value data;
    data.set("attempt", static_cast<int>(state_.sessions.size()) + 1);
    data.set("reason", reason);
    if (not_before) data.set("not_before", format_time(*not_before));
    if (rerun_started_steps) data.set("rerun_started_steps", true);
    add(EventKind::delegate_queued, input_.new_session_id, std::move(data));
}

void EventGroup::add_retry(bool automatic, std::optional<Time> not_before) {
    Value data;
    data.set("attempt", static_cast<int>(state_.sessions.size()) + 1);
    data.set("not_before", format_time(not_before.value_or(input_.now)));
    data.set("automatic", automatic);
    add(EventKind::delegate_retry_scheduled, input_.new_session_id, std::move(data));
    add_next_session("retry", not_before);
}

Error refuse(const TaskState& state, ErrorCode code, std::string_view why, std::string hint) {
    return {code, "task " + state.summary.task_id + ": " + std::string(why), std::move(hint)};
}

std::string hint_command(const TaskState& state, std::string_view verb) {
    return "`loong tasks " + std::string(verb) + ' ' + state.summary.task_id + '`';
}

std::string_view state_sentence(const TaskState& state) {
    if (state.sessions.empty()) return "it does not exist yet";
    switch (state.summary.session_state) {
    case SessionState::ready: return "it has not started yet";
    case SessionState::running: return "it is running";
    case SessionState::completed: return "it is completed";
    case SessionState::failed: return "it has failed";
    case SessionState::timed_out: return "it has timed out";
    case SessionState::cancelled: return "it is cancelled";
    }
    return "its state is not known";
}

Time add_saturating(Time time, Microseconds by) {
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    const bool overflows = by.count() > 0 && time.time_since_epoch().count() > last - by.count();
    return overflows ? Time::max() : time + by;
}

Microseconds doubling_back_off(int earlier) {
    constexpr Seconds longest = std::chrono::minutes(5);
    constexpr int most_doublings = 9;
    return std::min(longest, Seconds(1) * (1 << std::clamp(earlier, 0, most_doublings)));
}

std::optional<Error> check_carries(const TaskState& state, std::string_view session_id) {
    if (state.summary.task_session_id != session_id) {
        return refuse(state, ErrorCode::conflict,
                      "session " + std::string(session_id) +
                          " does not carry it any more; now it is " + state.summary.task_session_id,
                      hint_command(state, "status") + " tells how it stands");
    }
    if (state.sessions.empty() || state.summary.session_state != SessionState::running) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) +
                          ", and only a running session may do this",
                      hint_command(state, "status") + " tells how it stands");
    }
    return std::nullopt;
}

} // namespace loong
