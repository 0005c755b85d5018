#pragma once
/// What may happen to a task: a command, decided against its state, gives the events that carry it
/// out, or an error. Pure: time and ids come in as values.

#include "loong/error.hpp"
#include "loong/event.hpp"
#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "task_state.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace loong {

/// When, by whom, and the name that a new session gets where the decision needs one.
struct DecisionInput {
    /// By the task clock.
    Time now{};
    std::string actor_session_id;
    std::string new_session_id;
    /// How far the wall clock is ahead of it.
    Microseconds clock_skew{};
};

namespace command {

/// The first events of a task: `task_created`, `delegate_queued`, `task_held` where asked for.
struct Create {
    bool hold = false;
};
/// A worker holds the lease of `session_id` and starts it. `conflict` unless it is the task's
/// session now, ready, due, not held.
struct Start {
    std::string session_id;
    std::uint64_t lease_token = 0;
    std::string host;
    std::int64_t pid = 0;
    /// What the runtime saved, where it is recorded with the start: text, at most limit::message.
    std::string handle;
};
/// A new worker took over a running session (its old lease was free).
struct Adopt {
    std::uint64_t lease_token = 0;
    std::string host;
    std::int64_t pid = 0;
    std::string message;
};
/// The carrier reports the end of `session_id`. Gives the terminal event, withdrawals of open
/// requests, and, where the work failed or timed out, no cancel was requested and retries are left,
/// the next attempt (back-off: 1 s, doubled for each attempt, at most 5 min; 1 s where transient).
/// Whatever the outcome says, a session whose cancel was requested and that did not complete ends
/// `cancelled`; one that completed all the same is `completed`. For a session that is terminal, or
/// not the current one, it gives a `delegate_late_result`.
struct Finish {
    std::string session_id;
    std::uint64_t lease_token = 0;
    Outcome outcome;
    /// Recorded by a recovery instead of the carrier.
    bool by_recovery = false;
};
/// No worker could be started for a task that was just created.
struct SpawnFailed {
    Error error;
};
/// `not_cancellable` where terminal. Ready: cancelled at once. Running: requested; again: no new
/// event unless `force` is new.
struct Cancel {
    bool force = false;
    std::string reason;
};
struct AcknowledgeCancel {
    std::string session_id;
};
/// The work of a session with a cancel request is surely gone and its carrier is fenced.
struct EndCancelled {
    std::string message;
    std::optional<Outcome> outcome;
};
/// `conflict` unless ready and held.
struct Release {};
/// `conflict` unless terminal; archiving again gives no events.
struct Archive {};
/// Recovery marks the current session failed or timed out. `retry` forces a new attempt.
struct MarkEnded {
    Outcome outcome;
    /// The contract's kind: `marked_failed`, `ended_overdue`, `expired`, `cancelled`.
    std::string action;
    std::string message;
    std::string found;
    bool carrier_lost = false;
    bool retry = false;
};
/// A failed or timed-out task gets a new attempt. `not_recoverable` otherwise.
struct Retry {
    std::string message;
};
/// A lost session goes on in a new one (`resumed`) or starts again (`retried`), once the old one is
/// surely dead.
struct Supersede {
    std::string action;
    std::string message;
    std::string found;
    bool resumes = false;
    /// Goes into `delegate_queued` of the new session (`rerun_started_steps: true`).
    bool rerun_started_steps = false;
};
/// From inside: `conflict` unless `session_id` is the current session and running.
struct Report {
    std::string session_id;
    Progress progress;
};
struct ReportStep {
    std::string session_id;
    StepReport step;
};
struct ReportDenied {
    std::string session_id;
    std::string tool;
    std::string detail;
    std::string rule;
};
/// The session was answered and has no slot yet; it has one again. Like Report; what is known
/// already gives no events.
struct AwaitSlot {
    std::string session_id;
};
struct TakeSlot {
    std::string session_id;
};
/// Opening a key again gives no events. `conflict` unless running.
struct OpenRequest {
    std::string session_id;
    NewRequest request;
};
struct ResolveRequest {
    std::string request_id;
    RequestState state = RequestState::allowed;
    std::string option_id;
    std::string text;
    bool always = false;
};
struct WithdrawRequest {
    std::string request_id;
    std::string reason;
};
/// A request that the state does not know, because no session that could have asked it carried the
/// task then (files that were put together by hand): records that nobody waits for it. `conflict`
/// where the state does know it.
struct ForgetRequest {
    std::string request_id;
    std::string session_id;
};

/// Somebody saw from outside that the task needs the operator. Gives no events where it is not as it
/// was seen (another revision), or where that status was noticed already, or nothing is to be told.
struct NoticeAttention {
    std::uint64_t revision = 0;
    std::string status;
    std::string reason;
};
/// The notify command was run for what is owed because of an event. Where it failed, it is tried
/// again (back-off: 1 s, doubled for each attempt, at most 5 min) up to `most_notification_attempts`
/// times. No events where nothing is owed any more.
struct NoteDelivery {
    std::uint64_t event_id = 0;
    /// Why it failed; absent where it did not.
    std::optional<std::string> failure;
};
/// What was given up is tried again from the beginning, all of it.
struct ScheduleNotifications {};

} // namespace command

using Command =
    std::variant<command::Create, command::Start, command::Adopt, command::Finish,
                 command::SpawnFailed, command::Cancel, command::AcknowledgeCancel,
                 command::EndCancelled, command::Release, command::Archive, command::MarkEnded,
                 command::Retry, command::Supersede, command::Report, command::ReportStep,
                 command::ReportDenied, command::AwaitSlot, command::TakeSlot, command::OpenRequest,
                 command::ResolveRequest, command::WithdrawRequest, command::ForgetRequest,
                 command::NoticeAttention, command::NoteDelivery, command::ScheduleNotifications>;

/// The events that carry out `command`, ids filled in; none where nothing needs to change.
[[nodiscard]] Result<std::vector<Event>> decide(const TaskState& state, const Command& command,
                                                const DecisionInput& input);

} // namespace loong
