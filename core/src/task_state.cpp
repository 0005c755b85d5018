#include "task_state.hpp"

#include "event_data.hpp"
#include "notification_events.hpp"
#include "request_events.hpp"
#include "session_events.hpp"
#include "words.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace loong {
namespace {

void progress(TaskState& state, const Event& event) {
    if (current_session_in(state, event, SessionState::running) == nullptr) return;
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
    SessionFacts* session = current_session_in(state, event, SessionState::running);
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
    const bool is_done = next == StepRecord::State::completed || record->continued;
    state.summary.progress.done = is_done ? index + 1 : index;
    state.summary.progress.total = total;
    state.summary.progress.at = event.at;
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
        state.released_at = clock_time(event);
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
    const SessionFacts* session = current_session(state);
    if (session == nullptr || session->state != SessionState::running) return;
    if (!state.timeout || is_request_open(state) || state.awaits_slot) return;
    summary.deadline_at = later_by(summary.state_since, *state.timeout + state.paused);
}

void set_overdue(TaskState& state) {
    TaskSummary& summary = state.summary;
    summary.overdue_at.reset();
    const SessionFacts* session = current_session(state);
    if (session == nullptr || is_terminal(session->state)) return;
    if (session->state == SessionState::ready) {
        if (!state.start_within || summary.held) return;
        Time from = summary.state_since;
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
    state.notify_terminal = document.notify_terminal;
    summary.notify_attention = document.notify_attention;
    return state;
}

TaskState evolve(TaskState state, const Event& event) {
    state.summary.revision = event.id;
    state.summary.updated_at = event.at;
    const StandingBefore before = standing_of(state);
    fold_session_event(state, event);
    fold_request_event(state, event);
    fold_task_event(state, event);
    set_deadline(state);
    set_overdue(state);
    set_attention(state);
    fold_notification_event(state, event, before);
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

bool has_ended(const TaskState& state) {
    return !state.sessions.empty() && is_terminal(state.summary.session_state);
}

int retries_left(const TaskState& state) {
    const auto used =
        std::count_if(state.sessions.begin(), state.sessions.end(),
                      [](const SessionFacts& session) { return session.reason == "retry"; });
    return std::max(0, state.summary.retry_limit - static_cast<int>(used));
}

} // namespace loong
