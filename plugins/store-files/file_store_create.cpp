#include "bell.hpp"
#include "errors.hpp"
#include "file_lock.hpp"
#include "file_store.hpp"
#include "loong/ids.hpp"
#include "record_check.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace loong::store_files {

namespace {

/// How many tasks are made together. Each holds a descriptor meanwhile.
constexpr std::size_t tasks_at_once = 256;
/// From how many on one sync of the whole file system costs less than three for each task, also
/// where others have much to write.
constexpr std::size_t share_sync_from = 16;

} // namespace

Result<std::vector<Result<CreatedTask>>> FileStore::create(const std::vector<NewTask>& tasks) {
    Results results(tasks.size());
    for (std::size_t first = 0; first < tasks.size(); first += tasks_at_once) {
        const std::size_t count = std::min(tasks_at_once, tasks.size() - first);
        if (auto done = create_some(tasks, first, count, results); !done)
            return std::move(done).error();
    }
    std::vector<Result<CreatedTask>> created;
    created.reserve(results.size());
    for (std::optional<Result<CreatedTask>>& result : results)
        created.push_back(std::move(*result));
    return created;
}

Result<Descriptor> FileStore::lock_dedupe_keys() {
    Descriptor lock;
    int failed = open_or_create(root_->files(), root_->root(), "index.lock", O_RDWR, lock);
    if (failed == 0) failed = wait_lock(lock.get(), LockKind::exclusive, {3, 1}, lock_limit);
    if (failed == EAGAIN) {
        return Error{ErrorCode::store_busy,
                     "state directory " + root_->path() +
                         ": another process is creating tasks and does not come to an end",
                     "try again"};
    }
    if (failed != 0) return io_error("lock", root_->path() + "/index.lock", failed);
    return lock;
}

Result<void> FileStore::create_some(const std::vector<NewTask>& tasks, std::size_t first,
                                    std::size_t count, Results& results) {
    Descriptor dedupe_lock;
    const auto begin = tasks.begin() + static_cast<std::ptrdiff_t>(first);
    if (std::any_of(begin, begin + static_cast<std::ptrdiff_t>(count),
                    [](const NewTask& task) { return !task.summary.dedupe_key.empty(); })) {
        auto lock = lock_dedupe_keys();
        if (!lock) return std::move(lock).error();
        dedupe_lock = std::move(*lock);
    }
    auto bell = Bell::hold(*root_);
    if (!bell) return std::move(bell).error();
    Batch batch;
    auto done = build(tasks, first, count, batch, results);
    if (done && !batch.made.empty()) done = publish(tasks, batch, results);
    if (!done) {
        for (NewTaskFiles& made : batch.made) made.discard();
    }
    return done;
}

Result<void> FileStore::build(const std::vector<NewTask>& tasks, std::size_t first,
                              std::size_t count, Batch& batch, Results& results) {
    batch.shares_sync = count >= share_sync_from;
    std::unordered_map<std::string, std::string> keys;
    for (std::size_t place = first; place < first + count; ++place) {
        const NewTask& task = tasks[place];
        if (auto checked = check_new_task(task); !checked) {
            results[place] = std::move(checked).error();
            continue;
        }
        const std::string& key = task.summary.dedupe_key;
        // An id that is taken is told before a key that is: whoever calls again learns both ways
        // that nothing was created, and by this one that it was its own call that did it.
        if (!key.empty() && !exists(root_->tasks(), task.task_id)) {
            const auto here = keys.find(key);
            auto owner = here != keys.end() ? std::optional<std::string>(here->second)
                                            : std::optional<std::string>();
            if (!owner) {
                auto found = index_.find_dedupe_key(key);
                if (!found) return std::move(found).error();
                owner = std::move(*found);
            }
            if (owner) {
                results[place] = CreatedTask{*owner, false};
                continue;
            }
        }
        auto made = NewTaskFiles::build(*root_, task);
        if (!made) {
            results[place] = std::move(made).error();
            continue;
        }
        if (batch.shares_sync) made->keep_lock_only();
        if (!key.empty()) keys.emplace(key, task.task_id);
        batch.made.push_back(std::move(*made));
        batch.places.push_back(place);
    }
    return {};
}

void FileStore::name_tasks(Batch& batch, Results& results) {
    const int failed = batch.shares_sync ? root_->files().sync_all(root_->tasks()) : 0;
    for (std::size_t i = 0; i < batch.made.size(); ++i) {
        NewTaskFiles& made = batch.made[i];
        Result<void> done;
        if (failed != 0) done = io_error("sync", root_->path() + "/tasks", failed);
        if (!batch.shares_sync) done = made.sync();
        if (done) done = made.publish();
        if (done) continue;
        made.discard();
        results[batch.places[i]] = std::move(done).error();
    }
}

Result<void> FileStore::publish(const std::vector<NewTask>& tasks, Batch& batch, Results& results) {
    // After the hidden directories are there, and before the tasks are: whoever finds a mark and
    // neither of both knows that nothing will come any more.
    std::vector<std::string> marked;
    for (const NewTaskFiles& made : batch.made) marked.push_back(made.task_id());
    if (auto done = index_.mark(marked); !done) return done;
    name_tasks(batch, results);
    const int failed = root_->files().sync_directory(root_->tasks());
    std::vector<IndexEntry> entries;
    std::vector<std::string> not_made;
    for (std::size_t i = 0; i < batch.made.size(); ++i) {
        const std::size_t place = batch.places[i];
        if (failed != 0 && !results[place]) {
            results[place] = io_error("sync", root_->path() + "/tasks", failed);
            batch.made[i].discard();
        }
        if (results[place]) {
            not_made.push_back(batch.made[i].task_id());
            continue;
        }
        // Before the index tells of it: what is told of can be read.
        batch.made[i].show();
        entries.push_back(index_.entry(tasks[place].summary, batch.made[i].stamp(),
                                       sessions_in(tasks[place].records, tasks[place].summary)));
        results[place] = CreatedTask{batch.made[i].task_id(), true};
    }
    if (!entries.empty()) index_.put(entries);
    if (!not_made.empty()) index_.unmark(not_made);
    return {};
}

} // namespace loong::store_files
