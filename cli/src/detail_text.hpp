#pragma once
/// One task for people.

#include "loong/tasks.hpp"
#include "terminal.hpp"

#include <optional>
#include <string>

namespace loong::cli {

/// A short report: what it is and how it stands, why, what can be done, what happened, and where
/// things are. Times are relative; JSON and `sessions history` have them exactly.
[[nodiscard]] std::string detail_text(const TaskDetail& detail, const Terminal& terminal, Time now);

/// What `create` prints: id, status, and the commands to go on with.
[[nodiscard]] std::string created_text(const CreateResult& created, const Terminal& terminal);

/// One line: id, status, reason.
[[nodiscard]] std::string standing_text(const TaskDetail& detail, const Terminal& terminal);

/// The same, and what to do next; where the output has just been shown, that is not to read it.
[[nodiscard]] std::string ending_text(const TaskDetail& detail, const Terminal& terminal,
                                      bool output_was_shown);

/// When, and how long ago or from now; empty where absent.
[[nodiscard]] std::string moment_text(const std::optional<Time>& time, Time now);

/// `3 min ago`, `in 5 min`.
[[nodiscard]] std::string relative_text(Time time, Time now);

/// How a session ended, in one line.
[[nodiscard]] std::string outcome_text(const Outcome& outcome);

} // namespace loong::cli
