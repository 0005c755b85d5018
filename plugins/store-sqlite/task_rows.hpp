#pragma once
/// The rows of one task: document, records, secrets, and what it is selected by. Used inside a
/// transaction; a failure of the database itself is kept there.

#include "common.hpp"
#include "database.hpp"
#include "index_rows.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_sqlite {

/// A task as the tables name it.
struct TaskNumber {
    /// What its rows in `documents`, `records` and `secrets` bear.
    std::int64_t number = 0;
    std::uint64_t revision = 0;
};

/// Absent where there is no such task, or the database has failed.
[[nodiscard]] std::optional<TaskNumber> find_task(Database& database, std::string_view task_id);

/// The records with ids above `after_id`, at most `limit`. `store_corrupt` where one is missing that
/// has to be there, or is not what its place says.
[[nodiscard]] Result<std::vector<std::string>>
read_records(Database& database, std::string_view task_id, const TaskNumber& task,
             std::uint64_t after_id, std::size_t limit);

/// `store_corrupt` where something of it is missing.
[[nodiscard]] Result<StoredTask> read_task(Database& database, std::string_view task_id,
                                           const TaskNumber& task);

void insert_task(Database& database, IndexRows& rows, const StoreHost& host, const NewTask& task);
void insert_records(Database& database, std::int64_t number, std::uint64_t first_id,
                    const std::vector<std::string>& records);
void put_secrets(Database& database, std::int64_t number, std::string_view secrets);
/// Whether there were any.
bool delete_secrets(Database& database, std::int64_t number);
void delete_task(Database& database, IndexRows& rows, std::string_view task_id,
                 const TaskNumber& task);

/// Nothing but a row says that a task is there.
[[nodiscard]] IndexRows index_rows(Database& database);

} // namespace loong::store_sqlite
