#include "derivation.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong {
namespace {

/// What came from a task, fit to stand in one sentence on a terminal.
std::string in_quotes(std::string_view text) {
    constexpr std::size_t quote_limit = 160;
    return '"' + escape_controls(shorten(text, quote_limit)) + '"';
}

std::string shown(std::string_view text) {
    constexpr std::size_t shown_limit = 300;
    return escape_controls(shorten(text, shown_limit));
}

/// The ending of an id: what tells it from others, and what commands accept.
std::string short_id(std::string_view id) {
    constexpr std::size_t short_length = 5;
    const bool is_long = id.size() > 2 * short_length;
    return shown(is_long ? id.substr(id.size() - short_length) : id);
}

std::string duration_between(Time from, Time to) {
    return format_duration(std::max(Microseconds(0), to - from));
}

/// ` <before>3 min<after>`, or nothing where the moment is not known.
std::string age(const std::optional<Time>& since, const FactDetails& details,
                const std::string& before, const std::string& after) {
    return since ? before + duration_between(*since, details.now) + after : std::string();
}

std::string session_of(const FactDetails& details) {
    return details.task_session_id.empty() ? "the session"
                                           : "session " + short_id(details.task_session_id);
}

std::string ended(const std::string& how, const FactDetails& details, bool with_cause) {
    std::string reason = how + age(details.state_since, details, " ", " ago");
    if (!with_cause) return reason;
    const std::string code =
        details.exit_code ? "exit code " + std::to_string(*details.exit_code) : std::string();
    // Most messages say the code themselves, and better: which step it was of, say.
    const bool is_told = details.outcome_message.ends_with(code);
    if (!code.empty() && !is_told) reason += " with " + code;
    if (details.signal) reason += " by signal " + std::to_string(*details.signal);
    if (!details.outcome_message.empty()) reason += ": " + shown(details.outcome_message);
    return reason;
}

std::string carrier_lost(const Facts& facts, const FactDetails& details) {
    std::string reason = "the worker that carried " + session_of(details);
    if (details.carrier_pid > 0) {
        reason += " (process " + std::to_string(details.carrier_pid);
        if (!details.carrier_host.empty()) reason += " on " + shown(details.carrier_host);
        reason += ')';
    }
    reason += " is gone";
    if (facts.work == Held::held) reason += ", the work itself goes on";
    if (facts.work == Held::free) reason += ", and so is the work";
    if (facts.cancel_requested) reason += "; its cancel was requested";
    return reason;
}

std::string overdue(const Facts& facts, const FactDetails& details) {
    const std::string late = age(details.overdue_at, details, " ", " ago");
    if (facts.session_state == SessionState::ready) {
        return late.empty() ? "it should have been started by now"
                            : "it should have been started" + late;
    }
    if (facts.cancel_requested) {
        return "its cancel was requested" + age(details.cancel_requested_at, details, " ", " ago") +
               ", and it has not ended";
    }
    return "its timeout and grace time have passed" +
           age(details.overdue_at, details, ", ", " ago") + ", and it has not ended";
}

std::string request_open(const FactDetails& details, bool approval) {
    if (!details.request || details.request->is_approval != approval) {
        return approval ? "it waits for an approval" : "it waits for an answer";
    }
    const OpenRequest& request = *details.request;
    std::string reason = "request " + shown(request.request_id);
    reason += approval ? " asks for approval" : " asks";
    if (approval && !request.tool.empty()) reason += " of " + shown(request.tool);
    reason += ": " + in_quotes(request.question) + age(request.since, details, ", open for ", "");
    const int others = details.open_requests - 1;
    if (others > 0) {
        reason += "; " + std::to_string(others) + (others == 1 ? " other is" : " others are") +
                  " open too";
    }
    return reason;
}

std::string waiting(const Facts& facts, const FactDetails& details) {
    if (facts.held) return "it is held until it is released";
    if (facts.dependencies == DependencyState::pending) {
        return details.dependency_task_id.empty() ? "a task that it comes after has not ended yet"
                                                  : "task " + short_id(details.dependency_task_id) +
                                                        ", which it comes after, has not ended yet";
    }
    if (facts.retry_not_due) {
        return details.not_before ? "the next attempt starts in " +
                                        duration_between(details.now, *details.not_before)
                                  : "the next attempt is not due yet";
    }
    return details.progress_note.empty() ? "the work says that it waits"
                                         : "the work waits: " + in_quotes(details.progress_note);
}

std::string running(const FactDetails& details) {
    std::string reason = session_of(details);
    reason += details.state_since
                  ? " has been running" + age(details.state_since, details, " for ", "")
                  : " is running";
    if (!details.progress_note.empty()) reason += ": " + in_quotes(details.progress_note);
    return reason;
}

std::string unserved(const FactDetails& details) {
    const std::string ready =
        details.state_since ? "it has been ready" + age(details.state_since, details, " for ", "")
                            : "it is ready";
    return ready + ", and no live worker serves the queue";
}

std::string queued(const FactDetails& details) {
    return details.state_since ? "it has been waiting for a free worker" +
                                     age(details.state_since, details, " for ", "")
                               : "it is waiting for a free worker";
}

std::string dependency_failed(const FactDetails& details) {
    return details.dependency_task_id.empty()
               ? "a task that had to be completed before was not, so this one can never start"
               : "task " + short_id(details.dependency_task_id) +
                     " had to be completed before and was not, so this one can never start";
}

std::string unknown(const Facts& facts, const FactDetails& details) {
    // Of a task whose files could not be read nothing else is known.
    const bool is_unreadable = details.task_session_id.empty() && !details.outcome_message.empty();
    if (is_unreadable) return "it cannot be read";
    if (facts.session_state != SessionState::running) return "its state cannot be told";
    return "it cannot be told whether the worker that carries " + session_of(details) +
           " still lives";
}

} // namespace

std::string derivation_reason(const DerivationRow& row, const Facts& facts,
                              const FactDetails& details) {
    switch (row.number) {
    case 1: return ended("completed", details, false);
    case 2: return ended("failed", details, true);
    case 3: return ended("timed out", details, true);
    case 4: return ended("cancelled", details, false);
    case 5: return carrier_lost(facts, details);
    case 6: return overdue(facts, details);
    case 7:
        return "its cancel was requested" + age(details.cancel_requested_at, details, " ", " ago") +
               ", and the worker is ending the work";
    case 8: return request_open(details, true);
    case 9: return request_open(details, false);
    case 10:
        return details.progress_note.empty()
                   ? "the work says that it is blocked"
                   : "the work is blocked: " + in_quotes(details.progress_note);
    case 11: return dependency_failed(details);
    case 12: return waiting(facts, details);
    case 13: return running(details);
    case 14: return unserved(details);
    case 15: return queued(details);
    default: return unknown(facts, details);
    }
}

} // namespace loong
