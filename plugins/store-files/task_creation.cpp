#include "task_creation.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "record_text.hpp"
#include "text.hpp"

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

bool is_old(const Root& root, const std::string& name) {
    struct stat about {};
    if (::fstatat(root.tasks(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return false;
    const std::time_t now = std::time(nullptr);
    return now - about.st_mtim.tv_sec > leftover_age || now < about.st_mtim.tv_sec;
}

} // namespace

bool is_abandoned(const Root& root, const std::string& hidden_name) {
    Descriptor events;
    const int failed =
        open_below(root.tasks(), hidden_name + "/events.yaml", O_RDONLY | O_NONBLOCK, events);
    if (failed == 0 && ask_lock(events.get(), LockKind::shared, {0, 0}).locked_from) return false;
    return (failed == 0 && hidden_name.starts_with(new_prefix)) || is_old(root, hidden_name);
}

int clear_abandoned(const Root& root, const std::string& hidden_name) {
    if (!is_abandoned(root, hidden_name)) return EAGAIN;
    const std::string events_name = hidden_name + "/events.yaml";
    Descriptor events;
    int failed = open_below(root.tasks(), events_name, O_RDWR | O_NONBLOCK, events);
    if (failed == 0) {
        // Whoever holds the lock may remove it; others may have done so and begun a new one.
        failed = try_lock(events.get(), LockKind::exclusive, {0, 0});
        if (failed != 0) return failed;
        struct stat mine {};
        struct stat named {};
        if (::fstat(events.get(), &mine) != 0 ||
            ::fstatat(root.tasks(), events_name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
            mine.st_ino != named.st_ino)
            return EAGAIN;
    } else if (failed != ENOENT) {
        return failed;
    }
    const std::string gone = std::string(gone_prefix) + random_id();
    failed = root.files().rename(root.tasks(), hidden_name, gone);
    if (failed == ENOENT) return EAGAIN;
    return failed != 0 ? failed : remove_tree(root.files(), root.tasks(), gone);
}

int clear_leftovers(const Root& root) {
    std::vector<std::string> names;
    int failed = for_each_name(root.tasks(), [&](const char* name) {
        if (*name == '.') names.emplace_back(name);
        return true;
    });
    for (const std::string& name : names) {
        if (failed != 0) return failed;
        if (name.starts_with(new_prefix) || name.starts_with(building_prefix))
            failed = clear_abandoned(root, name);
        else if (name.starts_with(gone_prefix))
            failed = remove_tree(root.files(), root.tasks(), name);
        if (failed == EAGAIN) failed = 0;
    }
    return failed != 0 || names.empty() ? failed : root.files().sync_directory(root.tasks());
}

Result<NewTaskFiles> NewTaskFiles::build(const Root& root, const NewTask& task) {
    NewTaskFiles made(root, task.task_id);
    if (exists(root.tasks(), task.task_id)) return exists_already(task.task_id);
    if (const int failed = made.make_files(task); failed != 0) {
        made.discard();
        return made.failure(failed);
    }
    if (auto done = made.take_hidden_name(); !done) {
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

int NewTaskFiles::make_file(const std::string& name, std::string_view text, Descriptor& file) {
    FileSystem& files = root_->files();
    const int failed = files.create_file(directory_.get(), name, file);
    return failed != 0 ? failed : files.write_at(file.get(), text, 0);
}

int NewTaskFiles::make_files(const NewTask& task) {
    FileSystem& files = root_->files();
    name_ = std::string(building_prefix) + random_id();
    int failed = files.make_directory(root_->tasks(), name_);
    if (failed == 0) failed = open_below(root_->tasks(), name_, O_RDONLY | O_DIRECTORY, directory_);
    if (failed == 0) failed = make_file("events.yaml", as_lines(task.records), events_);
    if (failed == 0) failed = try_lock(events_.get(), LockKind::exclusive, {0, 0});
    if (failed == 0) failed = make_file("task.yaml", task.document, document_);
    if (failed == 0 && !task.secrets.empty()) failed = make_file("secrets", task.secrets, secrets_);
    struct stat about {};
    if (failed == 0 && ::fstat(events_.get(), &about) != 0) failed = errno;
    stamp_ = stamp_of(about);
    return failed;
}

Result<void> NewTaskFiles::take_hidden_name() {
    const std::string hidden = std::string(new_prefix) + task_id_;
    for (;;) {
        int failed = root_->files().rename(root_->tasks(), name_, hidden);
        if (failed == 0) {
            name_ = hidden;
            return {};
        }
        if (failed == EEXIST || failed == ENOTEMPTY) {
            failed = clear_abandoned(*root_, hidden);
            if (failed == EAGAIN && exists(root_->tasks(), hidden)) return exists_already(task_id_);
            if (failed == 0 || failed == EAGAIN) continue;
        }
        return failure(failed);
    }
}

void NewTaskFiles::keep_lock_only() {
    directory_.close();
    document_.close();
    secrets_.close();
}

void NewTaskFiles::start_writing() const {
    for (const Descriptor* file : {&document_, &events_, &secrets_}) {
        if (file->is_open()) root_->files().start_writing(file->get());
    }
}

Result<void> NewTaskFiles::sync() {
    FileSystem& files = root_->files();
    int failed = 0;
    // What was handed over last comes first: when its content is there, so is mostly that of the
    // others, and one commit of the file system has all of them.
    for (const Descriptor* file : {&secrets_, &events_, &document_}) {
        if (failed == 0 && file->is_open()) failed = files.sync_file(file->get());
    }
    if (failed == 0) failed = files.sync_directory(directory_.get());
    if (failed != 0) return failure(failed);
    return {};
}

Result<void> NewTaskFiles::publish() {
    const int failed = root_->files().rename(root_->tasks(), name_, task_id_);
    if (failed == EEXIST || failed == ENOTEMPTY) return exists_already(task_id_);
    if (failed != 0) return failure(failed);
    name_ = task_id_;
    return {};
}

void NewTaskFiles::show() { unlock(events_.get(), {0, static_cast<off_t>(stamp_.size)}); }

void NewTaskFiles::discard() {
    FileSystem& files = root_->files();
    const std::string gone = std::string(gone_prefix) + random_id();
    if (files.rename(root_->tasks(), name_, gone) == 0)
        static_cast<void>(remove_tree(files, root_->tasks(), gone));
}

} // namespace loong::store_files
