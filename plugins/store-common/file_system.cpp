#include "file_system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace loong::store_common {

namespace {

template <typename Call>
int retried(Call call) {
    for (;;) {
        if (call() >= 0) return 0;
        if (errno != EINTR) return errno;
    }
}

int opened(int number, Descriptor& file) {
    if (number < 0) return errno;
    file = Descriptor(number);
    return 0;
}

/// openat2 is not there in every container (a filter may refuse it): one directory at a time then.
int open_step_by_step(int directory, std::string_view path, int flags, Descriptor& file) {
    Descriptor parent;
    for (;;) {
        const std::size_t slash = path.find('/');
        if (slash == std::string_view::npos) break;
        const std::string name(path.substr(0, slash));
        Descriptor next;
        const int failed =
            opened(::openat(parent.is_open() ? parent.get() : directory, name.c_str(),
                            O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                   next);
        if (failed != 0) return failed == ENOTDIR ? ELOOP : failed;
        parent = std::move(next);
        path.remove_prefix(slash + 1);
    }
    const std::string name(path);
    return opened(::openat(parent.is_open() ? parent.get() : directory, name.c_str(),
                           flags | O_NOFOLLOW | O_CLOEXEC),
                  file);
}

} // namespace

FileSystem& FileSystem::real() {
    static FileSystem files;
    return files;
}

int FileSystem::make_directory(int directory, const std::string& name) {
    const int failed = retried([&] { return ::mkdirat(directory, name.c_str(), 0700); });
    if (failed != 0) return failed;
    // The process may have a mask that takes its own rights away. To look is cheaper than to change.
    struct stat about {};
    if (::fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
        (about.st_mode & 07777) == 0700)
        return 0;
    return retried([&] { return ::fchmodat(directory, name.c_str(), 0700, 0); });
}

int FileSystem::create_file(int directory, const std::string& name, Descriptor& file) {
    const int failed = opened(
        ::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600),
        file);
    if (failed != 0) return failed;
    struct stat about {};
    if (::fstat(file.get(), &about) == 0 && (about.st_mode & 07777) == 0600) return 0;
    return retried([&] { return ::fchmod(file.get(), 0600); });
}

int FileSystem::write_at(int file, std::string_view text, off_t offset) {
    while (!text.empty()) {
        const ssize_t count = ::pwrite(file, text.data(), text.size(), offset);
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
        offset += count;
    }
    return 0;
}

int FileSystem::truncate(int file, off_t size) {
    return retried([&] { return ::ftruncate(file, size); });
}

int FileSystem::sync_file(int file) {
    return retried([&] { return ::fdatasync(file); });
}

int FileSystem::sync_directory(int directory) {
    return retried([&] { return ::fsync(directory); });
}

int FileSystem::sync_all(int file) {
    return retried([&] { return ::syncfs(file); });
}

void FileSystem::start_writing(int file) {
    static_cast<void>(::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE));
}

int FileSystem::rename(int directory, const std::string& from, const std::string& to) {
    return retried([&] {
        return ::renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE);
    });
}

int FileSystem::replace(int directory, const std::string& from, const std::string& to) {
    return retried([&] { return ::renameat(directory, from.c_str(), directory, to.c_str()); });
}

int FileSystem::remove_file(int directory, const std::string& name) {
    return retried([&] { return ::unlinkat(directory, name.c_str(), 0); });
}

int FileSystem::remove_directory(int directory, const std::string& name) {
    return retried([&] { return ::unlinkat(directory, name.c_str(), AT_REMOVEDIR); });
}

int FileSystem::change_mode(int directory, const std::string& name, mode_t mode) {
    Descriptor file;
    const int failed = open_below(directory, name, O_RDONLY | O_NONBLOCK, file);
    if (failed != 0) return failed;
    return retried([&] { return ::fchmod(file.get(), mode); });
}

int open_below(int directory, const std::string& path, int flags, Descriptor& file) {
    static std::atomic<bool> has_openat2 = true;
    if (has_openat2.load(std::memory_order_relaxed)) {
        open_how how{};
        how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
        how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
        for (;;) {
            const long number = ::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how);
            if (number >= 0) return opened(static_cast<int>(number), file);
            if (errno == EINTR || errno == EAGAIN) continue;
            if (errno != ENOSYS && errno != EPERM) return errno;
            break;
        }
        if (errno == ENOSYS) has_openat2.store(false, std::memory_order_relaxed);
    }
    return open_step_by_step(directory, path, flags, file);
}

int open_or_create(FileSystem& files, int directory, const std::string& name, int flags,
                   Descriptor& file) {
    for (;;) {
        int failed = open_below(directory, name, flags, file);
        if (failed != ENOENT) return failed;
        Descriptor made;
        failed = files.create_file(directory, name, made);
        if (failed != 0 && failed != EEXIST) return failed;
    }
}

int read_at(int file, off_t offset, std::size_t size, std::string& text) {
    text.resize(size);
    std::size_t have = 0;
    while (have < size) {
        const ssize_t count =
            ::pread(file, text.data() + have, size - have, offset + static_cast<off_t>(have));
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno;
        }
        if (count == 0) break;
        have += static_cast<std::size_t>(count);
    }
    text.resize(have);
    return 0;
}

int read_file(int directory, const std::string& path, std::string& text) {
    Descriptor file;
    int failed = open_below(directory, path, O_RDONLY | O_NONBLOCK, file);
    if (failed != 0) return failed;
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return errno;
    if (!S_ISREG(about.st_mode)) return EINVAL;
    return read_at(file.get(), 0, static_cast<std::size_t>(about.st_size), text);
}

bool exists(int directory, const std::string& path) {
    struct stat about {};
    return ::fstatat(directory, path.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0;
}

int remove_tree(FileSystem& files, int directory, const std::string& name) {
    int failed = files.remove_file(directory, name);
    if (failed == 0 || failed == ENOENT) return 0;
    if (failed != EISDIR && failed != EPERM) return failed;
    Descriptor below;
    failed = open_below(directory, name, O_RDONLY | O_DIRECTORY, below);
    if (failed != 0) return failed == ENOENT ? 0 : failed;
    std::vector<std::string> names;
    failed = for_each_name(below.get(), [&](const char* entry) {
        names.emplace_back(entry);
        return true;
    });
    if (failed != 0) return failed;
    for (const std::string& entry : names) {
        failed = remove_tree(files, below.get(), entry);
        if (failed != 0) return failed;
    }
    failed = files.remove_directory(directory, name);
    return failed == ENOENT ? 0 : failed;
}

namespace detail {

int list_names(int directory, void* context, bool (*each)(void* context, const char* name)) {
    // A description of its own, so that several listings of one directory do not disturb each other.
    Descriptor own;
    const int failed = opened(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), own);
    if (failed != 0) return failed;
    const int number = ::fcntl(own.get(), F_DUPFD_CLOEXEC, 0);
    if (number < 0) return errno;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(number), &::closedir);
    if (!listing) {
        const int error_number = errno;
        ::close(number);
        return error_number;
    }
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(listing.get());
        if (entry == nullptr) return errno;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (!each(context, entry->d_name)) return 0;
    }
}

} // namespace detail
} // namespace loong::store_common
