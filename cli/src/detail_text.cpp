#include "detail_text.hpp"

#include "event_sentence.hpp"
#include "event_text.hpp"
#include "list_text.hpp"
#include "loong/tool_policy.hpp"
#include "progress_bar.hpp"
#include "report_text.hpp"
#include "request_text.hpp"
#include "status_style.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

constexpr std::size_t longest_text = 400;

std::string work_text(const TaskDetail& detail) {
    const Work& work = detail.work;
    if (work.kind == WorkKind::plan) {
        return "plan " + escape_controls(work.source.empty() ? "(no file)" : work.source);
    }
    if (work.kind == WorkKind::text) return escape_controls(shorten(work.text, longest_text));
    std::string command;
    for (const std::string& argument : work.arguments) {
        if (!command.empty()) command += ' ';
        command += shell_quote(argument);
    }
    return escape_controls(shorten(command, longest_text));
}

std::string limits_text(const TaskDetail& detail) {
    std::string text;
    const auto add = [&text](const std::string& part) {
        text += (text.empty() ? "" : ", ") + part;
    };
    if (detail.timeout) add("timeout " + format_duration(*detail.timeout));
    if (detail.start_within) add("start within " + format_duration(*detail.start_within));
    if (detail.retry_limit > 0) add("retries " + std::to_string(detail.retry_limit));
    if (!text.empty()) add("grace " + format_duration(detail.grace));
    return text;
}

std::string dependencies_text(const TaskDetail& detail) {
    std::string text;
    for (const Dependency& dependency : detail.dependencies) {
        text += (text.empty() ? "" : ", ") + dependency.task_id +
                (dependency.any_end ? " (any end)" : "");
    }
    return text;
}

std::string carrier_text(const SessionView& session) {
    std::string text = session.session_id + ", " + std::string(to_string(session.state));
    if (session.attempt > 1) text += ", attempt " + std::to_string(session.attempt);
    if (session.pid != 0) {
        text += ", worker " + std::to_string(session.pid);
        if (!session.host.empty()) text += " on " + escape_controls(session.host);
    }
    return text;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : ", ") + escape_controls(word);
    }
    return text;
}

void add_narrowing(ReportText& report, const ToolPolicy& policy) {
    if (!policy.narrowed) return;
    std::string rules;
    for (const ToolRule& rule : policy.rules) {
        if (rule.decision == ToolDecision::allow && rule.prefix.empty()) continue;
        rules += (rules.empty() ? "" : ", ") + escape_controls(to_text(rule));
    }
    const std::vector<std::string> none;
    const std::string writes = joined(policy.write_directories.value_or(none));
    report.field("narrowed", "by " + joined(policy.enforced_by));
    report.paragraph("may write",
                     (writes.empty() ? "" : writes + ", ") + "a private temporary directory");
    report.paragraph("may read", policy.read_directories
                                     ? joined(*policy.read_directories) +
                                           ", what it may write, and "
                                           "the system's own"
                                     : "everything but loong's state and most devices");
    report.field("network", policy.network ? "yes" : "no");
    report.paragraph("rules", rules);
}

/// The one that the reason tells of already is left out.
void add_requests(ReportText& report, const TaskDetail& detail, Time now) {
    std::vector<const RequestView*> open;
    for (const RequestView& request : detail.requests) {
        if (request.state == RequestState::open) open.push_back(&request);
    }
    if (open.size() == 1 && !open.front()->expires_at) return;
    for (const RequestView* request : open) {
        const char* kind = request->kind == RequestKind::approval ? "approval" : "input";
        report.paragraph(kind, request_line(*request, now));
    }
}

