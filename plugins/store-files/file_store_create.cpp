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
/// holds a descriptor meanwhile, and there are three such groups at a time.
std::size_t tasks_at_once() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return share_sync_from;
    const rlim_t spare =
        files.rlim_cur > other_descriptors ? files.rlim_cur - other_descriptors : 0;
    return std::clamp<rlim_t>(spare / 3, share_sync_from, most_at_once);
}

} // namespace

/// Groups of new tasks on their way: while the files of one are built, the disk takes those of the one
/// before, and the one before that gets its names and its place in the index. Each of the two works in a
/// thread of its own, on other tasks and other results.
class FileStore::Pipeline {
public:
    Pipeline(FileStore& store, const std::vector<NewTask>& tasks, Results& results)
        : store_(&store),
          tasks_(&tasks),
          results_(&results) {}

    [[nodiscard]] bool is_empty() const { return !syncing_ && !naming_; }

    /// Returns once there is room for the next.
    Result<void> add(Batch batch) {
        if (auto done = advance(); !done) {
            discard(batch);
            return done;
        }
        syncing_.emplace(std::move(batch));
        synced_ = std::async(policy, [this] { return store_->sync_shared(); });
        return {};
    }

    /// Returns once all are shown.
    Result<void> finish() {
        auto advanced = advance();
        auto named = finish_naming();
        // Nothing is built meanwhile.
        failed_before_ = 0;
        return advanced ? named : advanced;
    }

private:
    static constexpr auto policy = std::launch::async | std::launch::deferred;

    Result<void> advance() {
        if (!syncing_) return {};
        const int failed = synced_.get();
        // A sync that fails may have lost files of the group that was built meanwhile, and the next
        // sync would not tell.
        const int failed_for_group = failed != 0 ? failed : failed_before_;
        failed_before_ = failed;
        Batch batch = std::move(*syncing_);
        syncing_.reset();
        if (auto done = finish_naming(); !done) {
            discard(batch);
            return done;
        }
        naming_.emplace(std::move(batch));
        named_ = std::async(policy, [this, failed_for_group] {
            return store_->complete(*tasks_, *naming_, failed_for_group, *results_);
        });
        return {};
    }

    Result<void> finish_naming() {
        if (!naming_) return {};
        Result<void> done = named_.get();
        naming_.reset();
        return done;
    }

    FileStore* store_;
    const std::vector<NewTask>* tasks_;
    Results* results_;
    /// How the sync of the group before ended.
    int failed_before_ = 0;
    std::optional<Batch> syncing_;
    std::optional<Batch> naming_;
    // What they work on outlives them.
    std::future<int> synced_;
    std::future<Result<void>> named_;
};

Result<std::vector<Result<CreatedTask>>> FileStore::create(const std::vector<NewTask>& tasks) {
    Results results(tasks.size());
    const std::size_t at_once = tasks_at_once();
    Pipeline pipeline(*this, tasks, results);
    for (std::size_t first = 0; first < tasks.size(); first += at_once) {
        const std::size_t end = std::min(first + at_once, tasks.size());
        // Who is next to decide on a key finds all decided before in the index.
        const bool has_keys =
            std::any_of(tasks.begin() + static_cast<std::ptrdiff_t>(first),
                        tasks.begin() + static_cast<std::ptrdiff_t>(end),
                        [](const NewTask& task) { return !task.summary.dedupe_key.empty(); });
        Result<void> done;
        if (has_keys) done = pipeline.finish();
        Batch batch;
        if (done) done = build(tasks, first, end, has_keys, batch, results);
        const bool is_alone = end == tasks.size() && pipeline.is_empty();
        const bool goes_alone = has_keys || is_alone || !batch.shares_sync;
        // Also where something failed: what is on its way comes to its end.
        if (!done || goes_alone) {
            auto finished = pipeline.finish();
            if (done) done = finished;
        }
        if (!done) {
            discard(batch);
            return std::move(done).error();
        }
        if (batch.made.empty()) continue;
        if (goes_alone) {
            const int failed = batch.shares_sync ? sync_shared() : 0;
            done = complete(tasks, batch, failed, results);
        } else {
            done = pipeline.add(std::move(batch));
        }
        if (!done) return std::move(done).error();
    }
    if (auto done = pipeline.finish(); !done) return std::move(done).error();
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

void FileStore::discard(Batch& batch) {
    for (NewTaskFiles& made : batch.made) made.discard();
}

int FileStore::sync_shared() { return root_->files().sync_all(root_->tasks()); }

Result<void> FileStore::complete(const std::vector<NewTask>& tasks, Batch& batch, int failed,
                                 Results& results) {
    if (auto done = announce(batch); !done) {
        discard(batch);
        return done;
    }
    name_tasks(batch, failed, results);
    show_tasks(tasks, batch, results);
    return {};
}

Result<void> FileStore::announce(const Batch& batch) {
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

void FileStore::name_tasks(Batch& batch, int failed, Results& results) {
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
