#include "errors.hpp"
#include "index.hpp"
#include "index_query.hpp"
#include "loong/ids.hpp"

#include <algorithm>

namespace loong::store_files {

// ---- rows that are shown ----------------------------------------------------------------------

Index::ShownRow Index::show(Database& database, std::string_view task_id) const {
    ShownRow row;
    row.task.task_id = task_id;
    std::optional<FileStamp> kept;
    Statement read = database.prepare(
        "SELECT kind, cause, size, changed_ns, inode, summary FROM tasks WHERE id = ?");
    read.bind(task_id);
    bool usable = false;
    bool known_unreadable = false;
    const bool has_row = read.step();
    if (has_row) {
        const TaskKind kind(read.integer(0));
        known_unreadable = kind.is_unreadable();
        row.task.dependencies = kind.is_unreadable() ? DependencyState::met : kind.dependencies();
        if (!kind.is_unreadable()) row.task.dependency_task_id = read.text(1);
        kept = FileStamp{read.integer(2), read.integer(3),
                         static_cast<std::uint64_t>(read.integer(4))};
        if (!kind.is_unreadable() && tasks_->stamp(task_id) == kept) {
            row.task.summary = host_->decode(read.text(5));
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
    IndexRows changes(database, *tasks_);
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
    auto done = run(Needs::completeness, [&](Database& database) {
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
    auto done = run(Needs::completeness, [&](Database& database) {
        const Transaction transaction(database, Transaction::Kind::read);
        groups = IndexQuery(database, filter).count();
    });
    if (!done) return std::move(done).error();
    return groups;
}

Result<std::vector<ListedTask>> Index::claimable(Time now, std::size_t limit) {
    std::vector<ListedTask> tasks;
    auto done = run(Needs::completeness, [&](Database& database) {
        const auto select = [&] {
            std::vector<std::string> ids;
            Statement read = database.prepare(
                "SELECT rank, id FROM (SELECT * FROM (SELECT rank, id FROM tasks INDEXED BY "
                "tasks_now "
                "WHERE rank IS NOT NULL AND not_before IS NULL ORDER BY rank, id LIMIT ?1) "
                "UNION ALL SELECT * FROM (SELECT rank, id FROM tasks INDEXED BY tasks_due "
                "WHERE rank IS NOT NULL AND not_before <= ?2 ORDER BY rank, id LIMIT ?1)) "
                "ORDER BY rank, id LIMIT ?1");
            read.bind(static_cast<std::int64_t>(limit)).bind(now.time_since_epoch().count());
            while (read.step()) ids.emplace_back(read.text(1));
            return ids;
        };
        show_selected(database, select, tasks);
    });
    if (!done) return std::move(done).error();
    // What is changing right now may have become something else than the index says.
    const std::size_t selected = tasks.size();
    std::erase_if(tasks, [&](const ListedTask& task) {
        if (!task.summary) return true;
        const TaskSummary& summary = *task.summary;
        return summary.session_state != SessionState::ready || summary.held || summary.archived ||
               (summary.not_before && *summary.not_before > now) ||
               task.dependencies != DependencyState::met;
    });
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
    auto done = run(Needs::completeness, [&](Database& database) {
        due.reset();
        Statement read = database.prepare(
            "SELECT not_before FROM tasks INDEXED BY tasks_due "
            "WHERE rank IS NOT NULL AND not_before > ? ORDER BY not_before LIMIT 1");
        read.bind(now.time_since_epoch().count());
        if (read.step()) due = Time(Microseconds(read.integer(0)));
    });
    if (!done) return std::move(done).error();
    return due;
}

Result<std::vector<std::string>> Index::dependents(std::string_view task_id) {
    std::vector<std::string> ids;
    auto done = run(Needs::completeness, [&](Database& database) {
        ids.clear();
        Statement read =
            database.prepare("SELECT DISTINCT task FROM deps WHERE on_id = ? ORDER BY task");
        read.bind(task_id);
        while (read.step()) ids.emplace_back(read.text(0));
    });
    if (!done) return std::move(done).error();
    return existing(std::move(ids));
}

Result<std::optional<std::string>> Index::find_dedupe_key(std::string_view key) {
    std::vector<std::string> ids;
    auto done = run(Needs::completeness, [&](Database& database) {
        ids.clear();
        if (key.empty()) return;
        Statement read = database.prepare(
            "SELECT id FROM tasks INDEXED BY tasks_dedupe WHERE dedupe_key = ? ORDER BY id");
        read.bind(key);
        while (read.step()) ids.emplace_back(read.text(0));
    });
    if (!done) return std::move(done).error();
    ids = existing(std::move(ids));
    if (ids.empty()) return std::optional<std::string>();
    return std::optional<std::string>(ids.front());
}

Result<std::vector<std::string>> Index::resolve(std::string_view text, std::size_t limit) {
    constexpr std::size_t shortest_ending = 5;
    // Far more than anybody can tell apart; only ids made to look alike come so near each other.
    constexpr std::int64_t enough = 10'000;
    std::vector<std::string> ids;
    const auto add_range = [&](Database& database, const char* sql, const std::string& from) {
        const std::string to = from + "\x7f";
        Statement read = database.prepare(sql);
        read.bind(std::string_view(from)).bind(std::string_view(to)).bind(enough);
        while (read.step()) ids.emplace_back(read.text(0));
    };
    auto done = run(Needs::completeness, [&](Database& database) {
        ids.clear();
        constexpr const char* by_id =
            "SELECT id FROM tasks WHERE id >= ? AND id < ? ORDER BY id LIMIT ?";
        add_range(database, by_id, std::string(text));
        add_range(database, by_id, std::string(task_id_prefix) + std::string(text));
        if (text.size() < shortest_ending) return;
        add_range(database, "SELECT id FROM tasks WHERE tail >= ? AND tail < ? LIMIT ?",
                  std::string(text.rbegin(), text.rend()));
    });
    if (!done) return std::move(done).error();
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    std::vector<std::string> found;
    for (std::string& id : ids) {
        if (found.size() == limit) break;
        if (tasks_->stamp(id)) found.push_back(std::move(id));
    }
    return found;
}

Result<std::optional<std::string>> Index::task_of_session(std::string_view session_id) {
    std::optional<std::string> task;
    auto done = run(Needs::completeness, [&](Database& database) {
        task.reset();
        Statement read = database.prepare("SELECT task FROM sessions WHERE id = ?");
        read.bind(session_id);
        if (read.step()) task = read.text(0);
    });
    if (!done) return std::move(done).error();
    if (task && !tasks_->stamp(*task)) task.reset();
    return task;
}

Result<std::vector<std::string>> Index::sessions_of(std::string_view task_id) {
    std::vector<std::string> ids;
    auto done = run(Needs::nothing, [&](Database& database) {
        ids.clear();
        Statement read = database.prepare("SELECT id FROM sessions WHERE task = ?");
        read.bind(task_id);
        while (read.step()) ids.emplace_back(read.text(0));
    });
    if (!done) return std::move(done).error();
    return ids;
}

} // namespace loong::store_files
