#include "session_text.hpp"

#include "detail_text.hpp"
#include "event_text.hpp"
#include "list_text.hpp"
#include "report_text.hpp"
#include "status_style.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

/// The status that a session in this state has where nothing else is known.
Status status_of(const SessionRow& row) {
    if (row.unreadable || !row.state) return Status::unknown;
    switch (*row.state) {
    case SessionState::ready: return Status::queued;
    case SessionState::running:
        return row.lease == Held::free ? Status::recoverable : Status::running;
    case SessionState::completed: return Status::completed;
    case SessionState::failed: return Status::failed;
    case SessionState::timed_out: return Status::timed_out;
    case SessionState::cancelled: return Status::cancelled;
    }
    return Status::unknown;
}

std::string plain_state(const SessionRow& row, const Terminal& terminal) {
    std::string text(status_symbol(status_of(row), terminal.utf8));
    text += ' ';
    return text + std::string(row.state ? to_string(*row.state) : "unknown");
}

std::string state_text(const SessionRow& row, const Terminal& terminal) {
    return plain_state(row, terminal) + (row.lease == Held::free ? ", lease free" : "");
}

/// A root by its whole name, others by the ending that commands accept.
std::string name_of(const SessionRow& row) {
    if (row.session_id.empty()) return "-";
    if (row.kind == SessionKind::root) return escape_controls(row.session_id);
    return std::string(short_id(row.session_id));
}

std::string session_label(const SessionRow& row) {
    return escape_controls(row.unreadable ? row.unreadable->message : row.label);
}

std::string task_count_text(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " task" : " tasks");
}

/// `running (recoverable)` where the task's status says more than the session's state.
std::string standing_of(const SessionNode& node, const Terminal& terminal) {
    const Colour colour = status_colour(status_of(node.row));
    if (!node.task_status) return coloured(terminal, colour, state_text(node.row, terminal));
    const std::string text = coloured(terminal, colour, plain_state(node.row, terminal));
    const std::string& display = node.task_status->display;
    const bool says_more = !node.row.state || display != to_string(*node.row.state);
    return says_more && !display.empty() ? text + " (" + display + ")" : text;
}

std::string node_line(const SessionNode& node, const Terminal& terminal) {
    const SessionRow& row = node.row;
    std::string line = coloured(terminal, Colour::strong, name_of(row));
    if (row.kind == SessionKind::root) {
        return line + "  root, " + task_count_text(row.task_count) + "\n";
    }
    line += "  " + standing_of(node, terminal) + "  task " + std::string(short_id(row.task_id));
    if (row.attempt > 1) line += ", attempt " + std::to_string(row.attempt);
    return line + "  " + session_label(row) + "\n";
}

struct Strokes {
    const char* branch;
    const char* last;
    const char* down;
};

void add_children(std::string& text, const SessionNode& node, const std::string& before,
                  const Terminal& terminal) {
    const Strokes strokes =
        terminal.utf8 ? Strokes{"├─ ", "└─ ", "│  "} : Strokes{"|- ", "`- ", "|  "};
    for (std::size_t index = 0; index < node.children.size(); ++index) {
        const SessionNode& child = node.children[index];
        const bool is_last = index + 1 == node.children.size();
        text += before + (is_last ? strokes.last : strokes.branch) + node_line(child, terminal);
        add_children(text, child, before + (is_last ? "   " : strokes.down), terminal);
    }
}

std::string carrier_of(const SessionRow& row) {
    if (row.pid == 0) return "";
    return "worker " + std::to_string(row.pid) +
           (row.host.empty() ? "" : " on " + escape_controls(row.host));
}

} // namespace

