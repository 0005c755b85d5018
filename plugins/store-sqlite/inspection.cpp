#include "inspection.hpp"

#include "errors.hpp"
#include "loong/ids.hpp"
#include "modes.hpp"
#include "task_rows.hpp"

#include <algorithm>

namespace loong::store_sqlite {

namespace {

const std::vector<std::string> root_names = {
    ".",           "store.yaml",       "boot.json",        "bell",   "store.lock", "tasks",
    database_name, "tasks.sqlite-wal", "tasks.sqlite-shm", "leases", "clock",      "workers",
};

/// Tasks that are looked at in one transaction: the log cannot be emptied meanwhile.
constexpr std::int64_t looked_at_once = 256;

Finding damaged_task(const std::string& task_id, const Error& error) {
    const bool newer = error.code == ErrorCode::store_version;
    return {newer ? "newer_task" : "damaged_task",
            Severity::error,
            task_id,
            error.message,
            newer ? "use the loong that wrote it"
                  : "put the state directory back from a copy, or leave it as it is; other tasks "
                    "are not affected",
            false};
}

/// The ids that follow, as many as are looked at in one transaction.
std::vector<std::string> next_tasks(Database& database, const std::string& last) {
    std::vector<std::string> ids;
    Statement read = database.prepare("SELECT id FROM tasks WHERE id > ? ORDER BY id LIMIT ?");
    read.bind(std::string_view(last)).bind(looked_at_once);
    while (read.step()) ids.emplace_back(read.text(0));
    return ids;
}

} // namespace

Result<std::vector<Finding>> Inspection::verify() {
    findings_.clear();
    if (auto finding = find_open_modes(root_->root(), root_names, {}))
        findings_.push_back(std::move(*finding));
    auto done = look_at_file();
    if (done) done = look_at_tasks();
    if (done) done = look_at_directories();
    if (!done) return std::move(done).error();
    return std::move(findings_);
}

Result<void> Inspection::look_at_file() {
    std::string damage;
    std::string contradiction;
    auto done = database_->look([&](Database& database) -> Result<void> {
        Statement check = database.prepare("PRAGMA integrity_check(1)");
        if (check.step() && check.text(0) != "ok") damage = check.text(0);
        if (damage.empty()) contradiction = selection_damage(database);
        return {};
    });
    if (!done && done.error().code != ErrorCode::store_corrupt) return done;
    if (!done) damage = done.error().message;
    if (damage.empty() && !contradiction.empty()) {
        findings_.push_back(
            {"damaged_index",
             Severity::warning,
             {},
             "the tables that tasks are selected by contradict each other: " + contradiction,
             "make them again from the tasks",
             true});
    }
    if (damage.empty()) return {};
    findings_.push_back({"damaged_file",
                         Severity::error,
                         {},
                         "the file with all tasks is damaged: " + damage,
                         "put " + database_->path() +
                             " back from a copy, or save what can be read: `sqlite3 " +
                             database_->path() + " .recover`",
                         false});
    return {};
}

Result<void> Inspection::look_at_tasks() {
    std::string last;
    for (bool more = true; more;) {
        auto done = database_->look([&](Database& database) -> Result<void> {
            const std::vector<std::string> ids = next_tasks(database, last);
            for (const std::string& task_id : ids) look_at_task(database, task_id);
            more = !ids.empty();
            if (more) last = ids.back();
            return {};
        });
        // Told already, as damage of the file.
        if (!done && done.error().code == ErrorCode::store_corrupt) return {};
        if (!done) return done;
    }
    return {};
}

void Inspection::look_at_task(Database& database, const std::string& task_id) {
    const auto task = find_task(database, task_id);
    if (!task) return;
    auto stored = read_task(database, task_id, *task);
    if (database.failure() != SQLITE_OK) return;
    if (!stored) {
        findings_.push_back(damaged_task(task_id, stored.error()));
        return;
    }
    auto summary = host_->summarize(task_id, stored->document, stored->records);
    if (!summary) {
        findings_.push_back(damaged_task(task_id, summary.error()));
        return;
    }
    Statement read = database.prepare("SELECT summary FROM tasks WHERE id = ?");
    read.bind(std::string_view(task_id));
    if (!read.step()) return;
    // What an older loong has left may say the same in other words, and is no damage.
    const auto listed = host_->decode(read.text(0));
    if (listed && host_->encode(*listed) == host_->encode(*summary)) return;
    findings_.push_back({"row_differs", Severity::warning, task_id,
                         "the task is listed by something else than its records say",
                         "write its row again", true});
}

Result<bool> Inspection::is_left_over(const std::string& name) {
    bool found = false;
    auto done = database_->look([&](Database& database) -> Result<void> {
        found = find_task(database, name).has_value();
        return {};
    });
    if (!done) return std::move(done).error();
    return !found;
}

Result<void> Inspection::look_at_directories() {
    std::vector<std::string> names;
    const int failed = for_each_name(root_->tasks(), [&](const char* name) {
        names.emplace_back(name);
        return true;
    });
    if (failed != 0) return io_error("read", root_->path() + "/tasks", failed);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (!is_task_id(name)) {
            findings_.push_back({"foreign_entry",
                                 Severity::note,
                                 {},
                                 "'" + name + "' in " + root_->path() + "/tasks is no task",
                                 "move it elsewhere by hand; loong ignores it",
                                 false});
            continue;
        }
        auto left = is_left_over(name);
        if (!left && left.error().code == ErrorCode::store_corrupt) return {};
        if (!left) return std::move(left).error();
        if (*left) {
            findings_.push_back({"unfinished_removal", Severity::note, name,
                                 "a task is removed, but files of it are left", "remove them",
                                 true});
        }
    }
    return {};
}

