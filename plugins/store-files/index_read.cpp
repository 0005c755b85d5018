#include "errors.hpp"
#include "index.hpp"
#include "index_lookup.hpp"
#include "index_query.hpp"
#include "neighbour_ids.hpp"

#include <algorithm>

namespace loong::store_files {

// ---- rows that are shown ----------------------------------------------------------------------

Index::ShownRow Index::show(Database& database, std::string_view task_id) const {
    ShownRow row;
    row.task.task_id = task_id;
    Statement read =
        database.prepare("SELECT kind, cause, version, summary FROM tasks WHERE id = ?");
    read.bind(task_id);
    bool usable = false;
    bool known_unreadable = false;
    const bool has_row = read.step();
    if (has_row) {
        const TaskKind kind(read.integer(0));
        known_unreadable = kind.is_unreadable();
        row.task.dependencies = kind.is_unreadable() ? DependencyState::met : kind.dependencies();
        if (!kind.is_unreadable()) row.task.dependency_task_id = read.text(1);
        const std::optional<FileStamp> stamp = tasks_->stamp(task_id);
        if (!kind.is_unreadable() && stamp && to_text(*stamp) == read.text(2)) {
            row.task.summary = host_->decode(read.text(3));
            usable = row.task.summary.has_value();
        }
    }
    if (usable) return row;
    row.newer = derive(task_id);
    if (row.newer->summary)
        row.task.summary = *row.newer->summary;
    else
        row.task.summary = row.newer->error;
    const bool changes =
        row.newer->summary || (has_row && (row.newer->absent || !known_unreadable));
    row.old = changes && !row.newer->in_use;
    return row;
}

bool Index::refresh(Database& database, const std::vector<ShownRow>& rows) const {
    Transaction transaction(database, Transaction::Kind::write);
    IndexRows changes = rows_of(database);
    for (const ShownRow& row : rows) {
        if (row.newer) put_derived(changes, row.task.task_id, *row.newer);
    }
    changes.finish();
    transaction.commit();
    if (database.failure() == SQLITE_OK) return true;
    if (database.is_only_unwritable()) database.clear_failure();
    return false;
}

void Index::show_selected(Database& database,
                          const std::function<std::vector<std::string>()>& select,
                          std::vector<ListedTask>& tasks) {
    // A second look after old rows were written. A third finds at most what is changing right now,
    // and is shown as the files tell it.
    for (int round = 0;; ++round) {
        std::vector<ShownRow> rows;
        bool old = false;
        {
            const Transaction transaction(database, Transaction::Kind::read);
            for (const std::string& task_id : select()) rows.push_back(show(database, task_id));
        }
        for (const ShownRow& row : rows) old = old || row.old;
        if (!old || round == 2 || !refresh(database, rows)) {
            tasks.clear();
            for (ShownRow& row : rows) {
                if (!row.newer || !row.newer->absent) tasks.push_back(std::move(row.task));
            }
            return;
        }
    }
}

std::vector<std::string> Index::existing(std::vector<std::string> task_ids) const {
    std::erase_if(task_ids, [&](const std::string& id) { return !tasks_->stamp(id); });
    return task_ids;
}

// ---- questions --------------------------------------------------------------------------------

Result<ListedTask> Index::find(std::string_view task_id) {
    std::vector<ListedTask> found;
    auto done = run(Needs::completeness, [&](Database& database) {
        show_selected(
            database, [&] { return std::vector<std::string>{std::string(task_id)}; }, found);
    });
    if (!done) return std::move(done).error();
    if (found.empty()) return task_not_found(task_id);
    return std::move(found.front());
}

Result<ListPage> Index::list(const TaskFilter& filter, ListOrder order, std::string_view cursor,
                             std::size_t limit) {
    ListPage page;
    auto done = run(Needs::what_is_known, [&](Database& database) {
        show_selected(
            database,
            [&] {
                IndexQuery::Page ids = IndexQuery(database, filter).list(order, cursor, limit);
                page.has_more = ids.has_more;
                return std::move(ids.ids);
            },
            page.tasks);
    });
    if (!done) return std::move(done).error();
    return page;
}

Result<std::vector<CountGroup>> Index::count(const TaskFilter& filter) {
    std::vector<CountGroup> groups;
    auto done = run(Needs::what_is_known, [&](Database& database) {
        const Transaction transaction(database, Transaction::Kind::read);
        groups = IndexQuery(database, filter).count();
    });
    if (!done) return std::move(done).error();
    return groups;
}

Result<std::vector<ListedTask>> Index::claimable(Time now, std::size_t limit) {
    std::vector<ListedTask> tasks;
    auto done = run(Needs::completeness, [&](Database& database) {
        const auto select = [&] { return select_claimable(database, now, limit); };
        show_selected(database, select, tasks);
        // Who asks this will change one, and a worker asks once while nothing waits for it.
        compile_writing(database);
    });
    if (!done) return std::move(done).error();
    // What is changing right now may have become something else than the index says.
    const std::size_t selected = tasks.size();
    std::erase_if(tasks, [&](const ListedTask& task) { return !is_claimable(task, now); });
    // Others may stand behind it, and must not be taken for absent.
    const std::size_t dropped = selected - tasks.size();
    if (dropped == 0 || selected < limit) return tasks;
    auto more = claimable(now, limit + dropped + 16);
    if (more && more->size() > limit)
        more->erase(more->begin() + static_cast<std::ptrdiff_t>(limit), more->end());
    return more;
}

Result<std::optional<Time>> Index::next_due(Time now) {
    std::optional<Time> due;
    auto done =
        run(Needs::completeness, [&](Database& database) { due = select_next_due(database, now); });
    if (!done) return std::move(done).error();
    return due;
}

Result<std::vector<std::string>> Index::dependents(std::string_view task_id) {
    std::vector<std::string> ids;
    auto done = run(Needs::completeness,
                    [&](Database& database) { ids = select_dependents(database, task_id); });
    if (!done) return std::move(done).error();
    return existing(std::move(ids));
}

Result<std::optional<std::string>> Index::find_dedupe_key(std::string_view key) {
    std::vector<std::string> ids;
    auto done = run(Needs::completeness,
                    [&](Database& database) { ids = select_by_dedupe_key(database, key); });
    if (!done) return std::move(done).error();
    ids = existing(std::move(ids));
    if (ids.empty()) return std::optional<std::string>();
    return std::optional<std::string>(ids.front());
}

Result<std::vector<std::string>> Index::resolve(std::string_view text, std::size_t limit) {
    std::vector<std::string> ids;
    auto done = run(Needs::completeness,
                    [&](Database& database) { ids = select_by_short_id(database, text); });
    if (!done) return std::move(done).error();
    std::vector<std::string> found;
    for (std::string& id : ids) {
        if (found.size() == limit) break;
        if (tasks_->stamp(id)) found.push_back(std::move(id));
    }
    return found;
}

Result<bool> Index::has_session(std::string_view task_id, std::string_view session_id) const {
    const Derived derived = derive(task_id);
    if (derived.absent) return false;
    if (!derived.summary) return derived.error;
    const std::vector<std::string>& past = derived.sessions;
    return derived.summary->task_session_id == session_id ||
           std::find(past.begin(), past.end(), session_id) != past.end();
}

Result<std::optional<std::string>> Index::task_of_session(std::string_view session_id) {
    std::optional<std::string> task;
    auto done = run(Needs::completeness, [&](Database& database) {
        task = select_task_of_session(database, session_id);
    });
    if (!done) return std::move(done).error();
    if (task) {
        if (!tasks_->stamp(*task)) task.reset();
        return task;
    }
    // A session whose id follows its task's has no row.
    task = task_before(session_id);
    if (!task) return task;
    auto found = find(*task);
    if (!found && found.error().code == ErrorCode::task_not_found)
        return std::optional<std::string>();
    if (!found) return std::move(found).error();
    // Whose session it is cannot be told while the task that it most likely belongs to is damaged.
    if (!found->summary) return std::move(found->summary).error();
    if (found->summary->task_session_id == session_id) return task;
    // The row tells of the newest session alone.
    auto has = has_session(*task, session_id);
    if (!has) return std::move(has).error();
    if (!*has) task.reset();
    return task;
}

Result<std::vector<std::string>> Index::sessions_of(std::string_view task_id) {
    std::vector<std::string> ids;
    auto done = run(Needs::nothing,
                    [&](Database& database) { ids = select_sessions_of(database, task_id); });
    if (!done) return std::move(done).error();
    // It has no row, and may as well be the session of another task that was made at the same time.
    const std::optional<std::string> neighbour = session_after(task_id);
    if (!neighbour) return ids;
    auto has = has_session(task_id, *neighbour);
    if (has && *has) ids.push_back(*neighbour);
    return ids;
}

} // namespace loong::store_files
