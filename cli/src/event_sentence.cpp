#include "event_sentence.hpp"

#include "detail_text.hpp"
#include "event_data.hpp"
#include "list_text.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

constexpr std::size_t longest_note = 200;

std::string shown(const Event& event, std::string_view key) {
    return escape_controls(shorten(event.data.string_or(key, ""), longest_note));
}

/// ` <before>text<after>`, or nothing where there is no text.
std::string with(const std::string& before, const std::string& text,
                 const std::string& after = "") {
    return text.empty() ? "" : before + text + after;
}

std::string attempt(const Event& event) {
    const std::int64_t number = event.data.integer_or("attempt", 1);
    return number > 1 ? ", attempt " + std::to_string(number) : "";
}

std::string worker(const Event& event) {
    const Value* worker = event.data.find("worker");
    if (worker == nullptr) return "";
    const std::string host = escape_controls(worker->string_or("host", ""));
    return " by worker " + std::to_string(worker->integer_or("pid", 0)) + with(" on ", host);
}

std::string ended(const Event& event, const char* otherwise) {
    const Value* outcome = event.data.find("outcome");
    return outcome == nullptr ? otherwise : outcome_text(outcome_of(*outcome));
}

std::string queued(const Event& event) {
    const std::string reason = event.data.string_or("reason", "");
    const std::string text = reason == "retry"     ? "queued again"
                             : reason == "resumed" ? "queued to go on where it stopped"
                                                   : "queued";
    return text + attempt(event);
}

std::string step(const Event& event, const char* what) {
    return "step " + std::to_string(event.data.integer_or("index", 0) + 1) + " of " +
           std::to_string(event.data.integer_or("total", 0)) + ", " + shown(event, "step") + ": " +
           what;
}

std::string progress(const Event& event) {
    Progress told;
    told.percent = optional_integer(event.data, "percent");
    told.done = optional_integer(event.data, "done");
    told.total = optional_integer(event.data, "total");
    told.note = shorten(event.data.string_or("note", ""), longest_note);
    std::string text = progress_text(told);
    const std::string state = shown(event, "state");
    if (!state.empty() && state != "active") text += (text.empty() ? "" : ", ") + state;
    return text.empty() ? "told that it is at work" : text;
}

std::string request(const Event& event) { return "request " + shown(event, "request_id"); }

std::string resolved(const Event& event) {
    const std::string decision = event.data.string_or("decision", "");
    const std::string text = decision == "allow"  ? " was allowed"
                             : decision == "deny" ? " was denied"
                                                  : " expired";
    return request(event) + text + (event.data.bool_or("always", false) ? ", always" : "") +
           with(": ", shown(event, "note"));
}

} // namespace

std::string event_sentence(const Event& event) {
    switch (event.kind) {
    case EventKind::task_created: return "created";
    case EventKind::delegate_queued: return queued(event);
    case EventKind::delegate_started:
        return (event.data.bool_or("adopted", false) ? "taken over" : "started") + worker(event) +
               attempt(event);
    case EventKind::delegate_completed: return ended(event, "completed");
    case EventKind::delegate_failed: return ended(event, "failed");
    case EventKind::delegate_timed_out: return ended(event, "timed out");
    case EventKind::delegate_cancelled: return ended(event, "cancelled");
    case EventKind::delegate_cancel_requested: return "asked to end";
    case EventKind::delegate_cancel_acknowledged: return "is being ended";
    case EventKind::delegate_carrier_lost:
        return "its worker was lost" + with(": ", shown(event, "message"));
    case EventKind::delegate_recovery_applied: return "recovered: " + shown(event, "message");
    case EventKind::delegate_retry_scheduled:
        return "another attempt was decided on" + attempt(event);
    case EventKind::approval_requested:
        return request(event) + " asks for approval: " + shown(event, "question");
    case EventKind::input_requested: return request(event) + " asks: " + shown(event, "question");
    case EventKind::approval_resolved: return resolved(event);
    case EventKind::input_answered:
        return request(event) + " was answered: " + shown(event, "text");
    case EventKind::task_progress: return progress(event);
    case EventKind::step_started: return step(event, "started");
    case EventKind::step_completed: return step(event, "completed");
    case EventKind::step_failed:
        return step(event, "failed") + with(" (", shown(event, "message"), ")");
    case EventKind::tool_denied:
        return shown(event, "tool") + " was denied" + with(": ", shown(event, "detail"));
    case EventKind::task_held: return "held";
    case EventKind::task_released: return "released";
    case EventKind::task_archived: return "archived";
    case EventKind::attention_noticed:
        return "seen to be " + shown(event, "status") + with(": ", shown(event, "reason"));
    case EventKind::notification_delivered: return "you were told";
    case EventKind::notification_failed:
        return "the notify command failed" + with(": ", shown(event, "message"));
    case EventKind::notification_scheduled: return "you are to be told again";
    default: break;
    }
    std::string name =
        event.kind == EventKind::unknown ? event.kind_name : std::string(to_string(event.kind));
    std::replace(name.begin(), name.end(), '_', ' ');
    return escape_controls(name) + with(": ", shown(event, "message"));
}

} // namespace loong::cli
