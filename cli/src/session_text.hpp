#pragma once
/// Sessions for people.

#include "loong/sessions.hpp"
#include "terminal.hpp"

#include <string>
#include <vector>

namespace loong::cli {

/// One line each.
[[nodiscard]] std::string sessions_text(const SessionList& list, const Terminal& terminal,
                                        Time now);

[[nodiscard]] std::string session_detail_text(const SessionDetail& detail, const Terminal& terminal,
                                              Time now);

/// With lines that show who delegated what.
[[nodiscard]] std::string session_tree_text(const SessionNode& root, const Terminal& terminal);

/// A line for each task, and below it one for each session that carried it.
[[nodiscard]] std::string session_heads_text(const std::vector<SessionHeads>& heads,
                                             const Terminal& terminal);

/// Whole lines: an event, or output with its time and stream before each of its lines.
[[nodiscard]] std::string history_text(const HistoryItem& item, const Terminal& terminal);

} // namespace loong::cli
