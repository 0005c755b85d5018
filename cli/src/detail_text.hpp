#pragma once
/// One task for people.

#include "loong/tasks.hpp"
#include "terminal.hpp"

#include <string>

namespace loong::cli {

/// A short report: how it stands and why, what can be done, what it is, what happened.
[[nodiscard]] std::string detail_text(const TaskDetail& detail, const Terminal& terminal, Time now);

/// What `create` prints: id, status, and the commands to go on with.
[[nodiscard]] std::string created_text(const CreateResult& created, const Terminal& terminal);

/// One line: id, status, reason.
[[nodiscard]] std::string standing_text(const TaskDetail& detail, const Terminal& terminal);

} // namespace loong::cli