/// What the reason does not say of the end.
void add_outcome(ReportText& report, const TaskDetail& detail) {
    if (!detail.terminal_outcome) {
        report.paragraph("error", escape_controls(detail.last_error));
        return;
    }
    const Outcome& outcome = detail.terminal_outcome->outcome;
    if (outcome.started_at && outcome.ended_at) {
        const bool by_carrier = detail.terminal_outcome->recorded_by_carrier;
        report.field("took", format_duration(*outcome.ended_at - *outcome.started_at) +
                                 (by_carrier ? "" : " (recorded by a recovery)"));
    }
    report.paragraph("result", escape_controls(shorten(outcome.result, longest_text)));
}

void add_progress(ReportText& report, const TaskSummary& summary, const Terminal& terminal) {
    constexpr std::size_t bar_columns = 20;
    Progress words = summary.progress;
    const bool is_over = is_terminal(summary.session_state);
    const std::string bar = is_over ? "" : progress_bar(words, terminal, bar_columns);
    if (!bar.empty()) words.percent.reset();
    const std::string told = progress_text(words);
    report.field("progress", bar + (bar.empty() || told.empty() ? "" : "  ") + told);
}

void add_sessions(ReportText& report, const TaskDetail& detail) {
    report.field("carrier", carrier_text(detail.session));
    for (const SessionView& session : detail.lineage) {
        if (session.session_id == detail.session.session_id) continue;
        std::string text = carrier_text(session);
        if (session.outcome) text += ": " + outcome_text(*session.outcome);
        report.paragraph("earlier", text);
    }
}

std::string times_text(const TaskDetail& detail, Time now) {
    std::string text;
    const auto add = [&](const char* what, const std::optional<Time>& time) {
        if (time)
            text +=
                (text.empty() ? "" : ", ") + std::string(what) + " " + relative_text(*time, now);
    };
    add("created", detail.row.summary.created_at);
    add("started", detail.session.started_at);
    add("ended", detail.session.ended_at);
    if (!detail.row.task_status.terminal) add("must end", detail.deadline_at);
    return text;
}

void add_events(ReportText& report, const TaskDetail& detail, Time now) {
    if (detail.recent_events.empty()) return;
    report.line("");
    for (const Event& event : detail.recent_events) {
        report.paragraph(relative_text(event.at, now), event_sentence(event));
    }
    // The first of the last five is not the first of all.
    if (detail.recent_events.front().id <= 1) return;
    report.field("before", std::to_string(detail.recent_events.front().id - 1) +
                               " more: loong tasks events " + detail.row.task_id);
}

std::string notification_text(const NotificationView& told, Time now) {
    std::string text = escape_controls(told.status) + ": ";
    const std::string times =
        std::to_string(told.attempts) + (told.attempts == 1 ? " time" : " times");
    const std::string failed =
        "the notify command failed " + times + ", last: " + escape_controls(told.last_error);
    switch (told.state) {
    case DeliveryState::delivered:
        return text + relative_text(told.delivered_at.value_or(told.since), now);
    case DeliveryState::given_up: return text + "given up, " + failed;
    case DeliveryState::withdrawn: return text + "of no interest any more; " + failed;
    case DeliveryState::owed: break;
    }
    if (told.attempts == 0) return text + "not yet";
    return text + "not yet, " + failed + "; tried again " +
           relative_text(told.next_attempt_at.value_or(now), now);
}

void add_notifications(ReportText& report, const TaskDetail& detail, Time now) {
    for (const NotificationView& told : detail.notifications) {
        if (told.state == DeliveryState::withdrawn && told.attempts == 0) continue;
        report.field("told", notification_text(told, now));
    }
}

void add_commands(ReportText& report, const TaskStatus& status, const Terminal& terminal) {
    // Never broken over lines: commands are there to be copied.
    const char* name = "next";
    for (const std::string& command : status.next_commands) {
        report.field(name, coloured(terminal, name[0] == 'n' ? Colour::strong : Colour::none,
                                    escape_controls(command)));
        name = "or";
    }
}

} // namespace

std::string moment_text(const std::optional<Time>& time, Time now) {
    if (!time) return "";
    if (*time > now) return clock_time(*time) + ", in " + format_duration(*time - now);
    return clock_time(*time) + ", " + age(now, *time) + " ago";
}