Result<void> Inspection::put_row(Database& database, IndexRows& rows, const std::string& task_id) {
    const auto task = find_task(database, task_id);
    if (!task) return {};
    auto stored = read_task(database, task_id, *task);
    if (!stored) return std::move(stored).error();
    auto summary = host_->summarize(task_id, stored->document, stored->records);
    if (!summary) return std::move(summary).error();
    rows.put({task_id, std::to_string(task->revision), &*summary, host_->encode(*summary),
              sessions_in(stored->records, *summary)});
    return {};
}

Result<void> Inspection::write_row(const std::string& task_id) {
    return database_->change([&](Database& database) -> Result<void> {
        IndexRows rows = index_rows(database);
        auto put = put_row(database, rows, task_id);
        rows.finish();
        return put;
    });
}

Result<void> Inspection::write_all_rows() {
    std::string last;
    for (bool more = true; more;) {
        auto done = database_->change([&](Database& database) -> Result<void> {
            IndexRows rows = index_rows(database);
            const std::vector<std::string> ids = next_tasks(database, last);
            for (const std::string& task_id : ids) {
                if (put_row(database, rows, task_id)) continue;
                // All that it can be selected by is that it cannot be read.
                if (const auto task = find_task(database, task_id))
                    rows.put({task_id, std::to_string(task->revision), nullptr, {}, {}});
            }
            rows.finish();
            more = !ids.empty();
            if (more) last = ids.back();
            return {};
        });
        if (!done) return done;
    }
    // Whoever changes a task meanwhile leaves a row that is right, and nothing but rows is asked.
    return database_->change([](Database& database) -> Result<void> {
        make_members_again(database);
        return {};
    });
}

Result<void> Inspection::repair(const Finding& finding) {
    if (finding.code == "permissions")
        return repair_modes(root_->files(), root_->root(), root_names);
    if (finding.code == "row_differs") return write_row(finding.task_id);
    if (finding.code == "damaged_index") return write_all_rows();
    if (finding.code == "unfinished_removal") {
        auto left = is_left_over(finding.task_id);
        if (!left) return std::move(left).error();
        if (!*left) return {};
        const int failed = remove_tree(root_->files(), root_->tasks(), finding.task_id);
        if (failed != 0)
            return io_error("clear", root_->path() + "/tasks/" + finding.task_id, failed);
        return {};
    }
    return Error{ErrorCode::unsupported,
                 "finding " + finding.code + ": there is no repair that a program could do",
                 finding.fix};
}

} // namespace loong::store_sqlite
