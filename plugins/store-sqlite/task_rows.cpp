#include "task_rows.hpp"

#include "errors.hpp"
#include "record_check.hpp"

namespace loong::store_sqlite {

namespace {

Error damaged(std::string_view task_id, const std::string& why) {
    return corrupt("task " + std::string(task_id), why);
}

void run_with(Database& database, const char* sql, std::int64_t number) {
    database.prepare(sql).bind(number).run();
}

} // namespace

IndexRows index_rows(Database& database) {
    // An older loong may use the same file, and knows of no session that has no row.
    return {database, SessionRows::all, [](std::string_view) { return false; }};
}

std::optional<TaskNumber> find_task(Database& database, std::string_view task_id) {
    Statement read = database.prepare("SELECT n, version FROM tasks WHERE id = ?");
    read.bind(task_id);
    if (!read.step()) return {};
    return TaskNumber{read.integer(0), static_cast<std::uint64_t>(read.integer(1))};
}

Result<std::vector<std::string>> read_records(Database& database, std::string_view task_id,
                                              const TaskNumber& task, std::uint64_t after_id,
                                              std::size_t limit) {
    std::vector<std::string> records;
    if (after_id >= task.revision) return records;
    Statement read = database.prepare(
        "SELECT id, record FROM records WHERE task = ? AND id > ? ORDER BY id LIMIT ?");
    read.bind(task.number).bind(static_cast<std::int64_t>(after_id));
    read.bind(static_cast<std::int64_t>(limit));
    while (read.step()) {
        const std::uint64_t id = after_id + 1 + records.size();
        const std::string_view record = read.text(1);
        if (static_cast<std::uint64_t>(read.integer(0)) != id || record_id(record) != id)
            return damaged(task_id, "record " + std::to_string(id) + " is not readable");
        records.emplace_back(record);
    }
    if (database.failure() != SQLITE_OK) return records;
    const std::uint64_t last = after_id + records.size();
    const bool whole = records.size() == limit ? last <= task.revision : last == task.revision;
    if (!whole) {
        return damaged(task_id, "its records end at " + std::to_string(last) + " and not at " +
                                    std::to_string(task.revision));
    }
    if (last == task.revision && !ends_group(records.back()))
        return damaged(task_id, "its last group of records is not whole");
    return records;
}

Result<StoredTask> read_task(Database& database, std::string_view task_id, const TaskNumber& task) {
    StoredTask stored;
    {
        Statement read = database.prepare("SELECT document FROM documents WHERE task = ?");
        read.bind(task.number);
        if (read.step())
            stored.document = read.text(0);
        else if (database.failure() == SQLITE_OK)
            return damaged(task_id, "its document is missing");
    }
    if (task.revision == 0) return damaged(task_id, "it has no records");
    auto records = read_records(database, task_id, task, 0, SIZE_MAX >> 1);
    if (!records) return std::move(records).error();
    stored.records = std::move(*records);
    return stored;
}

void insert_records(Database& database, std::int64_t number, std::uint64_t first_id,
                    const std::vector<std::string>& records) {
    Statement insert = database.prepare("INSERT INTO records(task, id, record) VALUES(?, ?, ?)");
    std::uint64_t id = first_id;
    for (const std::string& record : records) {
        insert.bind(number).bind(static_cast<std::int64_t>(id++)).bind(std::string_view(record));
        insert.run();
    }
}

void insert_task(Database& database, IndexRows& rows, const StoreHost& host, const NewTask& task) {
    rows.put({task.task_id, std::to_string(task.records.size()), &task.summary,
              host.encode(task.summary), sessions_in(task.records, task.summary)});
    const auto made = find_task(database, task.task_id);
    if (!made) return;
    database.prepare("INSERT INTO documents(task, document) VALUES(?, ?)")
        .bind(made->number)
        .bind(std::string_view(task.document))
        .run();
    insert_records(database, made->number, 1, task.records);
    if (!task.secrets.empty()) put_secrets(database, made->number, task.secrets);
}

void put_secrets(Database& database, std::int64_t number, std::string_view secrets) {
    database.prepare("INSERT OR REPLACE INTO secrets(task, secrets) VALUES(?, ?)")
        .bind(number)
        .bind(secrets)
        .run();
}

bool delete_secrets(Database& database, std::int64_t number) {
    run_with(database, "DELETE FROM secrets WHERE task = ?", number);
    return database.failure() == SQLITE_OK && database.changes() > 0;
}

void delete_task(Database& database, IndexRows& rows, std::string_view task_id,
                 const TaskNumber& task) {
    run_with(database, "DELETE FROM documents WHERE task = ?", task.number);
    run_with(database, "DELETE FROM records WHERE task = ?", task.number);
    run_with(database, "DELETE FROM secrets WHERE task = ?", task.number);
    rows.remove(task_id);
}

} // namespace loong::store_sqlite
