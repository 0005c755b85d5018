#include "session_events.hpp"

#include "event_data.hpp"
#include "request_events.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace loong {
namespace {

SessionFacts* current(TaskState& state) {
    return state.sessions.empty() ? nullptr : &state.sessions.back();
}

void enter(TaskState& state, SessionFacts& session, SessionState next, Time at) {
    session.state = next;
    state.summary.session_state = next;
    state.summary.state_since = at;
}

void queue(TaskState& state, const Event& event) {
    const SessionFacts* last = current(state);
    const bool is_known =
        std::any_of(state.sessions.begin(), state.sessions.end(), [&](const SessionFacts& session) {
            return session.session_id == event.session_id;
        });
    if (event.session_id.empty() || is_known) return;
    if (last != nullptr && !is_terminal(last->state)) return;
    SessionFacts session;
    session.session_id = event.session_id;
    const int next_attempt = static_cast<int>(state.sessions.size()) + 1;
    session.attempt = optional_integer(event.data, "attempt").value_or(next_attempt);
    session.queued_at = event.at;
    session.reason = event.data.string_or("reason", "created");
    session.rerun_started_steps = event.data.bool_or("rerun_started_steps", false);
    TaskSummary& summary = state.summary;
    summary.task_session_id = session.session_id;
    summary.attempt = session.attempt;
    summary.not_before = optional_time(event.data, "not_before");
    summary.cancel_requested_at.reset();
    summary.exit_code.reset();
    summary.signal.reset();
    summary.message.clear();
    summary.progress = Progress{};
    summary.retry_possible = true;
    // A new session brings an archived task back: otherwise nobody would see it work.
    summary.archived = false;
    state.outcome_by_recovery = false;
    state.released_at.reset();
    state.paused = Microseconds(0);
    state.paused_since.reset();
    state.awaits_slot = false;
    state.force_cancel = false;
    state.cancel_acknowledged = false;
    state.sessions.push_back(std::move(session));
    enter(state, state.sessions.back(), SessionState::ready, clock_time(event));
}

void start(TaskState& state, const Event& event) {
    const bool adopted = event.data.bool_or("adopted", false);
    SessionFacts* session =
        current_session_in(state, event, adopted ? SessionState::running : SessionState::ready);
    if (session == nullptr) return;
    session->lease_token = static_cast<std::uint64_t>(event.data.integer_or("lease_token", 0));
    if (const Value* worker = event.data.find("worker")) {
        session->host = worker->string_or("host", "");
        session->pid = worker->integer_or("pid", 0);
    }
    // Without its worker the work has gone on.
    if (adopted) return set_slot_awaited(state, event, false);
    session->started_at = event.at;
    session->handle = event.handle;
    state.summary.held = false;
    state.summary.not_before.reset();
    enter(state, *session, SessionState::running, clock_time(event));
}

/// Whether the last recovery was about this session's end and not about a worker for it.
bool is_ended_by_recovery(const TaskState& state, const SessionFacts& session) {
    return state.recovery && state.recovery->from_session_id == session.session_id &&
           state.recovery->action != "adopted";
}

void end(TaskState& state, const Event& event, SessionState next, Outcome outcome) {
    SessionFacts* session = current(state);
    if (session == nullptr || session->session_id != event.session_id) return;
    if (is_terminal(session->state)) return;
    const bool needs_running = next == SessionState::completed || next == SessionState::timed_out;
    if (session->state == SessionState::ready && needs_running) return;
    TaskSummary& summary = state.summary;
    summary.exit_code = outcome.exit_code;
    summary.signal = outcome.signal;
    summary.message = shorten(outcome.message, limit::line);
    summary.held = false;
    summary.not_before.reset();
    if (next == SessionState::failed || next == SessionState::timed_out) {
        state.last_error = outcome.message;
    }
    state.outcome_by_recovery = is_ended_by_recovery(state, *session);
    session->ended_at = event.at;
    session->outcome = std::move(outcome);
    enter(state, *session, next, clock_time(event));
    withdraw_requests(state, event);
}

void end_with_outcome(TaskState& state, const Event& event, SessionState next, OutcomeKind kind) {
    const Value* data = event.data.find("outcome");
    Outcome outcome = data == nullptr ? Outcome{} : outcome_of(*data);
    outcome.kind = kind;
    end(state, event, next, std::move(outcome));
}

void fail_to_spawn(TaskState& state, const Event& event) {
    if (current_session_in(state, event, SessionState::ready) == nullptr) return;
    Outcome outcome;
    outcome.message = event.data.string_or("message", "");
    end(state, event, SessionState::failed, std::move(outcome));
    const bool can_never = event.data.string_or("code", "") == to_string(ErrorCode::unsupported);
    state.summary.retry_possible = !can_never;
}

void request_cancel(TaskState& state, const Event& event) {
    if (current_session_in(state, event, SessionState::running) == nullptr) return;
    if (!state.summary.cancel_requested_at) {
        state.summary.cancel_requested_at = clock_time(event);
    }
    state.force_cancel = state.force_cancel || event.data.bool_or("force", false);
}

void acknowledge_cancel(TaskState& state, const Event& event) {
    SessionFacts* session = current_session_in(state, event, SessionState::running);
    if (session == nullptr || !state.summary.cancel_requested_at) return;
    if (!session->cancel_acknowledged_at) session->cancel_acknowledged_at = event.at;
    state.cancel_acknowledged = true;
}

void recover(TaskState& state, const Event& event) {
    state.summary.recovered = true;
    state.recovery =
        RecoveryFacts{event.data.string_or("action", ""), event.data.string_or("message", ""),
                      event.at, event.data.string_or("from_session_id", "")};
}

} // namespace

SessionFacts* current_session_in(TaskState& state, const Event& event, SessionState wanted) {
    SessionFacts* session = current(state);
    const bool fits =
        session != nullptr && session->session_id == event.session_id && session->state == wanted;
    return fits ? session : nullptr;
}

void fold_session_event(TaskState& state, const Event& event) {
    switch (event.kind) {
    case EventKind::delegate_queued: return queue(state, event);
    case EventKind::delegate_started: return start(state, event);
    case EventKind::delegate_completed:
        return end_with_outcome(state, event, SessionState::completed, OutcomeKind::completed);
    case EventKind::delegate_failed:
        return end_with_outcome(state, event, SessionState::failed, OutcomeKind::failed);
    case EventKind::delegate_timed_out:
        return end_with_outcome(state, event, SessionState::timed_out, OutcomeKind::timed_out);
    case EventKind::delegate_cancelled:
        return end_with_outcome(state, event, SessionState::cancelled, OutcomeKind::cancelled);
    case EventKind::delegate_spawn_failed: return fail_to_spawn(state, event);
    case EventKind::delegate_cancel_requested: return request_cancel(state, event);
    case EventKind::delegate_cancel_acknowledged: return acknowledge_cancel(state, event);
    case EventKind::delegate_slot_awaited:
    case EventKind::delegate_slot_taken:
        if (current_session_in(state, event, SessionState::running) == nullptr) return;
        return set_slot_awaited(state, event, event.kind == EventKind::delegate_slot_awaited);
    case EventKind::delegate_carrier_lost:
        // Work that is alive is taken over, and nothing was lost but its worker.
        if (event.data.string_or("found", "") != "alive") {
            state.last_error = event.data.string_or("message", state.last_error);
        }
        return;
    case EventKind::delegate_recovery_applied: return recover(state, event);
    default: return;
    }
}

} // namespace loong
