#include "errors.hpp"
#include "file_lock.hpp"
#include "file_store.hpp"
#include "loong/ids.hpp"
#include "record_check.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <future>
#include <sys/resource.h>

namespace loong::store_files {

namespace {

/// More would make the others wait longer than the shared sync is worth.
constexpr rlim_t most_at_once = 2048;
/// Descriptors that are left for everything else.
constexpr rlim_t other_descriptors = 128;
/// From how many on one sync of the whole file system costs less than three for each task, also
/// where others have much to write.
constexpr std::size_t share_sync_from = 16;

/// How many tasks are made together, since each sync takes as long as those of several tasks. Each
/// holds a descriptor meanwhile, and there are two such groups at a time.
std::size_t tasks_at_once() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return share_sync_from;
    const rlim_t spare =
        files.rlim_cur > other_descriptors ? files.rlim_cur - other_descriptors : 0;
    return std::clamp<rlim_t>(spare / 2, share_sync_from, most_at_once);
}

} // namespace

Result<std::vector<Result<CreatedTask>>> FileStore::create(const std::vector<NewTask>& tasks) {
    Results results(tasks.size());
    const std::size_t at_once = tasks_at_once();
    // While the disk and the index take one batch, in a thread of its own, the files of the next are
    // built. The two touch other tasks and other results.
    std::optional<Batch> naming;
    std::future<void> named;
    const auto finish = [&] {
        if (!naming) return;
        named.get();
        naming.reset();
    };
    for (std::size_t first = 0; first < tasks.size(); first += at_once) {
        const std::size_t end = std::min(first + at_once, tasks.size());
        const bool is_last = end == tasks.size();
        // Who is next to decide on a key finds all decided before in the index.
        const bool has_keys =
            std::any_of(tasks.begin() + static_cast<std::ptrdiff_t>(first),
                        tasks.begin() + static_cast<std::ptrdiff_t>(end),
                        [](const NewTask& task) { return !task.summary.dedupe_key.empty(); });
        if (has_keys) finish();
        Batch batch;
        auto done = build(tasks, first, end, has_keys, batch, results);
        finish();
        if (done) done = announce(batch);
        if (!done) {
            for (NewTaskFiles& made : batch.made) made.discard();
            return std::move(done).error();
        }
        if (batch.made.empty()) continue;
        naming.emplace(std::move(batch));
        const auto when = is_last || has_keys ? std::launch::deferred
                                              : std::launch::async | std::launch::deferred;
        named = std::async(when, [&] {
            name_tasks(*naming, results);
            show_tasks(tasks, *naming, results);
        });
        if (is_last || has_keys) finish();
    }
    finish();
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

Result<void> FileStore::build(const std::vector<NewTask>& tasks, std::size_t first, std::size_t end,
                              bool has_keys, Batch& batch, Results& results) {
    if (has_keys) {
        auto lock = lock_dedupe_keys();
        if (!lock) return std::move(lock).error();
        batch.dedupe_lock = std::move(*lock);
    }
    auto bell = Bell::hold(*root_);
    if (!bell) return std::move(bell).error();
    batch.bell.emplace(std::move(*bell));
    batch.shares_sync = end - first >= share_sync_from;
    std::unordered_map<std::string, std::string> keys;
    for (std::size_t place = first; place < end; ++place) {
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

Result<void> FileStore::announce(const Batch& batch) {
    if (batch.made.empty()) return {};
    // After the hidden directories are there, and before the tasks are: whoever finds a mark and
    // neither of both knows that nothing will come any more.
    std::vector<std::string> marked;
    // The disk has something to do while the index is told.
    for (const NewTaskFiles& made : batch.made) {
        marked.push_back(made.task_id());
        if (!batch.shares_sync) made.start_writing();
    }
    return index_.mark(marked);
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
    const int unsynced = root_->files().sync_directory(root_->tasks());
    for (std::size_t i = 0; unsynced != 0 && i < batch.made.size(); ++i) {
        std::optional<Result<CreatedTask>>& result = results[batch.places[i]];
        if (result) continue;
        batch.made[i].discard();
        result = io_error("sync", root_->path() + "/tasks", unsynced);
    }
}

void FileStore::show_tasks(const std::vector<NewTask>& tasks, Batch& batch, Results& results) {
    std::vector<IndexEntry> entries;
    std::vector<std::string> not_made;
    for (std::size_t i = 0; i < batch.made.size(); ++i) {
        const std::size_t place = batch.places[i];
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
}

} // namespace loong::store_files
