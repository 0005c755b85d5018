#include "file_store.hpp"

#include "bell.hpp"
#include "errors.hpp"
#include "file_lock.hpp"
#include "file_watch.hpp"
#include "inspection.hpp"
#include "loong/ids.hpp"
#include "record_text.hpp"
#include "settings.hpp"
#include "task_lock.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace loong::store_files {

namespace {

Error conflict(std::string_view task_id, const std::string& why) {
    return {ErrorCode::conflict, "task " + std::string(task_id) + ": " + why,
            "look at the task again"};
}

Error revision_moved(std::string_view task_id, std::uint64_t is, std::uint64_t expected) {
    return conflict(task_id, "it was changed meanwhile; its revision is " + std::to_string(is) +
                                 " and no longer " + std::to_string(expected));
}

} // namespace

const RootKind& root_kind() {
    static const RootKind kind{"store-files", 1, "index.lock", {}};
    return kind;
}

Result<std::unique_ptr<Store>> FileStore::make(const StoreSetup& setup) {
    return make(setup, FileSystem::real());
}

Result<std::unique_ptr<Store>> FileStore::make(const StoreSetup& setup, FileSystem& files) {
    auto settings = read_settings(setup, root_kind().name);
    if (!settings) return std::move(settings).error();
    auto root = Root::open(files, settings->root, root_kind());
    if (!root) return std::move(root).error();
    return std::unique_ptr<Store>(
        new FileStore(std::make_shared<Root>(std::move(*root)), *setup.host));
}

FileStore::FileStore(std::shared_ptr<Root> root, const StoreHost& host)
    : root_(std::move(root)),
      tasks_(*root_),
      index_(*root_, host, tasks_),
      leases_(root_),
      sessions_(root_, false) {}

Result<void> FileStore::append(std::string_view task_id, std::uint64_t expected_revision,
                               const std::vector<std::string>& records, const TaskSummary& summary,
                               const Lease* lease) {
    return append_then(task_id, expected_revision, records, summary, lease, [] {});
}

Result<void> FileStore::append_then(std::string_view task_id, std::uint64_t expected_revision,
                                    const std::vector<std::string>& records,
                                    const TaskSummary& summary, const Lease* lease,
                                    const std::function<void()>& durable) {
    if (auto checked = check_group(records, expected_revision + 1); !checked) return checked;
    // Destroyed last: those who are woken find the task changed and unlocked.
    std::optional<Bell> bell;
    auto lock = TaskLock::take(*root_, task_id);
    if (!lock) return std::move(lock).error();
    if (lock->revision() != expected_revision)
        return revision_moved(task_id, lock->revision(), expected_revision);
    if (lease != nullptr && !lease->is_held())
        return conflict(task_id, "the lease " + std::string(lease->name()) + " is lost");
    auto held = Bell::hold(*root_);
    if (!held) return std::move(held).error();
    bell.emplace(std::move(*held));
    const std::vector<std::string> marked{std::string(task_id)};
    if (auto done = index_.mark(marked); !done) return done;
    auto stamp = lock->append(records);
    if (!stamp) {
        index_.unmark(marked);
        return std::move(stamp).error();
    }
    durable();
    index_.put({index_.entry(summary, *stamp)});
    return {};
}

Result<void> FileStore::write_secrets(std::string_view task_id, std::string_view secrets) {
    return tasks_.write_secrets(task_id, secrets);
}

Result<void> FileStore::erase_secrets(std::string_view task_id) {
    return tasks_.erase_secrets(task_id);
}

Result<void> FileStore::remove(std::string_view task_id, std::uint64_t expected_revision) {
    const std::string id(task_id);
    std::vector<std::string> sessions;
    {
        std::optional<Bell> bell;
        auto lock = TaskLock::take(*root_, task_id);
        if (!lock) return std::move(lock).error();
        if (lock->revision() != expected_revision)
            return revision_moved(task_id, lock->revision(), expected_revision);
        auto held = Bell::hold(*root_);
        if (!held) return std::move(held).error();
        bell.emplace(std::move(*held));
        if (auto known = index_.sessions_of(task_id)) sessions = std::move(*known);
        if (auto done = index_.mark({id}); !done) return done;
        if (auto done = lock->take_out(); !done) {
            index_.unmark({id});
            return done;
        }
        index_.remove(id);
    }
    // Gone for everyone. What is left takes room and nothing else; repair() finds it.
    remove_leases(task_id, sessions);
    static_cast<void>(remove_tree(root_->files(), root_->tasks(), std::string(gone_prefix) + id));
    return {};
}

