#include "task_state.hpp"

#include "event_data.hpp"
#include "request_events.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace loong {
namespace {

SessionFacts* current(TaskState& state) {
    return state.sessions.empty() ? nullptr : &state.sessions.back();
}

/// The current session where it is in that state and the event is about it, else null.
SessionFacts* current_in(TaskState& state, const Event& event, SessionState wanted) {
    SessionFacts* session = current(state);
    const bool fits =
        session != nullptr && session->session_id == event.session_id && session->state == wanted;
    return fits ? session : nullptr;
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
    state.force_cancel = false;
    state.cancel_acknowledged = false;
    state.sessions.push_back(std::move(session));
    enter(state, state.sessions.back(), SessionState::ready, event.at);
}

void start(TaskState& state, const Event& event) {
    const bool adopted = event.data.bool_or("adopted", false);
    SessionFacts* session =
        current_in(state, event, adopted ? SessionState::running : SessionState::ready);
    if (session == nullptr) return;
    session->lease_token = static_cast<std::uint64_t>(event.data.integer_or("lease_token", 0));
    if (const Value* worker = event.data.find("worker")) {
        session->host = worker->string_or("host", "");
        session->pid = worker->integer_or("pid", 0);
    }
    if (adopted) return;
    session->started_at = event.at;
    state.summary.held = false;
    state.summary.not_before.reset();
    enter(state, *session, SessionState::running, event.at);
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
    enter(state, *session, next, event.at);
    withdraw_requests(state, event.at);
}

void end_with_outcome(TaskState& state, const Event& event, SessionState next, OutcomeKind kind) {
    const Value* data = event.data.find("outcome");
    Outcome outcome = data == nullptr ? Outcome{} : outcome_of(*data);
    outcome.kind = kind;
    end(state, event, next, std::move(outcome));
}

void fail_to_spawn(TaskState& state, const Event& event) {
    if (current_in(state, event, SessionState::ready) == nullptr) return;
    Outcome outcome;
    outcome.message = event.data.string_or("message", "");
    end(state, event, SessionState::failed, std::move(outcome));
    const bool can_never = event.data.string_or("code", "") == to_string(ErrorCode::unsupported);
    state.summary.retry_possible = !can_never;
}

void request_cancel(TaskState& state, const Event& event) {
    if (current_in(state, event, SessionState::running) == nullptr) return;
    if (!state.summary.cancel_requested_at) state.summary.cancel_requested_at = event.at;
    state.force_cancel = state.force_cancel || event.data.bool_or("force", false);
}

void acknowledge_cancel(TaskState& state, const Event& event) {
    SessionFacts* session = current_in(state, event, SessionState::running);
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

void progress(TaskState& state, const Event& event) {
    if (current_in(state, event, SessionState::running) == nullptr) return;
    Progress reported;
    const std::string word = event.data.string_or("state", "none");
    reported.state = enumeration_of(word, ProgressState::verifying).value_or(ProgressState::none);
    if (const auto percent = optional_integer(event.data, "percent")) {
        reported.percent = std::clamp(*percent, 0, 100);
    }
    if (event.data.find("done") != nullptr) reported.done = event.data.integer_or("done", 0);
    if (event.data.find("total") != nullptr) reported.total = event.data.integer_or("total", 0);
    reported.note = event.data.string_or("note", "");
    reported.at = event.at;
    state.summary.progress = std::move(reported);
}

/// A step's end closes the newest record of that step that is open; one that is not there is added.
void step(TaskState& state, const Event& event, StepRecord::State next) {
    SessionFacts* session = current_in(state, event, SessionState::running);
    const std::string name = event.data.string_or("step", "");
    if (session == nullptr || name.empty()) return;
    const auto is_open = [&](const StepRecord& record) {
        return record.step == name && record.state == StepRecord::State::started;
    };
    auto record = std::find_if(session->steps.rbegin(), session->steps.rend(), is_open);
    if (next == StepRecord::State::started || record == session->steps.rend()) {
        session->steps.push_back({name, session->session_id, next, false});
        record = session->steps.rbegin();
    }
    record->state = next;
    record->continued = event.data.bool_or("continued", false);
    const std::int64_t total = event.data.integer_or("total", 0);
    const std::int64_t index = event.data.integer_or("index", -1);
    if (total <= 0 || index < 0) return;
    state.summary.progress.done = next == StepRecord::State::started ? index : index + 1;
    state.summary.progress.total = total;
    state.summary.progress.at = event.at;
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
    case EventKind::delegate_carrier_lost:
        state.last_error = event.data.string_or("message", state.last_error);
        return;
    case EventKind::delegate_recovery_applied: return recover(state, event);
    default: return;
    }
}

void fold_task_event(TaskState& state, const Event& event) {
    TaskSummary& summary = state.summary;
    switch (event.kind) {
    case EventKind::task_progress: return progress(state, event);
    case EventKind::step_started: return step(state, event, StepRecord::State::started);
    case EventKind::step_completed: return step(state, event, StepRecord::State::completed);
    case EventKind::step_failed: return step(state, event, StepRecord::State::failed);
    case EventKind::task_held:
        if (summary.session_state == SessionState::ready) summary.held = true;
        return;
    case EventKind::task_released:
        if (!summary.held) return;
        summary.held = false;
        state.released_at = event.at;
        return;
    case EventKind::task_archived:
        if (!state.sessions.empty() && is_terminal(summary.session_state)) summary.archived = true;
        return;
    default: return;
    }
}

bool is_request_open(const TaskState& state) {
    return state.summary.open_approvals + state.summary.open_inputs > 0;
}

/// A point in time moved, without ever running over its range.
std::optional<Time> later_by(Time time, Microseconds by) {
    constexpr auto last = std::numeric_limits<std::int64_t>::max();
    if (by.count() > 0 && time.time_since_epoch().count() > last - by.count()) return std::nullopt;
    return time + by;
}

void set_deadline(TaskState& state) {
    TaskSummary& summary = state.summary;
    summary.deadline_at.reset();
    const SessionFacts* session = current(state);
    if (session == nullptr || session->state != SessionState::running) return;
    if (!state.timeout || !session->started_at || is_request_open(state)) return;
    summary.deadline_at = later_by(*session->started_at, *state.timeout + state.paused);
}

void set_overdue(TaskState& state) {
    TaskSummary& summary = state.summary;
    summary.overdue_at.reset();
    const SessionFacts* session = current(state);
    if (session == nullptr || is_terminal(session->state)) return;
    if (session->state == SessionState::ready) {
        if (!state.start_within || summary.held) return;
        Time from = session->queued_at;
        if (state.released_at) from = std::max(from, *state.released_at);
        if (summary.not_before) from = std::max(from, *summary.not_before);
        summary.overdue_at = later_by(from, *state.start_within);
        return;
    }
    const Microseconds allowed = state.grace + ending_allowance;
    if (summary.deadline_at) summary.overdue_at = later_by(*summary.deadline_at, allowed);
    if (!summary.cancel_requested_at) return;
    const std::optional<Time> cancel_overdue = later_by(*summary.cancel_requested_at, allowed);
    if (!summary.overdue_at || (cancel_overdue && *cancel_overdue < *summary.overdue_at)) {
        summary.overdue_at = cancel_overdue;
    }
}

void set_attention(TaskState& state) {
    TaskSummary& summary = state.summary;
    const bool ended_badly = summary.session_state == SessionState::failed ||
                             summary.session_state == SessionState::timed_out;
    const bool is_blocked =
        is_request_open(state) || summary.progress.state == ProgressState::blocked;
    const bool is_running = summary.session_state == SessionState::running;
    summary.attention = !summary.archived &&
                        (ended_badly || (is_running && is_blocked && !summary.cancel_requested_at));
}

} // namespace

