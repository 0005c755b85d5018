#pragma once
/// What a wait came to.

#include "exit_code.hpp"
#include "loong/tasks.hpp"
#include "loong/value.hpp"

#include <string>

namespace loong::cli {

/// The status reached, or `timeout`, `impossible`, `interrupted`.
[[nodiscard]] std::string wait_status(const WaitedTask& waited);

/// How the wait for one task is told by the exit status: how the task stands where it was reached,
/// 1 where it became impossible, 124 where time ran out.
[[nodiscard]] ExitCode exit_code_of(const WaitedTask& waited) noexcept;

/// Of the whole wait. Where any one task was enough, those still going on don't count.
[[nodiscard]] ExitCode exit_code_of(const WaitResult& result, bool any) noexcept;

/// `task_id`, `wait_status`, `after_id`, `next_after_id`, `events`, `task`.
[[nodiscard]] Value waited_value(const WaitedTask& waited);

} // namespace loong::cli
