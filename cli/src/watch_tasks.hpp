#pragma once
/// `loong tasks list --watch`: the live view as a whole.

#include "invocation.hpp"
#include "watch_source.hpp"

#include <string>

namespace loong::cli {

/// Shows the tasks until the operator quits. Nothing is looked at by the clock but the ages that
/// are shown: it waits for the store's events, for keys, and for signals.
[[nodiscard]] Result<ExitCode> watch_tasks(const Invocation& invocation, const WatchScope& scope,
                                           const std::string& label_glob);

} // namespace loong::cli