std::string relative_text(Time time, Time now) {
    return time > now ? "in " + format_duration(time - now) : age(now, time) + " ago";
}

std::string outcome_text(const Outcome& outcome) {
    std::string text(to_string(outcome.kind));
    const std::string end = end_text(outcome.exit_code, outcome.signal);
    if (!end.empty()) text += ", " + end;
    if (outcome.started_at && outcome.ended_at) {
        text += ", took " + format_duration(*outcome.ended_at - *outcome.started_at);
    }
    if (!outcome.message.empty() && outcome.message != end)
        text += ": " + escape_controls(outcome.message);
    return text;
}

std::string standing_text(const TaskDetail& detail, const Terminal& terminal) {
    const TaskStatus& status = detail.row.task_status;
    return detail.row.task_id + "  " + styled_status(status, terminal) +
           (status.reason.empty() ? "" : "  " + escape_controls(status.reason)) + "\n";
}

std::string ending_text(const TaskDetail& detail, const Terminal& terminal, bool output_was_shown) {
    std::string text = standing_text(detail, terminal);
    const TaskStatus& status = detail.row.task_status;
    const bool is_known = output_was_shown && status.next_action == NextAction::output;
    if (is_known || status.next_command.empty()) return text;
    text.pop_back();
    return text +
           "; next: " + coloured(terminal, Colour::strong, escape_controls(status.next_command)) +
           "\n";
}

std::string detail_text(const TaskDetail& detail, const Terminal& terminal, Time now) {
    const TaskSummary& summary = detail.row.summary;
    const TaskStatus& status = detail.row.task_status;
    ReportText report(terminal);
    const std::string label = escape_controls(summary.label);
    report.line(coloured(terminal, Colour::strong, label));
    report.line(detail.row.task_id + "  " + styled_status(status, terminal));
    report.line("");
    report.paragraph("why", escape_controls(status.reason));
    add_requests(report, detail, now);
    add_progress(report, summary, terminal);
    add_outcome(report, detail);
    add_commands(report, status, terminal);
    add_events(report, detail, now);
    report.line("");
    const std::string work = work_text(detail);
    if (work != label) report.paragraph("work", work);
    report.field("directory", escape_controls(detail.working_directory));
    report.field("runtime", escape_controls(summary.runtime));
    report.field("limits", limits_text(detail));
    add_narrowing(report, detail.tool_policy);
    report.field("after", dependencies_text(detail));
    report.paragraph("when", times_text(detail, now));
    report.field("scope", escape_controls(summary.scope_session_id));
    add_sessions(report, detail);
    if (detail.recovery) {
        report.paragraph("recovery", detail.recovery->action + ": " +
                                         escape_controls(detail.recovery->message));
    }
    add_notifications(report, detail, now);
    report.field("files", escape_controls(detail.paths.directory));
    return report.text();
}

std::string created_text(const CreateResult& created, const Terminal& terminal) {
    ReportText report(terminal);
    const TaskStatus& status = created.task.row.task_status;
    report.line(created.task.row.task_id + "  " + styled_status(status, terminal));
    if (created.existing) {
        report.field("existing", "a task with this dedupe key is there already");
    }
    for (const std::string& warning : created.warnings) {
        report.field("warning", escape_controls(warning));
    }
    std::string withheld;
    for (const std::string& name : created.withheld_environment) {
        withheld += (withheld.empty() ? "" : ", ") + escape_controls(name);
    }
    if (!withheld.empty()) {
        report.field("withheld", withheld + " (looks secret; `--env NAME` passes it on)");
    }
    add_commands(report, status, terminal);
    if (status.terminal) return report.text();
    report.field("status", "loong tasks status " + created.task.row.task_id);
    report.field("output", "loong tasks output " + created.task.row.task_id + " --follow");
    return report.text();
}

} // namespace loong::cli
