#include "session_rows.hpp"

#include <algorithm>
#include <utility>

namespace loong {

bool has_earlier_sessions(const TaskSummary& summary) {
    // A resumed session is the same attempt, and its task was recovered.
    return summary.attempt > 1 || summary.recovered;
}

SessionRow current_row(const ObservedTask& observed) {
    const TaskSummary& summary = *observed.listed.summary;
    SessionRow row;
    row.session_id = summary.task_session_id;
    row.parent_session_id = summary.owner_session_id;
    row.scope_session_id = summary.scope_session_id;
    row.task_id = observed.listed.task_id;
    row.label = summary.label;
    row.attempt = summary.attempt;
    row.is_current = true;
    row.state = summary.session_state;
    row.created_at = summary.created_at;
    row.state_since = summary.state_since;
    if (summary.session_state == SessionState::running) row.lease = observed.facts.carrier_lease;
    if (observed.lease && observed.lease->holder) {
        row.host = observed.lease->holder->host;
        row.pid = observed.lease->holder->pid;
    }
    return row;
}

std::vector<SessionRow> all_rows(const LoadedTask& task, const ObservedTask& observed) {
    std::vector<SessionRow> rows;
    for (const SessionFacts& session : task.state.sessions) {
        SessionRow row;
        row.session_id = session.session_id;
        row.parent_session_id = task.document.owner_session_id;
        row.scope_session_id = task.document.scope_session_id;
        row.task_id = task.document.task_id;
        row.label = task.document.label;
        row.attempt = session.attempt;
        row.state = session.state;
        row.host = session.host;
        row.pid = session.pid;
        row.created_at = session.queued_at;
        row.state_since = session.ended_at
                              ? session.ended_at
                              : std::max(session.started_at, std::optional(session.queued_at));
        row.is_current = &session == &task.state.sessions.back();
        const bool runs = row.is_current && session.state == SessionState::running;
        if (runs) row.lease = observed.facts.carrier_lease;
        rows.push_back(std::move(row));
    }
    return rows;
}

SessionRow root_row(const std::string& session_id) {
    SessionRow row;
    row.session_id = session_id;
    row.kind = SessionKind::root;
    row.scope_session_id = session_id;
    return row;
}

SessionRow unreadable_row(const std::string& task_id, const Error& error) {
    SessionRow row;
    row.task_id = task_id;
    row.is_current = true;
    row.unreadable = error;
    return row;
}

} // namespace loong