void FileStore::remove_leases(std::string_view task_id, const std::vector<std::string>& sessions) {
    leases_.remove(task_id);
    for (const std::string& session : sessions) leases_.remove(session);
    Descriptor kept;
    const std::string path = std::string(gone_prefix) + std::string(task_id) + "/sessions";
    if (open_below(root_->tasks(), path, O_RDONLY | O_DIRECTORY, kept) != 0) return;
    static_cast<void>(for_each_name(kept.get(), [&](const char* name) {
        if (is_child_session_id(name)) leases_.remove(name);
        return true;
    }));
}

Result<StoredTask> FileStore::read(std::string_view task_id) {
    auto task = tasks_.read(task_id);
    if (!task) return std::move(task).error();
    return StoredTask{std::move(task->document), std::move(task->records)};
}

Result<EventRecords> FileStore::read_events(std::string_view task_id, std::uint64_t after_id,
                                            std::size_t limit) {
    return tasks_.read_events(task_id, after_id, limit);
}

Result<std::uint64_t> FileStore::revision(std::string_view task_id) {
    return tasks_.revision(task_id);
}

Result<std::optional<std::string>> FileStore::read_secrets(std::string_view task_id) {
    return tasks_.secrets(task_id);
}

Result<ListedTask> FileStore::find(std::string_view task_id) { return index_.find(task_id); }

Result<ListPage> FileStore::list(const TaskFilter& filter, ListOrder order, std::string_view cursor,
                                 std::size_t limit) {
    return index_.list(filter, order, cursor, limit);
}

Result<std::vector<CountGroup>> FileStore::count(const TaskFilter& filter) {
    return index_.count(filter);
}

Result<std::vector<ListedTask>> FileStore::claimable(Time now, std::size_t limit) {
    return index_.claimable(now, limit);
}

Result<std::optional<Time>> FileStore::next_due(Time now) { return index_.next_due(now); }

Result<std::vector<std::string>> FileStore::dependents(std::string_view task_id) {
    return index_.dependents(task_id);
}

Result<std::optional<std::string>> FileStore::find_dedupe_key(std::string_view key) {
    return index_.find_dedupe_key(key);
}

Result<std::vector<std::string>> FileStore::resolve(std::string_view text, std::size_t limit) {
    return index_.resolve(text, limit);
}

Result<std::optional<std::string>> FileStore::task_of_session(std::string_view session_id) {
    return index_.task_of_session(session_id);
}

Result<std::unique_ptr<Lease>> FileStore::take_lease(std::string_view name) {
    return leases_.take(name);
}

Result<std::unique_ptr<Lease>> FileStore::wait_for_lease(std::string_view name,
                                                         Milliseconds limit) {
    return leases_.wait_for(name, limit);
}

Result<LeaseStatus> FileStore::lease_status(std::string_view name) { return leases_.status(name); }

Result<std::unique_ptr<Watch>> FileStore::watch(const std::vector<WatchTarget>& targets) {
    return FileWatch::make(root_, targets, [](std::string_view task_id) {
        return ChangedFile{"tasks/" + std::string(task_id), "events.yaml"};
    });
}

Result<std::string> FileStore::made_session_directory(std::string_view task_id,
                                                      std::string_view session_id,
                                                      int failed) const {
    std::string path = sessions_.path(task_id, session_id);
    if (failed == 0) return path;
    if (failed == ENOENT) return tasks_.not_readable(task_id, failed);
    return io_error("make directory", path, failed);
}

Result<std::string> FileStore::session_directory(std::string_view task_id,
                                                 std::string_view session_id) {
    return made_session_directory(task_id, session_id, sessions_.make(task_id, session_id));
}

Result<std::string> FileStore::prepare_session_directory(std::string_view task_id,
                                                         std::string_view session_id) {
    return made_session_directory(task_id, session_id, sessions_.prepare(task_id, session_id));
}

Result<std::string> FileStore::task_directory(std::string_view task_id) {
    return tasks_.directory(task_id);
}

Result<std::vector<Finding>> FileStore::verify() {
    return Inspection(*root_, tasks_, index_, leases_).verify();
}

Result<void> FileStore::repair(const Finding& finding) {
    return Inspection(*root_, tasks_, index_, leases_).repair(finding);
}

} // namespace loong::store_files
