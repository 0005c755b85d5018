#pragma once
/// Sessions as JSON; keys and their order are listed in cli/README.md.

#include "loong/sessions.hpp"
#include "loong/value.hpp"

namespace loong::cli {

[[nodiscard]] Value session_row_value(const SessionRow& row);

/// A row, and what is known of it besides.
[[nodiscard]] Value session_detail_value(const SessionDetail& detail);

/// A row with its `children`.
[[nodiscard]] Value session_node_value(const SessionNode& node);

[[nodiscard]] Value session_heads_value(const SessionHeads& heads);

[[nodiscard]] Value history_item_value(const HistoryItem& item);

} // namespace loong::cli
