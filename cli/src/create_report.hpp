#pragma once
/// What `create` prints.

#include "invocation.hpp"

#include <vector>

namespace loong::cli {

/// Prints the new tasks, one or those of a batch; a failure within a batch stands beside the
/// others. Returns what they make of the exit status.
[[nodiscard]] Result<ExitCode> report_created(Invocation& invocation, const Tasks* tasks,
                                              const std::vector<Result<CreateResult>>& created,
                                              bool batch);

} // namespace loong::cli
