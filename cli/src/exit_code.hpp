#pragma once
/// What the program's exit status says. Text, JSON and exit status always agree.

#include "loong/error.hpp"
#include "loong/status.hpp"
#include "loong/tasks.hpp"

#include <vector>

namespace loong::cli {

enum class ExitCode : int {
    done = 0,
    /// A task ended otherwise than completed.
    task_not_completed = 1,
    /// Usage, configuration, or a failure.
    failure = 2,
    attention = 3,
    not_found = 4,
    /// Skipped, or somebody else was faster.
    skipped = 5,
    plugin_refused = 6,
    /// A wait ran out.
    wait_timeout = 124,
    interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(ErrorCode code) noexcept;
[[nodiscard]] ExitCode exit_code_of(ActionResultKind kind) noexcept;

/// How a task stands, for the verbs that tell it by their exit status: one that ended otherwise
/// than completed is 1 even where it needs attention as well.
[[nodiscard]] ExitCode exit_code_of(const TaskStatus& status) noexcept;

/// The code of several tasks together: the first of 2, 4, 6, 5, 1, 3, 124 that occurs, else 0.
/// An interrupt ends the whole command and stands above them all.
[[nodiscard]] ExitCode first_that_applies(const std::vector<ExitCode>& codes) noexcept;

} // namespace loong::cli
