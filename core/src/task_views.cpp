#include "task_views.hpp"

#include "task_clock.hpp"

#include <algorithm>

namespace loong {

namespace {

constexpr std::size_t recent_event_count = 5;

std::string phase_of(const ObservedTask& observed) {
    const Facts& facts = observed.facts;
    if (is_terminal(facts.session_state)) return "ended";
    if (facts.session_state == SessionState::ready) {
        if (facts.held) return "held";
        if (facts.dependencies != DependencyState::met) return "waiting_for_dependency";
        return facts.retry_not_due ? "waiting_for_retry" : "queued";
    }
    if (facts.cancel_requested) return "ending";
    return facts.approval_open || facts.input_open ? "waiting_for_operator" : "working";
}

SessionView session_view(const SessionFacts& facts) {
    SessionView view;
    view.session_id = facts.session_id;
    view.attempt = facts.attempt;
    view.state = facts.state;
    view.host = facts.host;
    view.pid = facts.pid;
    view.queued_at = facts.queued_at;
    view.started_at = facts.started_at;
    view.ended_at = facts.ended_at;
    view.cancel_acknowledged_at = facts.cancel_acknowledged_at;
    view.outcome = facts.outcome;
    // Only the current session of a running task can have a carrier.
    view.lease = Held::free;
    return view;
}

void set_sessions(TaskDetail& detail, const TaskState& state, const ObservedTask& observed) {
    for (const SessionFacts& session : state.sessions) {
        detail.lineage.push_back(session_view(session));
    }
    if (detail.lineage.empty()) return;
    SessionView& current = detail.lineage.back();
    current.cancel_requested_at = on_wall_clock(state.summary.cancel_requested_at);
    if (state.summary.session_state == SessionState::running) {
        current.lease = observed.facts.carrier_lease;
    }
    detail.session = current;
}

void set_outcome(TaskDetail& detail, const TaskState& state) {
    const SessionFacts* session = current_session(state);
    if (session == nullptr || !is_terminal(session->state) || !session->outcome) return;
    detail.terminal_outcome =
        TerminalOutcome{*session->outcome, session->ended_at.value_or(state.summary.updated_at),
                        !state.outcome_by_recovery};
}

} // namespace

RequestView request_view(const RequestFacts& facts) {
    RequestView view;
    view.request_id = facts.request_id;
    view.kind = facts.kind;
    view.state = facts.state;
    view.session_id = facts.session_id;
    view.tool = facts.tool;
    view.rule = facts.rule;
    view.question = facts.question;
    view.detail = facts.detail;
    view.options = facts.options;
    view.since = facts.since;
    view.expires_at = on_wall_clock(facts.expires_at);
    view.resolved_at = facts.resolved_at;
    view.resolved_by = facts.resolved_by;
    view.option_id = facts.option_id;
    view.answer = facts.text;
    view.always = facts.always;
    view.because_of = facts.because_of;
    return view;
}

NotificationView notification_view(const NotificationFacts& facts) {
    NotificationView view;
    view.on = facts.on;
    view.status = facts.status;
    view.event_id = facts.event_id;
    view.state = facts.state;
    view.since = facts.since;
    view.attempts = facts.attempts;
    view.delivered_at = facts.delivered_at;
    if (facts.state == DeliveryState::owed) view.next_attempt_at = on_wall_clock(facts.next_at);
    view.last_error = facts.last_error;
    return view;
}

TaskRow row_of(const ObservedTask& observed) {
    TaskRow row;
    row.task_id = observed.listed.task_id;
    row.task_status = observed.task_status;
    if (observed.listed.summary) {
        row.summary = *observed.listed.summary;
    } else {
        row.unreadable = observed.listed.summary.error();
        row.summary.task_id = observed.listed.task_id;
    }
    return row;
}

TaskDetail detail_of(const LoadedTask& task, const ObservedTask& observed, const TaskPaths& paths) {
    TaskDetail detail;
    detail.row = row_of(observed);
    const TaskDocument& document = task.document;
    detail.work = document.work;
    detail.working_directory = document.working_directory;
    detail.phase = phase_of(observed);
    detail.timeout = document.limits.timeout;
    detail.start_within = document.start_within;
    detail.grace = document.limits.grace;
    detail.retry_limit = document.retry_limit;
    detail.dependencies = document.dependencies;
    detail.deadline_at = on_wall_clock(task.state.summary.deadline_at);
    detail.last_error = task.state.last_error;
    for (const RequestFacts& request : task.state.requests) {
        detail.requests.push_back(request_view(request));
    }
    for (const NotificationFacts& facts : task.state.notifications) {
        detail.notifications.push_back(notification_view(facts));
    }
    detail.tool_policy = document.tool_policy;
    detail.withheld_environment = document.withheld_names;
    set_sessions(detail, task.state, observed);
    set_outcome(detail, task.state);
    if (task.state.recovery) {
        const RecoveryFacts& recovery = *task.state.recovery;
        detail.recovery =
            RecoveryView{recovery.action, recovery.message, recovery.at, recovery.from_session_id};
    }
    const std::size_t skipped =
        task.events.size() - std::min(task.events.size(), recent_event_count);
    detail.recent_events.assign(task.events.begin() + static_cast<std::ptrdiff_t>(skipped),
                                task.events.end());
    detail.paths = paths;
    return detail;
}

} // namespace loong
