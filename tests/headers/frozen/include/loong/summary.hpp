#pragma once
/// A task's summary: the fixed set of facts that derivation and selection need, besides leases.
///
/// Only core makes summaries, by folding a task's events; a store keeps the newest beside the
/// events so that a listing opens no event. A summary is never more than a copy: where it is
/// missing, old or damaged it is made again (`StoreHost::summarize`).

#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

enum class SessionState : std::uint8_t { ready, running, completed, failed, timed_out, cancelled };

inline constexpr SessionState last_session_state = SessionState::cancelled;

[[nodiscard]] constexpr std::string_view to_string(SessionState state) noexcept {
    switch (state) {
    case SessionState::ready: return "ready";
    case SessionState::running: return "running";
    case SessionState::completed: return "completed";
    case SessionState::failed: return "failed";
    case SessionState::timed_out: return "timed_out";
    case SessionState::cancelled: return "cancelled";
    }
    return "failed";
}

[[nodiscard]] constexpr bool is_terminal(SessionState state) noexcept {
    return state != SessionState::ready && state != SessionState::running;
}

/// What the work itself says of how it stands.
enum class ProgressState : std::uint8_t { none, active, waiting, blocked, verifying };

[[nodiscard]] constexpr std::string_view to_string(ProgressState state) noexcept {
    switch (state) {
    case ProgressState::none: return "none";
    case ProgressState::active: return "active";
    case ProgressState::waiting: return "waiting";
    case ProgressState::blocked: return "blocked";
    case ProgressState::verifying: return "verifying";
    }
    return "none";
}

struct Progress {
    ProgressState state = ProgressState::none;
    /// 0 to 100.
    std::optional<int> percent;
    /// Steps or entries finished, of how many.
    std::optional<std::int64_t> done;
    std::optional<std::int64_t> total;
    std::string note;
    std::optional<Time> at;
};

/// A task that has to end before this one may start.
struct Dependency {
    std::string task_id;
    /// True: any end will do (`--after-any`). False: it has to be completed (`--after`).
    bool any_end = false;
};

/// How the dependencies of a task stand, all together. A dependency that does not exist (any more)
/// counts as failed where success was asked for and as met where any end will do.
///
/// - failed: one that had to complete is `failed`, `timed_out` or `cancelled`
/// - pending: none failed, and one is still `ready` or `running`
/// - met: neither, or there are none
enum class DependencyState : std::uint8_t { met, pending, failed };

/// The oldest open request, as far as a one-line reason needs it.
struct OpenRequest {
    std::string request_id;
    /// What is asked, at most 200 bytes.
    std::string question;
    std::string tool;
    Time since{};
    bool is_approval = true;
};

///
/// Moments are of two clocks. `created_at` and `updated_at` are the wall clock's. All that is
/// compared with "now" is of the task clock, which nobody can set: `state_since`, `not_before`,
/// `overdue_at`, `deadline_at`, `cancel_requested_at`, `notify_at`, and when a request was opened. The two show
/// the same unless the wall clock was set since the machine was started; a `now` that core gives to
/// a store is the task clock's.
struct TaskSummary {
    std::string task_id;
    /// Id of the last event folded in.
    std::uint64_t revision = 0;
    std::string label;
    std::string runtime;
    std::string task_session_id;
    std::string owner_session_id;
    std::string scope_session_id;
    /// Every session that may see the task, the root first: the owner and all that lie above it.
    std::vector<std::string> visible_to;
    SessionState session_state = SessionState::ready;
    /// When the current session got into that state.
    Time state_since{};
    Time created_at{};
    Time updated_at{};
    bool archived = false;
    bool held = false;
    bool recovered = false;
    bool tool_narrowing_active = false;
    std::optional<Time> cancel_requested_at;
    /// Which attempt the current session is, from 1, and how many automatic retries are allowed.
    int attempt = 1;
    int retry_limit = 0;
    /// Higher goes first; -1000 to 1000.
    int priority = 0;
    std::vector<Dependency> dependencies;
    /// A ready session must not be claimed before this.
    std::optional<Time> not_before;
    /// From when on the task is overdue if nothing changes; absent where nothing can become
    /// overdue (terminal, no limit, or the clock is stopped by an open request).
    std::optional<Time> overdue_at;
    /// When the running session's timeout ends the work, clock stopped excluded.
    std::optional<Time> deadline_at;
    std::optional<double> timeout_seconds;
    int open_approvals = 0;
    int open_inputs = 0;
    /// How many were ever opened.
    int requests = 0;
    std::optional<OpenRequest> oldest_request;
    Progress progress;
    /// The task needs the operator by what its events alone say: it failed or timed out, a request
    /// is open, or it reports itself blocked. False once archived.
    bool attention = false;
    /// The operator is to be told of this task (`notify` in the configuration), and it is not done
    /// yet: when it may be tried next. Absent where nothing is owed.
    std::optional<Time> notify_at;
    /// The operator is to be told when the task needs attention.
    bool notify_attention = false;
    /// The status that was noticed from outside the work and that still holds, for example
    /// `recoverable`, so that it is told only once; empty where there is none.
    std::string noticed;
    /// Terminal sessions: how it ended, in short.
    std::optional<int> exit_code;
    std::optional<int> signal;
    std::string message;
    /// A retry can be asked for: false where what the work needs is known to be gone.
    bool retry_possible = true;
    /// Unique among all tasks of the store where not empty; at most 255 bytes.
    std::string dedupe_key;
    /// How many sessions lie above the owner; 0 for a task of a root session.
    int depth = 0;
};

} // namespace loong
