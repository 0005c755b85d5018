#pragma once
/// Ids that follow each other. A task and its first session are named one after the other, by ULIDs
/// that count up, so the session's is nearly always the task's plus one.

#include <optional>
#include <string>
#include <string_view>

namespace loong::store_common {

/// The session id whose ULID follows that of the task. Absent where `task_id` is none, or is the
/// last that there can be.
[[nodiscard]] std::optional<std::string> session_after(std::string_view task_id);

/// The task id whose ULID that of the session follows. Absent where `session_id` is not that of a
/// child session, or is the first that there can be.
[[nodiscard]] std::optional<std::string> task_before(std::string_view session_id);

} // namespace loong::store_common
