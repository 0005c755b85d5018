#pragma once
/// Questions that one look into the tables answers.

#include "database.hpp"
#include "loong/store.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_common {

/// Ids of tasks that may start, the most important first.
[[nodiscard]] std::vector<std::string> select_claimable(Database& database, Time now,
                                                        std::size_t limit);
/// Whether a task that is listed may start.
[[nodiscard]] bool is_claimable(const ListedTask& task, Time now);

[[nodiscard]] std::optional<Time> select_next_due(Database& database, Time now);
[[nodiscard]] std::vector<std::string> select_dependents(Database& database,
                                                         std::string_view task_id);
[[nodiscard]] std::vector<std::string> select_by_dedupe_key(Database& database,
                                                            std::string_view key);
/// All ids that a shortened one may mean, oldest first.
[[nodiscard]] std::vector<std::string> select_by_short_id(Database& database,
                                                          std::string_view text);
/// Of the sessions that have a row: see SessionRows.
[[nodiscard]] std::optional<std::string> select_task_of_session(Database& database,
                                                                std::string_view session_id);
[[nodiscard]] std::vector<std::string> select_sessions_of(Database& database,
                                                          std::string_view task_id);

} // namespace loong::store_common