TaskState initial_state(const TaskDocument& document) {
    TaskState state;
    TaskSummary& summary = state.summary;
    summary.task_id = document.task_id;
    summary.label = document.label;
    summary.runtime = document.runtime;
    summary.owner_session_id = document.owner_session_id;
    summary.scope_session_id = document.scope_session_id;
    summary.visible_to = document.visible_to;
    summary.state_since = document.created_at;
    summary.created_at = document.created_at;
    summary.updated_at = document.created_at;
    summary.tool_narrowing_active = document.tool_policy.narrowed;
    summary.retry_limit = document.retry_limit;
    summary.priority = document.priority;
    summary.dependencies = document.dependencies;
    if (document.limits.timeout) {
        summary.timeout_seconds = static_cast<double>(document.limits.timeout->count());
    }
    summary.dedupe_key = document.dedupe_key;
    summary.depth = document.depth;
    state.timeout = document.limits.timeout;
    state.start_within = document.start_within;
    state.grace = document.limits.grace;
    state.has_secrets = !document.secret_names.empty();
    return state;
}

TaskState evolve(TaskState state, const Event& event) {
    state.summary.revision = event.id;
    state.summary.updated_at = event.at;
    fold_session_event(state, event);
    fold_request_event(state, event);
    fold_task_event(state, event);
    set_deadline(state);
    set_overdue(state);
    set_attention(state);
    return state;
}

const RequestFacts* find_request(const TaskState& state, std::string_view request_id) {
    for (const RequestFacts& request : state.requests) {
        if (request.request_id == request_id) return &request;
    }
    return nullptr;
}

const RequestFacts* find_request_by_key(const TaskState& state, std::string_view key) {
    for (auto request = state.requests.rbegin(); request != state.requests.rend(); ++request) {
        if (request->key == key && request->state != RequestState::withdrawn) return &*request;
    }
    return nullptr;
}

std::vector<StepRecord> earlier_steps(const TaskState& state) {
    // Back to the session that started from the beginning.
    std::size_t first = state.sessions.size();
    while (first > 0 && state.sessions[first - 1].reason == "resumed") --first;
    std::vector<StepRecord> steps;
    if (first == state.sessions.size()) return steps;
    for (std::size_t at = first == 0 ? 0 : first - 1; at + 1 < state.sessions.size(); ++at) {
        const std::vector<StepRecord>& those = state.sessions[at].steps;
        steps.insert(steps.end(), those.begin(), those.end());
    }
    return steps;
}

int retries_left(const TaskState& state) {
    const auto used =
        std::count_if(state.sessions.begin(), state.sessions.end(),
                      [](const SessionFacts& session) { return session.reason == "retry"; });
    return std::max(0, state.summary.retry_limit - static_cast<int>(used));
}

} // namespace loong
