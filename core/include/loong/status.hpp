#pragma once
/// What a task's status is, derived from facts and from nothing else.
///
/// derive() is pure and total: every combination of facts has exactly one status, decided by the
/// first row of a table that matches. Statuses are never stored.

#include "loong/summary.hpp"
#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

enum class Status : std::uint8_t {
    completed,
    failed,
    timed_out,
    cancelled,
    recoverable,
    overdue,
    cancel_requested,
    approval_pending,
    blocked,
    waiting,
    running,
    queued,
    unknown,
};

inline constexpr Status last_status = Status::unknown;

[[nodiscard]] constexpr std::string_view to_string(Status status) noexcept {
    switch (status) {
    case Status::completed: return "completed";
    case Status::failed: return "failed";
    case Status::timed_out: return "timed_out";
    case Status::cancelled: return "cancelled";
    case Status::recoverable: return "recoverable";
    case Status::overdue: return "overdue";
    case Status::cancel_requested: return "cancel_requested";
    case Status::approval_pending: return "approval_pending";
    case Status::blocked: return "blocked";
    case Status::waiting: return "waiting";
    case Status::running: return "running";
    case Status::queued: return "queued";
    case Status::unknown: return "unknown";
    }
    return "unknown";
}

enum class NextAction : std::uint8_t {
    output,
    recover,
    events,
    wait,
    approve,
    answer,
    cancel,
    release,
    doctor,
};

[[nodiscard]] constexpr std::string_view to_string(NextAction action) noexcept {
    switch (action) {
    case NextAction::output: return "output";
    case NextAction::recover: return "recover";
    case NextAction::events: return "events";
    case NextAction::wait: return "wait";
    case NextAction::approve: return "approve";
    case NextAction::answer: return "answer";
    case NextAction::cancel: return "cancel";
    case NextAction::release: return "release";
    case NextAction::doctor: return "doctor";
    }
    return "doctor";
}

/// A fact worth knowing, in the order in which signals are listed.
enum class Signal : std::uint8_t {
    approval_pending,
    input_required,
    overdue,
    carrier_lost,
    work_alive,
    no_worker,
    cancel_requested,
    recovered,
    retrying,
    held,
    tool_narrowing_active,
    progress_blocked,
    dependency_failed,
    terminal,
    archived,
};

inline constexpr Signal last_signal = Signal::archived;

[[nodiscard]] constexpr std::string_view to_string(Signal signal) noexcept {
    switch (signal) {
    case Signal::approval_pending: return "approval_pending";
    case Signal::input_required: return "input_required";
    case Signal::overdue: return "overdue";
    case Signal::carrier_lost: return "carrier_lost";
    case Signal::work_alive: return "work_alive";
    case Signal::no_worker: return "no_worker";
    case Signal::cancel_requested: return "cancel_requested";
    case Signal::recovered: return "recovered";
    case Signal::retrying: return "retrying";
    case Signal::held: return "held";
    case Signal::tool_narrowing_active: return "tool_narrowing_active";
    case Signal::progress_blocked: return "progress_blocked";
    case Signal::dependency_failed: return "dependency_failed";
    case Signal::terminal: return "terminal";
    case Signal::archived: return "archived";
    }
    return "archived";
}

/// Whether something is held or there, as far as it can be told.
enum class Held : std::uint8_t { free, held, unknown };

/// All that the derivation looks at. The space is finite, so that tests can walk it whole.
struct Facts {
    SessionState session_state = SessionState::ready;
    /// The lease of the carrier; looked at for running sessions only.
    Held carrier_lease = Held::unknown;
    /// The work itself; looked at for running sessions whose carrier's lease is free.
    Held work = Held::unknown;
    bool overdue = false;
    /// A live worker (or someone who is starting one) serves the queue.
    Held queue_served = Held::unknown;
    bool held = false;
    bool cancel_requested = false;
    bool approval_open = false;
    bool input_open = false;
    ProgressState progress = ProgressState::none;
    DependencyState dependencies = DependencyState::met;
    /// `not_before` lies in the future.
    bool retry_not_due = false;
    /// The current session is a second or later attempt.
    bool retried = false;
    bool retry_possible = true;
    bool recovered = false;
    bool narrowing_active = false;
    bool archived = false;
};

/// The words that a reason needs besides the facts. Every member may be empty or absent; the
/// sentence then does without.
struct FactDetails {
    std::string task_id;
    std::string task_session_id;
    Time now{};
    std::optional<Time> state_since;
    std::optional<Time> overdue_at;
    std::optional<Time> not_before;
    std::optional<Time> cancel_requested_at;
    std::optional<OpenRequest> request;
    int open_requests = 0;
    std::string dependency_task_id;
    std::string progress_note;
    std::string outcome_message;
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::string carrier_host;
    std::int64_t carrier_pid = 0;
    /// Words that proposed commands need after the verb, `--session S` for a viewer that is not the
    /// default one.
    std::vector<std::string> command_options;
};

/// The derived status with everything that is said of it. Member names are those of the JSON.
struct TaskStatus {
    Status status = Status::unknown;
    /// The status, with ` (recovered)` where a recovery was applied.
    std::string display;
    /// One sentence: why.
    std::string reason;
    bool blocked = false;
    bool terminal = false;
    bool needs_attention = false;
    NextAction next_action = NextAction::doctor;
    /// The next action as an exact, shell-quoted command line.
    std::string next_command;
    /// All commands that make sense now, `next_command` first.
    std::vector<std::string> next_commands;
    bool recovered = false;
    bool tool_narrowing_active = false;
    std::vector<Signal> signals;
};

/// Derives the status.
[[nodiscard, gnu::visibility("default")]] TaskStatus derive(const Facts& facts,
                                                            const FactDetails& details);

/// The status alone, where nothing else is needed (counting, waiting).
[[nodiscard, gnu::visibility("default")]] Status derive_status(const Facts& facts) noexcept;

/// Whether the task needs the operator, by the same table.
[[nodiscard, gnu::visibility("default")]] bool derive_needs_attention(const Facts& facts) noexcept;

/// The facts that a summary gives by itself at the moment `now`; leases, work and queue stay
/// `unknown`.
[[nodiscard, gnu::visibility("default")]] Facts facts_of(const TaskSummary& summary,
                                                         DependencyState dependencies, Time now);

/// The details that a summary gives by itself.
[[nodiscard, gnu::visibility("default")]] FactDetails
details_of(const TaskSummary& summary, const std::string& dependency_task_id, Time now);

} // namespace loong
