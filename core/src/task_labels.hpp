#pragma once
/// The newest tasks by their names, for the completion of a command line: ids and labels, and nothing
/// that would have to be asked of leases or runtimes.

#include "loong/error.hpp"
#include "loong/summary.hpp"
#include "loong/tasks.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace loong {

struct TaskLabel {
    std::string task_id;
    std::string label;
    SessionState state = SessionState::ready;
    std::string task_session_id;
    std::string scope_session_id;
};

struct TaskLabelRequest {
    /// What there is of a word: the beginning of an id (with or without `task-`), an ending of it,
    /// or a part of a label. Those two are looked for among the newest tasks only.
    std::string word;
    /// Only tasks whose session is in one of these states; all where there is none.
    std::vector<SessionState> states;
    std::size_t limit = 50;
};

/// The newest first, as far as the viewer sees them. Cost by `limit`, not by the number of tasks.
[[nodiscard]] Result<std::vector<TaskLabel>> task_labels(const OpenOptions& options,
                                                         const TaskLabelRequest& request);

} // namespace loong
