#pragma once
/// Tasks made by hand, with everything filled in that is shown.

#include "loong/tasks.hpp"

namespace loong::cli {

inline Time sample_time(int seconds) {
    return Time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 2)) + Seconds(seconds);
}

inline TaskRow sample_row(const std::string& id_end, Status status, const std::string& label) {
    TaskRow row;
    row.task_id = "task-01jgf8zrw0000000000" + std::string(9 - id_end.size(), '0') + id_end;
    row.summary.task_id = row.task_id;
    row.summary.label = label;
    row.summary.runtime = "local";
    row.summary.created_at = sample_time(0);
    row.summary.updated_at = sample_time(5);
    row.summary.scope_session_id = "default";
    row.summary.owner_session_id = "default";
    row.summary.task_session_id = "session-01jgf8zrw00000000000000001";
    row.task_status.status = status;
    row.task_status.display = std::string(to_string(status));
    return row;
}

inline TaskDetail sample_failed_task() {
    TaskDetail detail;
    detail.row = sample_row("abcdef", Status::failed, "build\x1b[2J");
    TaskStatus& status = detail.row.task_status;
    status.reason = "the work ended with exit code 3";
    status.terminal = true;
    status.needs_attention = true;
    status.next_action = NextAction::recover;
    status.next_command = "loong tasks recover " + detail.row.task_id + " --retry";
    status.next_commands = {status.next_command, "loong tasks events " + detail.row.task_id};
    status.signals = {Signal::terminal};
    detail.row.summary.session_state = SessionState::failed;
    detail.work.text = "make -j4\nmake test";
    detail.working_directory = "/srv";
    detail.phase = "ended";
    detail.timeout = Seconds(600);
    detail.grace = Seconds(10);
    detail.session.session_id = detail.row.summary.task_session_id;
    detail.session.state = SessionState::failed;
    detail.session.queued_at = sample_time(0);
    detail.session.started_at = sample_time(1);
    detail.session.ended_at = sample_time(4);
    detail.session.pid = 42;
    detail.session.host = "box";
    detail.lineage = {detail.session};
    TerminalOutcome terminal;
    terminal.outcome.kind = OutcomeKind::failed;
    terminal.outcome.exit_code = 3;
    terminal.outcome.started_at = sample_time(1);
    terminal.outcome.ended_at = sample_time(4);
    terminal.recorded_at = sample_time(5);
    detail.terminal_outcome = terminal;
    Event event;
    event.id = 3;
    event.at = sample_time(4);
    event.kind = EventKind::delegate_failed;
    event.session_id = detail.session.session_id;
    Value outcome;
    outcome.set("exit_code", 3);
    event.data.set("outcome", outcome);
    detail.recent_events = {event};
    detail.paths.directory = "/state/tasks/x";
    return detail;
}

} // namespace loong::cli
