#pragma once
/// Which task this process is the work of.

#include "loong/error.hpp"

#include <string>

namespace loong::cli {

struct InsideTask {
    std::string task_id;
    std::string task_session_id;
};

/// From the environment that every work gets. `invalid_argument` where this is not the inside of a
/// task; `verb` is for the message, for example `report`.
[[nodiscard]] Result<InsideTask> inside_task(const std::string& verb);

} // namespace loong::cli
