#pragma once
/// The sessions of one task as rows: from its summary where that tells all, else from its events.

#include "loong/sessions.hpp"
#include "observer.hpp"
#include "task_store.hpp"

#include <vector>

namespace loong {

/// Whether other sessions carried the task before: only then its events are needed.
[[nodiscard]] bool has_earlier_sessions(const TaskSummary& summary);

/// The current session of a task that was observed. `lease` is that of a running session.
[[nodiscard]] SessionRow current_row(const ObservedTask& observed);

/// Every session that carried the task, the oldest first.
[[nodiscard]] std::vector<SessionRow> all_rows(const LoadedTask& task,
                                               const ObservedTask& observed);

/// A scope.
[[nodiscard]] SessionRow root_row(const std::string& session_id);

/// A task that cannot be read.
[[nodiscard]] SessionRow unreadable_row(const std::string& task_id, const Error& error);

} // namespace loong
