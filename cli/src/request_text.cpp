#include "request_text.hpp"

#include "event_text.hpp"
#include "list_text.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "text.hpp"

namespace loong::cli {
namespace {

constexpr std::size_t request_name_width = 9;

/// `text` is escaped already, and left out with its name where it is empty.
void add(std::string& report, const Terminal& terminal, std::string name, const std::string& text) {
    if (text.empty()) return;
    name.resize(std::max(name.size(), request_name_width), ' ');
    report += "  " + coloured(terminal, Colour::faint, name) + "  " + text + "\n";
}

const char* kind_word(const RequestView& request) {
    return request.kind == RequestKind::approval ? "approval" : "input";
}

std::string expiry(const RequestView& request, Time now) {
    if (!request.expires_at || request.state != RequestState::open) return "";
    const bool is_past = *request.expires_at <= now;
    return clock_time(*request.expires_at) +
           (is_past ? "" : ", in " + format_duration(*request.expires_at - now));
}

std::string resolution(const RequestView& request, Time now) {
    if (request.state == RequestState::open) return "";
    std::string text(request_state_word(request.state));
    if (!request.option_id.empty()) text += " (" + escape_controls(request.option_id) + ")";
    if (request.always) text += ", always";
    if (!request.because_of.empty()) text += ", as " + request.because_of;
    if (!request.resolved_by.empty()) text += ", by " + escape_controls(request.resolved_by);
    if (request.resolved_at) text += ", " + age(now, *request.resolved_at) + " ago";
    return text;
}

/// A text of several lines, each one escaped and set in.
std::string indented(const std::string& text) {
    const std::string margin = "\n" + std::string(request_name_width + 4, ' ');
    std::string shown;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        if (start > 0) shown += margin;
        shown += escape_controls(text.substr(start, end - start));
        start = end + 1;
    }
    return shown;
}

std::string head(const RequestRow& row, const Terminal& terminal, Time now) {
    const RequestView& request = row.request;
    const std::string name = std::string(short_id(row.task_id)) + "/" + request.request_id;
    return coloured(terminal, Colour::strong, name) + "  " + kind_word(request) + "  " +
           age(now, request.since) + "  " + escape_controls(shorten(row.label, 60)) + "\n";
}

} // namespace

std::string request_line(const RequestView& request, Time now) {
    std::string line = request.request_id + ": " + escape_controls(request.question) +
                       " (open for " + format_duration(now - request.since);
    if (request.expires_at) line += "; expires " + expiry(request, now);
    return line + ")";
}

std::string request_entry(const RequestRow& row, const Terminal& terminal, Time now) {
    const RequestView& request = row.request;
    std::string text = head(row, terminal, now);
    add(text, terminal, "asks", escape_controls(request.question));
    add(text, terminal, "tool", escape_controls(request.tool));
    add(text, terminal, "expires", expiry(request, now));
    add(text, terminal, "resolved", resolution(request, now));
    const char* name = "answer";
    for (const RequestRow::Answer& answer : row.answers) {
        add(text, terminal, name,
            coloured(terminal, Colour::strong, escape_controls(answer.command)));
        name = "or";
    }
    return text;
}

std::string request_detail(const RequestRow& row, const Terminal& terminal, Time now) {
    const RequestView& request = row.request;
    std::string text = head(row, terminal, now);
    add(text, terminal, "asks", escape_controls(request.question));
    if (!request.detail.empty()) add(text, terminal, "detail", indented(request.detail));
    add(text, terminal, "tool", escape_controls(request.tool));
    add(text, terminal, "rule", escape_controls(request.rule));
    add(text, terminal, "task", row.task_id + "  " + styled_status(row.task_status, terminal));
    add(text, terminal, "session", request.session_id);
    add(text, terminal, "since",
        clock_time(request.since) + ", " + age(now, request.since) + " ago");
    add(text, terminal, "expires", expiry(request, now));
    add(text, terminal, "resolved", resolution(request, now));
    add(text, terminal, "said", indented(request.answer));
    if (row.answers.empty()) return text;
    if (row.self_approval_possible) {
        add(text, terminal, "note",
            "this work is not narrowed, and could answer by itself (self_approval_possible)");
    }
    text += "\n";
    for (const RequestRow::Answer& answer : row.answers) {
        text += "  " + coloured(terminal, Colour::strong, escape_controls(answer.command)) + "\n";
        text += "      " + answer.follows + "\n";
    }
    return text + "  without an answer\n      " + row.if_unanswered + "\n";
}

} // namespace loong::cli
