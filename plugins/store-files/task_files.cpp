#include "task_files.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "record_text.hpp"
#include "task_creation.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace loong::store_files {

namespace {

/// Where secrets are written before they get their name.
constexpr const char* new_secrets = ".secrets.new";

std::string below(std::string_view task_id, std::string_view name) {
    std::string path(task_id);
    path.append("/").append(name);
    return path;
}

} // namespace

FileStamp stamp_of(const struct stat& about) {
    return {static_cast<std::int64_t>(about.st_size),
            std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec,
            static_cast<std::uint64_t>(about.st_ino)};
}

std::string to_text(const FileStamp& stamp) {
    return std::to_string(stamp.size) + " " + std::to_string(stamp.changed_ns) + " " +
           std::to_string(stamp.inode);
}

DurableText read_durable(int file, off_t offset) {
    DurableText read;
    // Again where a failed append was cut off in between. That cannot go on for ever in practice;
    // if it does, what was read last is cut to what is there.
    for (int round = 0; round < 5; ++round) {
        if (::fstat(file, &read.about) != 0) return {errno, {}, {}, false, false};
        const off_t size = std::max(read.about.st_size - offset, off_t{0});
        const int failed = read_at(file, offset, static_cast<std::size_t>(size), read.text);
        if (failed != 0) return {failed, {}, {}, false, false};
        const LockAnswer lock = ask_lock(file, LockKind::shared, {0, writer_byte});
        if (lock.error_number != 0) return {lock.error_number, {}, {}, false, false};
        read.in_use = lock.locked_from.has_value();
        read.unborn = lock.locked_from == off_t{0};
        if (lock.locked_from) {
            const off_t durable = std::max(*lock.locked_from - offset, off_t{0});
            if (static_cast<off_t>(read.text.size()) > durable)
                read.text.resize(static_cast<std::size_t>(durable));
        }
        struct stat after {};
        if (::fstat(file, &after) != 0) return {errno, {}, {}, false, false};
        if (after.st_size >= read.about.st_size) break;
    }
    return read;
}

DurableText read_durable_tail(int file, off_t size, off_t& offset) {
    struct stat about {};
    if (::fstat(file, &about) != 0) return {errno, {}, {}, false, false};
    offset = std::max(about.st_size - size, off_t{0});
    return read_durable(file, offset);
}

std::string TaskFiles::path(std::string_view task_id, std::string_view name) const {
    std::string text = root_->path() + "/tasks/" + std::string(task_id);
    if (!name.empty()) text.append("/").append(name);
    return text;
}

Error TaskFiles::not_readable(std::string_view task_id, int error_number) const {
    const std::string task(task_id);
    if (error_number == ENOENT && !exists(root_->tasks(), task)) return task_not_found(task_id);
    switch (error_number) {
    case ENOENT: return corrupt(path(task_id, {}), "a file is missing");
    case ELOOP: return corrupt(path(task_id, {}), "a symbolic link stands in place of a file");
    case ENOTDIR: return corrupt(path(task_id, {}), "it is not a directory");
    case EISDIR:
    case EINVAL: return corrupt(path(task_id, {}), "something else stands in place of a file");
    default: return io_error("read", path(task_id, {}), error_number);
    }
}

Result<Descriptor> TaskFiles::open_events(std::string_view task_id) const {
    Descriptor file;
    const int failed =
        open_below(root_->tasks(), below(task_id, "events.yaml"), O_RDONLY | O_NONBLOCK, file);
    if (failed != 0) return not_readable(task_id, failed);
    return file;
}

Result<TaskText> TaskFiles::read(std::string_view task_id) const {
    auto file = open_events(task_id);
    if (!file) return std::move(file).error();
    const DurableText events = read_durable(file->get(), 0);
    if (events.error_number != 0) return not_readable(task_id, events.error_number);
    if (events.unborn) return task_not_found(task_id);
    const RecordScan scan = scan_records(events.text, 1);
    if (!scan.damage.empty()) return corrupt(path(task_id, "events.yaml"), scan.damage);
    if (scan.records.empty())
        return corrupt(path(task_id, "events.yaml"), "it holds no whole group of records");
    TaskText task;
    task.stamp = stamp_of(events.about);
    task.in_use = events.in_use;
    task.records.assign(scan.records.begin(), scan.records.end());
    const int failed = read_file(root_->tasks(), below(task_id, "task.yaml"), task.document);
    if (failed != 0) return not_readable(task_id, failed);
    return task;
}

Result<EventRecords> TaskFiles::read_events(std::string_view task_id, std::uint64_t after_id,
                                            std::size_t limit) {
    auto file = open_events(task_id);
    if (!file) return std::move(file).error();
    struct stat about {};
    if (::fstat(file->get(), &about) != 0) return not_readable(task_id, errno);
    const bool go_on = bookmark_.task_id == task_id && bookmark_.last_id <= after_id &&
                       bookmark_.inode == about.st_ino && bookmark_.offset <= about.st_size;
    const std::uint64_t skipped = go_on ? bookmark_.last_id : 0;
    const off_t offset = go_on ? bookmark_.offset : 0;
    const DurableText events = read_durable(file->get(), offset);
    if (events.error_number != 0) return not_readable(task_id, events.error_number);
    if (events.unborn) return task_not_found(task_id);
    const RecordScan scan = scan_records(events.text, skipped + 1);
    if (!scan.damage.empty()) {
        // The file may have been replaced by hand in place; only a whole look can tell.
        if (!go_on) return corrupt(path(task_id, "events.yaml"), scan.damage);
        bookmark_ = {};
        return read_events(task_id, after_id, limit);
    }
    EventRecords read;
    read.revision = skipped + scan.records.size();
    if (read.revision == 0)
        return corrupt(path(task_id, "events.yaml"), "it holds no whole group of records");
    const std::size_t first =
        static_cast<std::size_t>(std::min(std::max(after_id, skipped), read.revision) - skipped);
    const std::size_t count = std::min(limit, scan.records.size() - first);
    const auto begin = scan.records.begin() + static_cast<std::ptrdiff_t>(first);
    read.records.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    read.has_more = first + count < scan.records.size();
    if (first + count > 0 && !read.has_more)
        bookmark_ = {std::string(task_id), events.about.st_ino, read.revision,
                     offset + static_cast<off_t>(scan.whole)};
    return read;
}

