#pragma once
/// The facts of a task. Events are the truth: everything that loong says of a task is folded from
/// its events and from the leases at the moment of asking.

#include "loong/time.hpp"
#include "loong/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loong {

/// What happened. The comment beside each kind gives the members of `Event::data`; `?` marks those
/// that may be absent. `outcome` is the object described in loong/outcome.hpp. Kinds may be added;
/// a reader keeps and skips a kind that it does not know (`unknown`).
enum class EventKind : std::uint8_t {
    unknown,
    /// label, runtime
    task_created,
    /// attempt, reason (`created`, `retry`, `resumed`), not_before? (RFC 3339),
    /// rerun_started_steps? (true).
    /// Makes the session of the event ready and the task's current one.
    delegate_queued,
    /// attempt, lease_token, worker {host, pid}, adopted? (true where a new worker took over
    /// a running session)
    delegate_started,
    /// outcome
    delegate_completed,
    /// outcome, reason (`work`, `start_within`, `recovery`, `step`)
    delegate_failed,
    /// outcome
    delegate_timed_out,
    /// force, reason? ; asks the carrier to end the session
    delegate_cancel_requested,
    /// (nothing); the carrier has seen the request and is ending the work
    delegate_cancel_acknowledged,
    /// (nothing); the session was answered and waits for a free slot: the clock of its timeout goes
    /// on standing still. Recorded only where the session has a timeout.
    delegate_slot_awaited,
    /// (nothing); it has a slot again, and its clock goes on
    delegate_slot_taken,
    /// outcome?
    delegate_cancelled,
    /// code, message; no worker could be started, the task never ran
    delegate_spawn_failed,
    /// found (what a probe of the work told), message
    delegate_carrier_lost,
    /// action (the kind of the contract's recovery table), message, from_session_id
    delegate_recovery_applied,
    /// attempt, not_before, automatic
    delegate_retry_scheduled,
    /// outcome, message; what a writer knew that came too late
    delegate_late_result,
    /// request_id, key, tool?, rule?, question, detail?, options [{id, label, kind}], expires_at?
    approval_requested,
    /// request_id, decision (`allow`, `deny`, `expired`), option_id?, always, note?,
    /// because_of? (the request with the same rule whose `always` answer resolved this one)
    approval_resolved,
    /// request_id, key, question, detail?, expires_at?
    input_requested,
    /// request_id, text
    input_answered,
    /// request_id, reason (`expired` where an input was not answered in time)
    request_withdrawn,
    /// state?, percent? (0 to 100), note?, done?, total?
    task_progress,
    /// step, index (from 0), total
    step_started,
    /// step, index, total, exit_code?, duration_ms
    step_completed,
    /// step, index, total, exit_code?, signal?, message, duration_ms, continued
    step_failed,
    /// tool, detail, rule
    tool_denied,
    /// (nothing)
    task_held,
    /// (nothing)
    task_released,
    /// (nothing)
    task_archived,
    /// status, reason; the task needs the operator for a reason that is no event of its own (its
    /// worker is gone, it is overdue, a dependency failed), and whoever saw it wrote it down so that
    /// it is told
    attention_noticed,
    /// event_id (of the event that is told), attempt; the notify command has done it
    notification_delivered,
    /// event_id, attempt, message, next_at? (by the task clock; absent where it is given up)
    notification_failed,
    /// event_id; what was given up is tried again
    notification_scheduled,
};

inline constexpr EventKind last_event_kind = EventKind::notification_scheduled;

[[nodiscard]] constexpr std::string_view to_string(EventKind kind) noexcept {
    switch (kind) {
    case EventKind::unknown: return "unknown";
    case EventKind::task_created: return "task_created";
    case EventKind::delegate_queued: return "delegate_queued";
    case EventKind::delegate_started: return "delegate_started";
    case EventKind::delegate_completed: return "delegate_completed";
    case EventKind::delegate_failed: return "delegate_failed";
    case EventKind::delegate_timed_out: return "delegate_timed_out";
    case EventKind::delegate_cancel_requested: return "delegate_cancel_requested";
    case EventKind::delegate_cancel_acknowledged: return "delegate_cancel_acknowledged";
    case EventKind::delegate_slot_awaited: return "delegate_slot_awaited";
    case EventKind::delegate_slot_taken: return "delegate_slot_taken";
    case EventKind::delegate_cancelled: return "delegate_cancelled";
    case EventKind::delegate_spawn_failed: return "delegate_spawn_failed";
    case EventKind::delegate_carrier_lost: return "delegate_carrier_lost";
    case EventKind::delegate_recovery_applied: return "delegate_recovery_applied";
    case EventKind::delegate_retry_scheduled: return "delegate_retry_scheduled";
    case EventKind::delegate_late_result: return "delegate_late_result";
    case EventKind::approval_requested: return "approval_requested";
    case EventKind::approval_resolved: return "approval_resolved";
    case EventKind::input_requested: return "input_requested";
    case EventKind::input_answered: return "input_answered";
    case EventKind::request_withdrawn: return "request_withdrawn";
    case EventKind::task_progress: return "task_progress";
    case EventKind::step_started: return "step_started";
    case EventKind::step_completed: return "step_completed";
    case EventKind::step_failed: return "step_failed";
    case EventKind::tool_denied: return "tool_denied";
    case EventKind::task_held: return "task_held";
    case EventKind::task_released: return "task_released";
    case EventKind::task_archived: return "task_archived";
    case EventKind::attention_noticed: return "attention_noticed";
    case EventKind::notification_delivered: return "notification_delivered";
    case EventKind::notification_failed: return "notification_failed";
    case EventKind::notification_scheduled: return "notification_scheduled";
    }
    return "unknown";
}

/// One append-only fact of a task.
struct Event {
    /// Dense per task, from 1. The task's revision is the id of its last event.
    std::uint64_t id = 0;
    /// By the wall clock of that moment.
    Time at{};
    /// How far that wall clock was ahead of the clock by which loong decides what is due or late:
    /// not zero where somebody has set the wall clock since the machine was started.
    Microseconds clock_skew{};
    EventKind kind = EventKind::unknown;
    /// The kind as it was written; differs from to_string(kind) only where `kind` is `unknown`.
    std::string kind_name;
    /// The session that the fact is about.
    std::string session_id;
    /// The session that caused it: the carrier itself, or the viewer that acted.
    std::string actor_session_id;
    /// An object; see EventKind.
    Value data = Value::Object{};
    /// Of `delegate_started`: what the runtime saved to find the work again, where that was recorded
    /// with the start. For the runtime alone, and never shown.
    std::string handle;
};

} // namespace loong
