#include "sqlite_store.hpp"

#include "bell.hpp"
#include "errors.hpp"
#include "file_watch.hpp"
#include "index_lookup.hpp"
#include "inspection.hpp"
#include "record_check.hpp"
#include "settings.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>

namespace loong::store_sqlite {

namespace {

/// How many tasks are made in one transaction, and thus by one sync. Others wait meanwhile.
constexpr std::size_t tasks_at_once = 256;

Error conflict(std::string_view task_id, const std::string& why) {
    return {ErrorCode::conflict, "task " + std::string(task_id) + ": " + why,
            "look at the task again"};
}

Error revision_moved(std::string_view task_id, std::uint64_t is, std::uint64_t expected) {
    return conflict(task_id, "it was changed meanwhile; its revision is " + std::to_string(is) +
                                 " and no longer " + std::to_string(expected));
}

/// Tasks share few bells, so that there is a bell for a task before there is the task, and none is
/// left of it. Who watches a task looks again in vain when one of the others changes.
std::string bell_of(std::string_view task_id) {
    return std::string(bell_file) + "-" + std::string(task_id.substr(task_id.size() - 1));
}

/// The bells of all who may wait for a change of these tasks.
class Bells {
public:
    static Result<Bells> hold(const Root& root, const std::set<std::string>& names) {
        Bells bells;
        for (const std::string& name : names) {
            auto bell = Bell::hold(root, name);
            if (!bell) return std::move(bell).error();
            bells.held_.push_back(std::move(*bell));
        }
        return bells;
    }

private:
    std::vector<Bell> held_;
};

} // namespace

Result<std::unique_ptr<Store>> SqliteStore::make(const StoreSetup& setup) {
    return make(setup, FileSystem::real());
}

Result<std::unique_ptr<Store>> SqliteStore::make(const StoreSetup& setup, FileSystem& files) {
    auto settings = read_settings(setup, root_kind().name);
    if (!settings) return std::move(settings).error();
    auto root = Root::open(files, settings->root, root_kind());
    if (!root) return std::move(root).error();
    std::unique_ptr<SqliteStore> store(
        new SqliteStore(std::make_shared<Root>(std::move(*root)), *setup.host));
    if (auto opened = store->database_.open(); !opened) return std::move(opened).error();
    return std::unique_ptr<Store>(std::move(store));
}

SqliteStore::SqliteStore(std::shared_ptr<Root> root, const StoreHost& host)
    : root_(std::move(root)),
      host_(&host),
      database_(*root_),
      leases_(root_),
      sessions_(root_, true) {}

// ---- writing ----------------------------------------------------------------------------------

Result<std::vector<Result<CreatedTask>>> SqliteStore::create(const std::vector<NewTask>& tasks) {
    Results results;
    results.reserve(tasks.size());
    for (std::size_t first = 0; first < tasks.size(); first += tasks_at_once) {
        const std::size_t count = std::min(tasks_at_once, tasks.size() - first);
        if (auto done = create_some(tasks, first, count, results); !done)
            return std::move(done).error();
    }
    return results;
}

Result<void> SqliteStore::create_some(const std::vector<NewTask>& tasks, std::size_t first,
                                      std::size_t count, Results& results) {
    std::set<std::string> names{bell_file};
    for (std::size_t place = first; place < first + count; ++place) {
        if (check_new_task(tasks[place])) names.insert(bell_of(tasks[place].task_id));
    }
    auto bells = Bells::hold(*root_, names);
    if (!bells) return std::move(bells).error();
    auto done = database_.change([&](Database& database) -> Result<void> {
        IndexRows rows = index_rows(database);
        for (std::size_t place = first; place < first + count; ++place)
            results.push_back(create_one(database, rows, tasks[place]));
        rows.finish();
        return {};
    });
    if (!done) return done;
    // Asking for a task's directory then changes nothing. It is made again where it is missing.
    for (std::size_t place = first; place < first + count; ++place) {
        if (results[place] && results[place]->created)
            static_cast<void>(root_->files().make_directory(root_->tasks(), tasks[place].task_id));
    }
    return {};
}

Result<CreatedTask> SqliteStore::create_one(Database& database, IndexRows& rows,
                                            const NewTask& task) {
    if (auto checked = check_new_task(task); !checked) return std::move(checked).error();
    // An id that is taken is told before a key that is: whoever calls again learns both ways that
    // nothing was created, and by this one that it was its own call that did it.
    if (find_task(database, task.task_id))
        return conflict(task.task_id, "a task of that id exists already");
    const auto owners = select_by_dedupe_key(database, task.summary.dedupe_key);
    if (!owners.empty()) return CreatedTask{owners.front(), false};
    // What a removal left that never came to its end is none of this task's.
    if (exists(root_->tasks(), task.task_id)) {
        const int failed = remove_tree(root_->files(), root_->tasks(), task.task_id);
        if (failed != 0) return io_error("clear", root_->path() + "/tasks/" + task.task_id, failed);
    }
    insert_task(database, rows, *host_, task);
    return CreatedTask{task.task_id, true};
}

Result<void>
SqliteStore::change(std::string_view task_id,
                    const std::function<Result<void>(Database&, const TaskNumber&)>& work) {
    auto bells = Bells::hold(*root_, {bell_file, bell_of(task_id)});
    if (!bells) return std::move(bells).error();
    return database_.change([&](Database& database) -> Result<void> {
        const auto task = find_task(database, task_id);
        if (!task) return task_not_found(task_id);
        return work(database, *task);
    });
}

Result<void> SqliteStore::append(std::string_view task_id, std::uint64_t expected_revision,
                                 const std::vector<std::string>& records,
                                 const TaskSummary& summary, const Lease* lease) {
    if (auto checked = check_group(records, expected_revision + 1); !checked) return checked;
    return change(task_id, [&](Database& database, const TaskNumber& task) -> Result<void> {
        if (task.revision != expected_revision)
            return revision_moved(task_id, task.revision, expected_revision);
        if (lease != nullptr && !lease->is_held())
            return conflict(task_id, "the lease " + std::string(lease->name()) + " is lost");
        insert_records(database, task.number, expected_revision + 1, records);
        IndexRows rows = index_rows(database);
        rows.put({std::string(task_id),
                  std::to_string(expected_revision + records.size()),
                  &summary,
                  host_->encode(summary),
                  {}});
        rows.finish();
        return {};
    });
}

Result<void> SqliteStore::write_secrets(std::string_view task_id, std::string_view secrets) {
    return database_.change([&](Database& database) -> Result<void> {
        const auto task = find_task(database, task_id);
        if (!task) return task_not_found(task_id);
        put_secrets(database, task->number, secrets);
        return {};
    });
}

Result<void> SqliteStore::erase_secrets(std::string_view task_id) {
    bool erased = false;
    auto done = database_.change([&](Database& database) -> Result<void> {
        const auto task = find_task(database, task_id);
        if (!task) return task_not_found(task_id);
        erased = delete_secrets(database, task->number);
        return {};
    });
    // The row is overwritten in the file; the log still has it as it was written.
    if (done && erased) database_.empty_log();
    return done;
}

Result<void> SqliteStore::remove(std::string_view task_id, std::uint64_t expected_revision) {
    std::vector<std::string> sessions;
    auto done = change(task_id, [&](Database& database, const TaskNumber& task) -> Result<void> {
        if (task.revision != expected_revision)
            return revision_moved(task_id, task.revision, expected_revision);
        sessions = select_sessions_of(database, task_id);
        IndexRows rows = index_rows(database);
        delete_task(database, rows, task_id, task);
        rows.finish();
        return {};
    });
    if (!done) return done;
    // Gone for everyone. What is left takes room and nothing else; repair() finds it.
    leases_.remove(task_id);
    for (const std::string& session : sessions) leases_.remove(session);
    static_cast<void>(remove_tree(root_->files(), root_->tasks(), std::string(task_id)));
    return {};
}

// ---- leases, watching, directories ------------------------------------------------------------

Result<std::unique_ptr<Lease>> SqliteStore::take_lease(std::string_view name) {
    return leases_.take(name);
}

Result<std::unique_ptr<Lease>> SqliteStore::wait_for_lease(std::string_view name,
                                                           Milliseconds limit) {
    return leases_.wait_for(name, limit);
}

Result<LeaseStatus> SqliteStore::lease_status(std::string_view name) {
    return leases_.status(name);
}

Result<std::unique_ptr<Watch>> SqliteStore::watch(const std::vector<WatchTarget>& targets) {
    return FileWatch::make(root_, targets, [](std::string_view task_id) {
        return ChangedFile{{}, bell_of(task_id)};
    });
}

Result<std::string> SqliteStore::task_directory(std::string_view task_id) {
    if (auto found = revision(task_id); !found) return std::move(found).error();
    const std::string name(task_id);
    const int failed = root_->files().make_directory(root_->tasks(), name);
    // Where nothing can be written there is none yet, and nothing in it to be shown.
    if (failed != 0 && failed != EEXIST) return std::string();
    return root_->path() + "/tasks/" + name;
}

Result<std::string> SqliteStore::made_session_directory(std::string_view task_id,
                                                        std::string_view session_id,
                                                        MakeDirectory made_by) {
    if (auto found = revision(task_id); !found) return std::move(found).error();
    const int failed = (sessions_.*made_by)(task_id, session_id);
    std::string path = sessions_.path(task_id, session_id);
    if (failed != 0) return io_error("make directory", path, failed);
    return path;
}

Result<std::string> SqliteStore::session_directory(std::string_view task_id,
                                                   std::string_view session_id) {
    return made_session_directory(task_id, session_id, &SessionDirectories::make);
}

Result<std::string> SqliteStore::prepare_session_directory(std::string_view task_id,
                                                           std::string_view session_id) {
    return made_session_directory(task_id, session_id, &SessionDirectories::prepare);
}

Result<std::vector<Finding>> SqliteStore::verify() {
    return Inspection(*root_, database_, *host_).verify();
}

Result<void> SqliteStore::repair(const Finding& finding) {
    return Inspection(*root_, database_, *host_).repair(finding);
}

} // namespace loong::store_sqlite