Result<std::uint64_t> TaskFiles::revision(std::string_view task_id) const {
    auto file = open_events(task_id);
    if (!file) return std::move(file).error();
    for (off_t size = 4096;; size *= 16) {
        off_t offset = 0;
        const DurableText events = read_durable_tail(file->get(), size, offset);
        if (events.error_number != 0) return not_readable(task_id, events.error_number);
        if (events.unborn) return task_not_found(task_id);
        if (offset > 0) {
            const RecordTail tail = find_tail(events.text);
            if (tail.known) return tail.last_id;
            continue;
        }
        const RecordScan scan = scan_records(events.text, 1);
        if (!scan.damage.empty()) return corrupt(path(task_id, "events.yaml"), scan.damage);
        if (scan.records.empty())
            return corrupt(path(task_id, "events.yaml"), "it holds no whole group of records");
        return scan.records.size();
    }
}

std::optional<FileStamp> TaskFiles::stamp(std::string_view task_id) const {
    struct stat about {};
    if (::fstatat(root_->tasks(), below(task_id, "events.yaml").c_str(), &about,
                  AT_SYMLINK_NOFOLLOW) == 0)
        return stamp_of(about);
    // A task whose file cannot be looked at is there all the same, and has no stamp to agree with.
    if (exists(root_->tasks(), std::string(task_id))) return FileStamp{};
    return {};
}

TaskPresence TaskFiles::presence(std::string_view task_id) const {
    Descriptor file;
    int failed =
        open_below(root_->tasks(), below(task_id, "events.yaml"), O_RDONLY | O_NONBLOCK, file);
    if (failed == ENOENT) {
        // In this order: a task that gets its name between the two looks is then seen.
        const std::string hidden = std::string(new_prefix) + std::string(task_id);
        if (exists(root_->tasks(), hidden) && !is_abandoned(*root_, hidden))
            return TaskPresence::being_made;
        if (!exists(root_->tasks(), std::string(task_id))) return TaskPresence::absent;
        return TaskPresence::at_rest;
    }
    if (failed != 0) return TaskPresence::at_rest;
    const LockAnswer lock = ask_lock(file.get(), LockKind::shared, {0, 0});
    return lock.locked_from ? TaskPresence::in_use : TaskPresence::at_rest;
}

int TaskFiles::sync_events(std::string_view task_id) const {
    Descriptor file;
    const int failed =
        open_below(root_->tasks(), below(task_id, "events.yaml"), O_RDONLY | O_NONBLOCK, file);
    return failed != 0 ? failed : root_->files().sync_file(file.get());
}

Result<std::optional<std::string>> TaskFiles::secrets(std::string_view task_id) const {
    std::string text;
    const int failed = read_file(root_->tasks(), below(task_id, "secrets"), text);
    if (failed == 0) return std::optional<std::string>(std::move(text));
    if (failed != ENOENT) return io_error("read", path(task_id, "secrets"), failed);
    if (!exists(root_->tasks(), std::string(task_id))) return task_not_found(task_id);
    return std::optional<std::string>();
}

Result<void> TaskFiles::write_secrets(std::string_view task_id, std::string_view secrets) const {
    FileSystem& files = root_->files();
    Descriptor task;
    int failed = open_below(root_->tasks(), std::string(task_id), O_RDONLY | O_DIRECTORY, task);
    if (failed != 0) return not_readable(task_id, failed);
    Descriptor file;
    failed = files.remove_file(task.get(), new_secrets);
    if (failed == 0 || failed == ENOENT) failed = files.create_file(task.get(), new_secrets, file);
    if (failed == 0) failed = files.write_at(file.get(), secrets, 0);
    if (failed == 0) failed = files.sync_file(file.get());
    if (failed == 0) failed = files.replace(task.get(), new_secrets, "secrets");
    if (failed == 0) failed = files.sync_directory(task.get());
    if (failed == 0) return {};
    static_cast<void>(files.remove_file(task.get(), new_secrets));
    return io_error("write", path(task_id, "secrets"), failed);
}

Result<void> TaskFiles::erase_secrets(std::string_view task_id) const {
    Descriptor task;
    int failed = open_below(root_->tasks(), std::string(task_id), O_RDONLY | O_DIRECTORY, task);
    if (failed != 0) return not_readable(task_id, failed);
    failed = root_->files().remove_file(task.get(), new_secrets);
    if (failed == 0 || failed == ENOENT) failed = root_->files().remove_file(task.get(), "secrets");
    // Nothing to remove: the name may still be on the disk if the one who removed it died before
    // the sync. Syncing costs nothing where nothing is left to write.
    if (failed == 0 || failed == ENOENT) failed = root_->files().sync_directory(task.get());
    if (failed != 0) return io_error("erase", path(task_id, "secrets"), failed);
    return {};
}

Result<std::string> TaskFiles::directory(std::string_view task_id) const {
    Descriptor task;
    const int failed = open_below(root_->tasks(), std::string(task_id), O_PATH | O_DIRECTORY, task);
    if (failed != 0) return not_readable(task_id, failed);
    return path(task_id, {});
}

} // namespace loong::store_files
