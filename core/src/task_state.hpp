#pragma once
/// The state of one task, folded from its document and its events. Pure: no clock, no files.

#include "loong/event.hpp"
#include "loong/notification.hpp"
#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "loong/summary.hpp"
#include "task_document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
    /// The runtime's, as it was recorded with the start; one that was saved later is in a file.
    std::string handle;
    std::optional<Time> cancel_acknowledged_at;
    /// `created`, `retry` or `resumed`.
    std::string reason;
    std::optional<Outcome> outcome;
    /// The runtime said that it cannot go on; the session's steps, in order.
    std::vector<StepRecord> steps;
    /// The operator asked for it: a step that had started when its worker was lost runs again.
    bool rerun_started_steps = false;
};

struct RequestFacts {
    std::string request_id;
    std::string key;
    RequestKind kind = RequestKind::approval;
    RequestState state = RequestState::open;
    std::string session_id;
    std::string tool;
    std::string rule;
    std::string question;
    std::string detail;
    std::vector<RequestOption> options;
    /// By the task clock.
    std::optional<Time> expires_at;
    /// By the wall clock, and by the task clock.
    Time since{};
    Time since_clock{};
    std::optional<Time> resolved_at;
    std::string option_id;
    std::string text;
    bool always = false;
    /// The session that answered; empty where nobody did.
    std::string resolved_by;
    /// The request whose `always` answer resolved this one; empty where it has its own.
    std::string because_of;
};

struct RecoveryFacts {
    /// The kind of the contract's recovery table.
    std::string action;
    std::string message;
    Time at{};
    std::string from_session_id;
};

/// Something that the operator is to be told.
struct NotificationFacts {
    NotifyOn on = NotifyOn::terminal;
    /// The task's status that is told.
    std::string status;
    /// The event that made it so, and its time by the wall clock.
    std::uint64_t event_id = 0;
    Time since{};
    /// The request that it is about; empty where it is about none.
    std::string request_id;
    DeliveryState state = DeliveryState::owed;
    int attempts = 0;
    /// When it may be tried next, by the task clock; where it is owed.
    Time next_at{};
    std::optional<Time> delivered_at;
    std::string last_error;
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
    /// How long the running session's clock has stood still; what goes on is not in it.
    Microseconds paused{};
    std::optional<Time> paused_since;
    /// The session was answered and waits for a slot.
    bool awaits_slot = false;
    /// When the task was released last, by the task clock; a limit on the start counts from then.
    std::optional<Time> released_at;
    /// A cancel was forced.
    bool force_cancel = false;
    bool cancel_acknowledged = false;
    /// Of the document: the operator is to be told of the end.
    bool notify_terminal = false;
    /// The oldest first.
    std::vector<NotificationFacts> notifications;
};

/// The state before the first event.
[[nodiscard]] TaskState initial_state(const TaskDocument& document);

/// How long after the moment at which a session is ended by force nobody speaks of overdue: a live
/// worker needs a little time to see the work's end and to record it.
inline constexpr Microseconds ending_allowance = std::chrono::seconds(2);

/// Folds one event in. Total: an event that does not fit (or of an unknown kind) changes nothing but
/// the revision and `updated_at`, so that an old reader copes with a newer writer.
///
/// `overdue_at` follows from this:
/// - ready: `start_within` after the session was queued, released, or became due, whichever came
///   last; none while the task is held. Waiting for a dependency does not stop it.
/// - running: the grace time and `ending_allowance` after the timeout or after the request to
///   cancel, whichever comes first. The timeout's clock stops while a request is open or an answered
///   session waits for a slot (only the cancel counts then); time without a carrier counts, because
///   the work may go on.
///
/// `retry_possible` is false only where no worker could be started because the runtime cannot run
/// this work at all (`unsupported`): another attempt would meet the same. `oldest_request` is the
/// oldest approval where one is open, else the oldest input: the one that decides the status.
[[nodiscard]] TaskState evolve(TaskState state, const Event& event);

[[nodiscard]] inline const SessionFacts* current_session(const TaskState& state) {
    return state.sessions.empty() ? nullptr : &state.sessions.back();
}

/// The session that carries the task now has ended. A task without sessions has not.
[[nodiscard]] bool has_ended(const TaskState& state);

/// What it points to would be gone with the state.
const SessionFacts* current_session(const TaskState&& state) = delete;

[[nodiscard]] const RequestFacts* find_request(const TaskState& state, std::string_view request_id);

/// The request that a session means by this key: the newest that was not withdrawn, whichever
/// session opened it.
[[nodiscard]] const RequestFacts* find_request_by_key(const TaskState& state, std::string_view key);

/// Steps of the sessions that the current one goes on from, the oldest first; none where it started
/// from the beginning.
[[nodiscard]] std::vector<StepRecord> earlier_steps(const TaskState& state);

/// Null where there is none of that event.
[[nodiscard]] const NotificationFacts* find_notification(const TaskState& state,
                                                         std::uint64_t event_id);

/// How many automatic retries are left: each retry takes one, a resumed session none.
[[nodiscard]] int retries_left(const TaskState& state);

} // namespace loong
