#include "task_lock.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "record_text.hpp"
#include "task_creation.hpp"

#include <cerrno>
#include <fcntl.h>

namespace loong::store_files {

Result<TaskLock> TaskLock::take(const Root& root, std::string_view task_id) {
    TaskLock lock(root, task_id);
    if (auto done = lock.lock(); !done) return std::move(done).error();
    if (auto done = lock.look(); !done) return std::move(done).error();
    return lock;
}

TaskLock::~TaskLock() {
    // Before closing: closing tells the watchers, who then must not find the lock still held.
    if (file_.is_open()) unlock(file_.get(), {0, 0});
}

std::string TaskLock::path() const { return root_->path() + "/tasks/" + task_id_ + "/events.yaml"; }

bool TaskLock::is_current() const {
    struct stat mine {};
    struct stat named {};
    return ::fstat(file_.get(), &mine) == 0 &&
           ::fstatat(root_->tasks(), (task_id_ + "/events.yaml").c_str(), &named,
                     AT_SYMLINK_NOFOLLOW) == 0 &&
           mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

Result<void> TaskLock::lock() {
    // Who waits for the lock of a task that is removed or replaced meanwhile looks again.
    for (int round = 0; round < 100; ++round) {
        int failed =
            open_below(root_->tasks(), task_id_ + "/events.yaml", O_RDWR | O_NONBLOCK, file_);
        if (failed == ENOENT && !exists(root_->tasks(), task_id_)) return task_not_found(task_id_);
        if (failed == ENOENT || failed == ELOOP || failed == ENOTDIR || failed == EISDIR)
            return corrupt(path(), system_words(failed));
        if (failed != 0) return io_error("open", path(), failed);
        failed = wait_lock(file_.get(), LockKind::exclusive, {writer_byte, 1}, lock_limit);
        if (failed == EAGAIN) break;
        if (failed != 0) return io_error("lock", path(), failed);
        if (is_current()) return {};
        file_.close();
    }
    file_.close();
    return Error{ErrorCode::store_busy,
                 "task " + task_id_ +
                     ": another process is changing it and does not come to an end",
                 "try again"};
}

Result<void> TaskLock::look() {
    struct stat about {};
    if (::fstat(file_.get(), &about) != 0) return io_error("look at", path(), errno);
    for (off_t size = 4096;; size *= 16) {
        const off_t offset = about.st_size > size ? about.st_size - size : 0;
        std::string text;
        const int failed =
            read_at(file_.get(), offset, static_cast<std::size_t>(about.st_size - offset), text);
        if (failed != 0) return io_error("read", path(), failed);
        if (offset > 0) {
            const RecordTail tail = find_tail(text);
            if (!tail.known) continue;
            revision_ = tail.last_id;
            whole_ = offset + static_cast<off_t>(tail.whole);
            torn_ = tail.torn;
            return {};
        }
        const RecordScan scan = scan_records(text, 1);
        if (!scan.damage.empty()) return corrupt(path(), scan.damage);
        if (scan.records.empty()) return corrupt(path(), "it holds no whole group of records");
        revision_ = scan.records.size();
        whole_ = static_cast<off_t>(scan.whole);
        torn_ = scan.torn;
        return {};
    }
}

Result<void> TaskLock::cut_torn() {
    if (!torn_) return {};
    FileSystem& files = root_->files();
    int failed = files.truncate(file_.get(), whole_);
    if (failed == 0) failed = files.sync_file(file_.get());
    if (failed != 0) return io_error("cut off what is torn of", path(), failed);
    torn_ = false;
    return {};
}

int TaskLock::cut_back() {
    FileSystem& files = root_->files();
    if (files.truncate(file_.get(), whole_) != 0) {
        // A group whose last byte is not a newline counts for nobody.
        struct stat about {};
        if (::fstat(file_.get(), &about) == 0 && about.st_size > whole_)
            return files.write_at(file_.get(), std::string_view("\0", 1), about.st_size - 1);
    }
    static_cast<void>(files.sync_file(file_.get()));
    return 0;
}

Result<FileStamp> TaskLock::append(const std::vector<std::string>& records) {
    FileSystem& files = root_->files();
    const std::string text = as_lines(records);
    int failed = try_lock(file_.get(), LockKind::exclusive, {whole_, writer_byte - whole_});
    if (failed != 0) return io_error("lock", path(), failed);
    // The torn rest may be longer than what is written over it.
    if (torn_) failed = files.truncate(file_.get(), whole_);
    if (failed == 0) failed = files.write_at(file_.get(), text, whole_);
    if (failed == 0) failed = files.sync_file(file_.get());
    if (failed != 0) {
        const Error error = io_error("write", path(), failed);
        static_cast<void>(cut_back());
        return error;
    }
    // Readers see it before the index tells of it: what is told of can be read.
    unlock(file_.get(), {whole_, static_cast<off_t>(text.size())});
    revision_ += records.size();
    whole_ += static_cast<off_t>(text.size());
    torn_ = false;
    struct stat about {};
    if (::fstat(file_.get(), &about) != 0) return FileStamp{};
    return stamp_of(about);
}

Result<void> TaskLock::take_out() {
    FileSystem& files = root_->files();
    const std::string gone = std::string(gone_prefix) + task_id_;
    int failed = remove_tree(files, root_->tasks(), gone);
    if (failed == 0) failed = files.rename(root_->tasks(), task_id_, gone);
    if (failed != 0) return io_error("remove", path(), failed);
    failed = files.sync_directory(root_->tasks());
    if (failed == 0) return {};
    const Error error = io_error("remove", path(), failed);
    static_cast<void>(files.rename(root_->tasks(), gone, task_id_));
    return error;
}

} // namespace loong::store_files
