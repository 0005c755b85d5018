#pragma once
/// What a changing verb did to one or more tasks, as it is printed.

#include "invocation.hpp"

#include <string>
#include <vector>

namespace loong::cli {

struct ActionItem {
    /// As it was asked for; the result has the full id.
    std::string asked;
    Result<ActionResult> result;
};

/// Prints the results. One single failure is returned as the verb's own error; of several, each is
/// told beside the others.
[[nodiscard]] Result<ExitCode> report_actions(Invocation& invocation, const Tasks& tasks,
                                              std::vector<ActionItem> items);

} // namespace loong::cli
