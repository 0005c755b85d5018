#include "errors.hpp"
#include "index_lookup.hpp"
#include "index_query.hpp"
#include "sqlite_store.hpp"

#include <algorithm>

namespace loong::store_sqlite {

// ---- one task ---------------------------------------------------------------------------------

Result<void>
SqliteStore::look_at(std::string_view task_id,
                     const std::function<Result<void>(Database&, const TaskNumber&)>& work) {
    return database_.look([&](Database& database) -> Result<void> {
        const auto task = find_task(database, task_id);
        if (!task) return task_not_found(task_id);
        return work(database, *task);
    });
}

Result<StoredTask> SqliteStore::read(std::string_view task_id) {
    StoredTask stored;
    auto done = look_at(task_id, [&](Database& database, const TaskNumber& task) -> Result<void> {
        auto found = read_task(database, task_id, task);
        if (!found) return std::move(found).error();
        stored = std::move(*found);
        return {};
    });
    if (!done) return std::move(done).error();
    return stored;
}

Result<EventRecords> SqliteStore::read_events(std::string_view task_id, std::uint64_t after_id,
                                              std::size_t limit) {
    EventRecords read;
    auto done = look_at(task_id, [&](Database& database, const TaskNumber& task) -> Result<void> {
        auto records = read_records(database, task_id, task, after_id, limit);
        if (!records) return std::move(records).error();
        read.records = std::move(*records);
        read.revision = task.revision;
        read.has_more = !read.records.empty() && after_id + read.records.size() < task.revision;
        return {};
    });
    if (!done) return std::move(done).error();
    return read;
}

Result<std::uint64_t> SqliteStore::revision(std::string_view task_id) {
    std::uint64_t revision = 0;
    auto done = look_at(task_id, [&](Database&, const TaskNumber& task) -> Result<void> {
        revision = task.revision;
        return {};
    });
    if (!done) return std::move(done).error();
    return revision;
}

Result<std::optional<std::string>> SqliteStore::read_secrets(std::string_view task_id) {
    std::optional<std::string> secrets;
    auto done = look_at(task_id, [&](Database& database, const TaskNumber& task) -> Result<void> {
        Statement read = database.prepare("SELECT secrets FROM secrets WHERE task = ?");
        read.bind(task.number);
        if (read.step()) secrets = read.text(0);
        return {};
    });
    if (!done) return std::move(done).error();
    return secrets;
}

// ---- rows -------------------------------------------------------------------------------------

std::optional<SqliteStore::ShownRow> SqliteStore::show(Database& database,
                                                       std::string_view task_id) const {
    ShownRow row;
    row.task.task_id = task_id;
    bool known_unreadable = false;
    {
        Statement read =
            database.prepare("SELECT kind, cause, version, summary FROM tasks WHERE id = ?");
        read.bind(task_id);
        if (!read.step()) return {};
        const TaskKind kind(read.integer(0));
        known_unreadable = kind.is_unreadable();
        if (!known_unreadable) {
            row.task.dependencies = kind.dependencies();
            row.task.dependency_task_id = read.text(1);
        }
        row.version = read.text(2);
        row.task.summary = host_->decode(read.text(3));
    }
    if (row.task.summary && std::to_string(row.task.summary->revision) == row.version) return row;
    // The summary is of another version of loong, or damaged; the records tell.
    const auto task = find_task(database, task_id);
    if (!task) return {};
    auto stored = read_task(database, task_id, *task);
    if (stored)
        row.task.summary = host_->summarize(task_id, stored->document, stored->records);
    else
        row.task.summary = std::move(stored).error();
    row.old = row.task.summary.has_value() || !known_unreadable;
    return row;
}

void SqliteStore::refresh(const std::vector<ShownRow>& rows) {
    database_.try_change([&](Database& database) -> Result<void> {
        IndexRows changes = index_rows(database);
        for (const ShownRow& row : rows) {
            const auto task = find_task(database, row.task.task_id);
            if (!row.old || !task || std::to_string(task->revision) != row.version) continue;
            const bool readable = row.task.summary.has_value();
            changes.put({row.task.task_id,
                         row.version,
                         readable ? &*row.task.summary : nullptr,
                         readable ? host_->encode(*row.task.summary) : std::string(),
                         {}});
        }
        changes.finish();
        return {};
    });
}

Result<std::vector<ListedTask>> SqliteStore::show_selected(const Select& select) {
    // A second look after rows were made again: they may be selected no more, or be in their place.
    for (int round = 0;; ++round) {
        std::vector<ShownRow> rows;
        auto done = database_.look([&](Database& database) -> Result<void> {
            rows.clear();
            for (const std::string& task_id : select(database)) {
                if (auto row = show(database, task_id)) rows.push_back(std::move(*row));
            }
            return {};
        });
        if (!done) return std::move(done).error();
        const bool old =
            std::any_of(rows.begin(), rows.end(), [](const ShownRow& row) { return row.old; });
        if (old && round == 0) {
            refresh(rows);
            continue;
        }
        std::vector<ListedTask> tasks;
        tasks.reserve(rows.size());
        for (ShownRow& row : rows) tasks.push_back(std::move(row.task));
        return tasks;
    }
}

Result<ListedTask> SqliteStore::find(std::string_view task_id) {
    auto found =
        show_selected([&](Database&) { return std::vector<std::string>{std::string(task_id)}; });
    if (!found) return std::move(found).error();
    if (found->empty()) return task_not_found(task_id);
    return std::move(found->front());
}

Result<ListPage> SqliteStore::list(const TaskFilter& filter, ListOrder order,
                                   std::string_view cursor, std::size_t limit) {
    ListPage page;
    auto tasks = show_selected([&](Database& database) {
        IndexQuery::Page ids = IndexQuery(database, filter).list(order, cursor, limit);
        page.has_more = ids.has_more;
        return std::move(ids.ids);
    });
    if (!tasks) return std::move(tasks).error();
    page.tasks = std::move(*tasks);
    return page;
}

Result<std::vector<CountGroup>> SqliteStore::count(const TaskFilter& filter) {
    std::vector<CountGroup> groups;
    auto done = database_.look([&](Database& database) -> Result<void> {
        groups = IndexQuery(database, filter).count();
        return {};
    });
    if (!done) return std::move(done).error();
    return groups;
}

Result<std::vector<ListedTask>> SqliteStore::claimable(Time now, std::size_t limit) {
    auto tasks =
        show_selected([&](Database& database) { return select_claimable(database, now, limit); });
    if (!tasks) return tasks;
    const std::size_t selected = tasks->size();
    std::erase_if(*tasks, [&](const ListedTask& task) { return !is_claimable(task, now); });
    // Damaged ones whose rows could not be written again; others may stand behind them.
    const std::size_t dropped = selected - tasks->size();
    if (dropped == 0 || selected < limit) return tasks;
    auto more = claimable(now, limit + dropped + 16);
    if (more && more->size() > limit)
        more->erase(more->begin() + static_cast<std::ptrdiff_t>(limit), more->end());
    return more;
}

// ---- single questions -------------------------------------------------------------------------

Result<std::optional<Time>> SqliteStore::next_due(Time now) {
    std::optional<Time> due;
    auto done = database_.look([&](Database& database) -> Result<void> {
        due = select_next_due(database, now);
        return {};
    });
    if (!done) return std::move(done).error();
    return due;
}

Result<std::vector<std::string>> SqliteStore::dependents(std::string_view task_id) {
    std::vector<std::string> ids;
    auto done = database_.look([&](Database& database) -> Result<void> {
        ids = select_dependents(database, task_id);
        return {};
    });
    if (!done) return std::move(done).error();
    return ids;
}

Result<std::optional<std::string>> SqliteStore::find_dedupe_key(std::string_view key) {
    std::optional<std::string> owner;
    auto done = database_.look([&](Database& database) -> Result<void> {
        const auto ids = select_by_dedupe_key(database, key);
        if (!ids.empty()) owner = ids.front();
        return {};
    });
    if (!done) return std::move(done).error();
    return owner;
}

Result<std::vector<std::string>> SqliteStore::resolve(std::string_view text, std::size_t limit) {
    std::vector<std::string> ids;
    auto done = database_.look([&](Database& database) -> Result<void> {
        ids = select_by_short_id(database, text);
        return {};
    });
    if (!done) return std::move(done).error();
    if (ids.size() > limit) ids.resize(limit);
    return ids;
}

Result<std::optional<std::string>> SqliteStore::task_of_session(std::string_view session_id) {
    std::optional<std::string> task;
    auto done = database_.look([&](Database& database) -> Result<void> {
        task = select_task_of_session(database, session_id);
        return {};
    });
    if (!done) return std::move(done).error();
    return task;
}

} // namespace loong::store_sqlite
