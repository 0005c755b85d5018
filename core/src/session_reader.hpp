#pragma once
/// What `loong sessions` tells: sessions by name, as a list, as a tree, and what one has recorded.

#include "loong/sessions.hpp"
#include "observer.hpp"
#include "task_store.hpp"
#include "tasks_implementation.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace loong {

class SessionReader {
public:
    explicit SessionReader(Tasks::Implementation& tasks)
        : tasks_(tasks),
          observer_(tasks.workspace(), tasks.command_options()) {}

    /// The full name of a session that the viewer sees; empty: the viewer's own.
    Result<std::string> resolve(const std::string& session);

    // session_reader.cpp
    Result<SessionList> list(const SessionListRequest& request);
    Result<SessionDetail> status(const std::string& session);
    Result<SessionNode> tree(const std::string& session);
    Result<std::vector<SessionHeads>> heads(const SessionHeadsRequest& request);
    // session_history.cpp
    Result<SessionEvents> events(const SessionEventsRequest& request);
    Result<std::string> history(const std::string& session, const HistorySink& sink);

private:
    struct Carried {
        std::string session_id;
        LoadedTask task;
    };

    Result<std::string> latest();
    Result<std::optional<std::string>> resolve_child(const std::string& session);
    Result<bool> is_root(const std::string& session);
    Result<std::string> resolve_shortened(const std::string& session);
    /// Calls `take` with every task that matches until it says no.
    Result<void> each_task(const TaskFilter& filter, ListOrder order,
                           const std::function<Result<bool>(ListedTask&& row)>& take);
    /// The sessions of a task, the oldest first, and how the task stands.
    Result<std::vector<SessionRow>> rows_of(ListedTask&& row, TaskStatus* status,
                                            bool current_alone = false);
    Result<std::uint64_t> count_created(const std::string& session_id);
    Result<SessionHeads> heads_of(ListedTask&& row);
    /// A child session with its task.
    Result<Carried> carried(const std::string& session);

    Tasks::Implementation& tasks_;
    Observer observer_;
};

} // namespace loong
