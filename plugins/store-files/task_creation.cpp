#include "task_creation.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "record_text.hpp"

#include <cerrno>
#include <ctime>
#include <fcntl.h>

namespace loong::store_files {

namespace {

/// How long a directory without a lock is taken for one whose maker has not come to locking yet.
constexpr std::time_t leftover_age = 60;

Error exists_already(const std::string& task_id) {
    return {ErrorCode::conflict, "task " + task_id + ": a task of that id exists already", {}};
}

} // namespace

bool is_abandoned(const Root& root, const std::string& hidden_name) {
    Descriptor events;
    if (open_below(root.tasks(), hidden_name + "/events.yaml", O_RDONLY | O_NONBLOCK, events) ==
        0) {
        if (ask_lock(events.get(), LockKind::shared, {0, 0}).locked_from) return false;
    }
    struct stat about {};
    if (::fstatat(root.tasks(), hidden_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    return std::time(nullptr) - about.st_ctim.tv_sec > leftover_age ||
           std::time(nullptr) < about.st_ctim.tv_sec;
}

Result<NewTaskFiles> NewTaskFiles::build(const Root& root, const NewTask& task) {
    NewTaskFiles made(root, task.task_id);
    if (exists(root.tasks(), task.task_id)) return exists_already(task.task_id);
    if (auto done = made.make_directory(); !done) return std::move(done).error();
    if (auto done = made.make_files(task); !done) {
        made.discard();
        return std::move(done).error();
    }
    return made;
}

NewTaskFiles::~NewTaskFiles() {
    // Before closing, which tells the watchers.
    if (events_.is_open()) unlock(events_.get(), {0, 0});
}

Error NewTaskFiles::failure(int error_number) const {
    return io_error("create", root_->path() + "/tasks/" + task_id_, error_number);
}

Result<void> NewTaskFiles::make_directory() {
    FileSystem& files = root_->files();
    int failed = files.make_directory(root_->tasks(), hidden());
    if (failed == EEXIST) {
        if (!is_abandoned(*root_, hidden())) return exists_already(task_id_);
        failed = remove_tree(files, root_->tasks(), hidden());
        if (failed == 0) failed = files.make_directory(root_->tasks(), hidden());
    }
    if (failed == 0)
        failed = open_below(root_->tasks(), hidden(), O_RDONLY | O_DIRECTORY, directory_);
    if (failed != 0) return failure(failed);
    return {};
}

int NewTaskFiles::make_file(const std::string& name, std::string_view text, Descriptor& file) {
    FileSystem& files = root_->files();
    const int failed = files.create_file(directory_.get(), name, file);
    return failed != 0 ? failed : files.write_at(file.get(), text, 0);
}

Result<void> NewTaskFiles::make_files(const NewTask& task) {
    int failed = root_->files().create_file(directory_.get(), "events.yaml", events_);
    if (failed == 0) failed = try_lock(events_.get(), LockKind::exclusive, {0, 0});
    if (failed == 0) failed = root_->files().write_at(events_.get(), as_lines(task.records), 0);
    if (failed == 0) failed = make_file("task.yaml", task.document, document_);
    if (failed == 0 && !task.secrets.empty()) failed = make_file("secrets", task.secrets, secrets_);
    struct stat about {};
    if (failed == 0 && ::fstat(events_.get(), &about) != 0) failed = errno;
    if (failed != 0) return failure(failed);
    stamp_ = stamp_of(about);
    return {};
}

void NewTaskFiles::keep_lock_only() {
    directory_.close();
    document_.close();
    secrets_.close();
}

Result<void> NewTaskFiles::sync() {
    FileSystem& files = root_->files();
    // All are on their way to the disk before the first is waited for.
    for (const Descriptor* file : {&document_, &events_, &secrets_}) {
        if (file->is_open()) files.start_writing(file->get());
    }
    int failed = 0;
    for (const Descriptor* file : {&document_, &events_, &secrets_}) {
        if (failed == 0 && file->is_open()) failed = files.sync_file(file->get());
    }
    if (failed == 0) failed = files.sync_directory(directory_.get());
    if (failed != 0) return failure(failed);
    return {};
}

Result<void> NewTaskFiles::publish() {
    keep_lock_only();
    const int failed = root_->files().rename(root_->tasks(), hidden(), task_id_);
    if (failed == EEXIST || failed == ENOTEMPTY) return exists_already(task_id_);
    if (failed != 0) return failure(failed);
    published_ = true;
    return {};
}

void NewTaskFiles::discard() {
    FileSystem& files = root_->files();
    if (published_ && files.rename(root_->tasks(), task_id_, hidden()) != 0) return;
    published_ = false;
    static_cast<void>(remove_tree(files, root_->tasks(), hidden()));
}

} // namespace loong::store_files
