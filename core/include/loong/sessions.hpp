#pragma once
/// The raw runtime facts beneath tasks: sessions, who owns them, and what each has recorded. For
/// debugging ownership and for repairing; `loong sessions` prints them. See `Tasks` for the calls.
///
/// A session argument is a root session's name, a child session's id, an unambiguous prefix of that
/// or an ending of five characters or more, or `latest` (the newest root with a task). A viewer
/// sees itself and the sessions of all tasks that it sees: any call that takes a session may fail
/// with `session_not_found`, `ambiguous_id` or `visibility_denied`.

#include "loong/error.hpp"
#include "loong/event.hpp"
#include "loong/session_context.hpp"
#include "loong/status.hpp"
#include "loong/summary.hpp"
#include "loong/tasks.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong {

enum class SessionKind : std::uint8_t { root, delegate_child };

[[nodiscard]] constexpr std::string_view to_string(SessionKind kind) noexcept {
    return kind == SessionKind::root ? "root" : "delegate_child";
}

struct SessionRow {
    /// Empty where the task could not be read.
    std::string session_id;
    SessionKind kind = SessionKind::delegate_child;
    /// The session that delegated the task; empty for a root.
    std::string parent_session_id;
    /// Its root; a root's own name.
    std::string scope_session_id;
    /// The task that it carries or carried; empty for a root, as the label.
    std::string task_id;
    std::string label;
    /// From 1; 0 for a root.
    int attempt = 0;
    /// The task's newest session. The others are its past.
    bool is_current = false;
    /// Absent for a root, which is a scope and is not run.
    std::optional<SessionState> state;
    /// Of a running session.
    std::optional<Held> lease;
    /// The worker that carries it, or carried it last, as far as its lease or events tell.
    std::string host;
    std::int64_t pid = 0;
    /// When it was made ready; absent for a root.
    std::optional<Time> created_at;
    /// When it got into its state.
    std::optional<Time> state_since;
    /// How many tasks it created.
    std::uint64_t task_count = 0;
    /// Why the task could not be read; only `task_id` is known then.
    std::optional<Error> unreadable;
};

struct SessionListRequest {
    std::optional<SessionKind> kind;
    std::optional<SessionState> state;
    /// Only sessions that this one delegated to.
    std::string parent_session_id;
    /// 1 to 10,000.
    std::size_t limit = 20;
};

struct SessionList {
    /// In the order of their tasks, the newest first, and of one task the newest session first. A
    /// root stands before the newest of its tasks.
    std::vector<SessionRow> sessions;
    bool has_more = false;
};

struct SessionDetail {
    SessionRow row;
    /// Of a child session.
    std::optional<SessionView> session;
    std::optional<TaskRow> task;
    /// Those that this session opened.
    std::vector<RequestView> requests;
    /// Where its output and handle are; empty where it never started, and for a root.
    std::string directory;
    /// The tasks below it, all levels: by status, and how many need the operator.
    ListResult below;
};

/// A session with all that it delegated to.
struct SessionNode {
    SessionRow row;
    /// Of the task, beside its current session.
    std::optional<TaskStatus> task_status;
    /// The oldest task first, and of one task the oldest session first.
    std::vector<SessionNode> children;
};

/// A task's branch heads.
struct SessionHeads {
    std::string task_id;
    TaskStatus task_status;
    /// Every session that carried it, the oldest first; the last is the current one.
    std::vector<SessionRow> sessions;
};

struct SessionHeadsRequest {
    /// Empty: all that are visible, the newest first.
    std::vector<std::string> tasks;
    /// 1 to 10,000; where no tasks are named.
    std::size_t limit = 20;
};

struct SessionEventsRequest {
    std::string session;
    /// Absent: the newest `limit`. Present: the first `limit` after it. Ids are the task's, so they
    /// have gaps where other sessions carried it.
    std::optional<std::uint64_t> after_id;
    /// 1 to 10,000.
    std::size_t limit = 20;
};

struct SessionEvents {
    std::string session_id;
    std::string task_id;
    std::uint64_t after_id = 0;
    std::uint64_t next_after_id = 0;
    bool has_more = false;
    std::vector<Event> events;
};

/// One thing that a session recorded: an event, or a piece of output.
struct HistoryItem {
    /// Absent for output whose writer was killed before it could note the time.
    std::optional<Time> at;
    const Event* event = nullptr;
    /// Where `event` is null. Valid during the call.
    OutputStream stream = OutputStream::standard_output;
    std::string_view bytes;
};

/// Takes the next item. Its errors end the reading and are passed on.
using HistorySink = std::function<Result<void>(const HistoryItem&)>;

} // namespace loong