std::string sessions_text(const SessionList& list, const Terminal& terminal, Time now) {
    Table table(terminal, 6);
    table.add({{"SESSION", Colour::faint},
               {"STATE", Colour::faint},
               {"AGE", Colour::faint, true},
               {"PARENT", Colour::faint},
               {"TASK", Colour::faint},
               {"CREATED", Colour::faint, true},
               {"LABEL", Colour::faint}});
    for (const SessionRow& row : list.sessions) {
        const bool is_root = row.kind == SessionKind::root;
        const std::string& parent = row.parent_session_id;
        const bool short_parent = parent.starts_with("session-");
        table.add({{name_of(row), is_root ? Colour::strong : Colour::none},
                   {is_root ? "root" : state_text(row, terminal),
                    is_root ? Colour::faint : status_colour(status_of(row))},
                   {row.created_at ? age(now, *row.created_at) : "", Colour::none, true},
                   {short_parent ? std::string(short_id(parent)) : escape_controls(parent)},
                   {std::string(short_id(row.task_id))},
                   {row.task_count == 0 ? "" : std::to_string(row.task_count), Colour::none, true},
                   {session_label(row)}});
    }
    std::string text = table.text();
    if (list.has_more) {
        text += "\nthe first " + std::to_string(list.sessions.size()) +
                " are shown; `--limit` shows more\n";
    }
    return text;
}

std::string session_detail_text(const SessionDetail& detail, const Terminal& terminal, Time now) {
    const SessionRow& row = detail.row;
    ReportText report(terminal);
    if (row.kind == SessionKind::root) {
        report.line(coloured(terminal, Colour::strong, escape_controls(row.session_id)) +
                    "  root session");
    } else {
        report.line(row.session_id + "  " +
                    coloured(terminal, status_colour(status_of(row)), state_text(row, terminal)));
    }
    report.line("");
    if (detail.task) {
        report.field("task", detail.task->task_id + "  " +
                                 styled_status(detail.task->task_status, terminal));
        report.field("label", escape_controls(row.label));
        report.field("why", escape_controls(detail.task->task_status.reason));
        report.field("current", row.is_current ? "yes"
                                               : "no, " + detail.task->summary.task_session_id +
                                                     " carries the task now");
    }
    report.field("attempt", row.attempt == 0 ? "" : std::to_string(row.attempt));
    report.field("parent", escape_controls(row.parent_session_id));
    report.field("scope",
                 row.kind == SessionKind::root ? "" : escape_controls(row.scope_session_id));
    report.field("carrier", carrier_of(row));
    if (detail.session) {
        report.field("queued", moment_text(detail.session->queued_at, now));
        report.field("started", moment_text(detail.session->started_at, now));
        report.field("ended", moment_text(detail.session->ended_at, now));
        if (detail.session->outcome) {
            report.field("outcome", outcome_text(*detail.session->outcome));
        }
    }
    for (const RequestView& request : detail.requests) {
        report.field("request", request.request_id + ": " + escape_controls(request.question) +
                                    (request.state == RequestState::open ? ", open" : ""));
    }
    report.field("created", task_count_text(row.task_count));
    std::string below = counts_text(detail.below, terminal);
    if (!below.empty()) below.pop_back();
    report.field("below", below);
    report.field("files", escape_controls(detail.directory));
    return report.text();
}

std::string session_tree_text(const SessionNode& root, const Terminal& terminal) {
    std::string text = node_line(root, terminal);
    add_children(text, root, "", terminal);
    return text;
}

std::string session_heads_text(const std::vector<SessionHeads>& heads, const Terminal& terminal) {
    std::string text;
    for (const SessionHeads& task : heads) {
        const std::string label = task.sessions.empty() ? "" : session_label(task.sessions.back());
        text += std::string(short_id(task.task_id)) + "  " +
                styled_status(task.task_status, terminal) + "  " + label + "\n";
        for (const SessionRow& row : task.sessions) {
            if (row.unreadable) continue;
            text += std::string("    ") + (row.is_current ? "* " : "  ") + row.session_id +
                    "  attempt " + std::to_string(row.attempt) + "  " +
                    coloured(terminal, status_colour(status_of(row)), state_text(row, terminal)) +
                    "\n";
        }
    }
    return text;
}

std::string history_text(const HistoryItem& item, const Terminal& terminal) {
    if (item.event != nullptr) return event_text(*item.event, terminal) + "\n";
    const bool is_output = item.stream == OutputStream::standard_output;
    const std::string when = item.at ? clock_time(*item.at) : "(time unknown)         ";
    const std::string before = "      " + coloured(terminal, Colour::faint, when) + "  " +
                               (is_output ? "stdout" : "stderr") + "  ";
    std::string text;
    std::string_view rest = item.bytes;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        text += before + escape_controls(rest.substr(0, end)) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return text;
}

} // namespace loong::cli
