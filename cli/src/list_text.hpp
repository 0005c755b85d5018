#pragma once
/// Listings for people.

#include "loong/tasks.hpp"
#include "terminal.hpp"

#include <string>

namespace loong::cli {

/// One line a task, then the counts of all that match.
[[nodiscard]] std::string list_text(const ListResult& list, const Terminal& terminal, Time now);

/// A few lines for each task that needs the operator: what, since when, why, and the exact next
/// command. Then the counts.
[[nodiscard]] std::string attention_text(const ListResult& list, const Terminal& terminal,
                                         Time now);

/// `2 need attention; 1 failed, 1 recoverable, 8 completed`.
[[nodiscard]] std::string counts_text(const ListResult& list, const Terminal& terminal);

/// Its label, or why it cannot be read. Control characters escaped.
[[nodiscard]] std::string label_of(const TaskRow& row);

/// `40 %, 2 of 5, compiling`; empty where nothing was reported. Control characters escaped.
[[nodiscard]] std::string progress_text(const Progress& progress);

} // namespace loong::cli
