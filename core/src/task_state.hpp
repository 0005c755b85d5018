#pragma once
/// The state of one task, folded from its document and its events. Pure: no clock, no files.

#include "loong/event.hpp"
#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "loong/summary.hpp"
#include "task_document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loong {

/// One session that carried the task.
struct SessionFacts {
    std::string session_id;
    int attempt = 1;
    SessionState state = SessionState::ready;
    Time queued_at{};
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    std::string host;
    std::int64_t pid = 0;
    std::uint64_t lease_token = 0;
    std::optional<Time> cancel_acknowledged_at;
    /// `created`, `retry` or `resumed`.
    std::string reason;
    std::optional<Outcome> outcome;
    /// The runtime said that it cannot go on; the session's steps, in order.
    std::vector<StepRecord> steps;
};

struct RequestFacts {
    std::string request_id;
    std::string key;
    RequestKind kind = RequestKind::approval;
    RequestState state = RequestState::open;
    std::string session_id;
    std::string tool;
    std::string question;
    std::string detail;
    std::vector<RequestOption> options;
    std::optional<Time> expires_at;
    Time since{};
    std::optional<Time> resolved_at;
    std::string option_id;
    std::string text;
    bool always = false;
};

struct RecoveryFacts {
    /// The kind of the contract's recovery table.
    std::string action;
    std::string message;
    Time at{};
    std::string from_session_id;
};

struct TaskState {
    /// Revision 0 before the first event.
    TaskSummary summary;
    /// Oldest first; the last one is the current session.
    std::vector<SessionFacts> sessions;
    std::vector<RequestFacts> requests;
    std::optional<RecoveryFacts> recovery;
    /// Who recorded the outcome: the carrier, or a recovery.
    bool outcome_by_recovery = false;
    std::string last_error;
    /// Of the document, because they bear on transitions.
    std::optional<Seconds> timeout;
    std::optional<Seconds> start_within;
    Microseconds grace{};
    bool has_secrets = false;
    /// How long the running session's clock has been stopped by requests, those closed only.
    Microseconds paused{};
    std::optional<Time> paused_since;
    /// A cancel was forced.
    bool force_cancel = false;
    bool cancel_acknowledged = false;
};

/// The state before the first event.
[[nodiscard]] TaskState initial_state(const TaskDocument& document);

/// Folds one event in. Total: an event that does not fit (or of an unknown kind) changes nothing but
/// the revision and `updated_at`, so that an old reader copes with a newer writer.
[[nodiscard]] TaskState evolve(TaskState state, const Event& event);

[[nodiscard]] inline const SessionFacts* current_session(const TaskState& state) {
    return state.sessions.empty() ? nullptr : &state.sessions.back();
}

} // namespace loong
