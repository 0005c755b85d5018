#include "work_lock.hpp"

#include "keeper/protocol.hpp"
#include "system.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace loong::local {
namespace {

std::string lock_path(const std::string& directory) {
    return directory + "/" + keeper::lock_file_name;
}

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

bool has_name(const Descriptor& file, const std::string& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

} // namespace

Result<std::optional<WorkLock>> WorkLock::take(const std::string& directory) {
    const std::string path = lock_path(directory);
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("work lock " + path, errno);
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno == EAGAIN || errno == EACCES) return std::optional<WorkLock>();
        return system_error("work lock " + path, errno);
    }
    // A lock on a file that was deleted and made again in the meantime locks nothing.
    if (!has_name(file, path)) return std::optional<WorkLock>();
    return std::optional(WorkLock(std::move(file)));
}

Result<WorkLock::State> WorkLock::ask(const std::string& directory) {
    const std::string path = lock_path(directory);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) {
        if (errno == ENOENT) return State::free;
        return system_error("work lock " + path, errno);
    }
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_GETLK, &lock) != 0) {
        return system_error("work lock " + path, errno);
    }
    return lock.l_type == F_UNLCK ? State::free : State::held;
}

Result<std::string> WorkLock::started_command(const std::string& directory) {
    auto content = read_file(lock_path(directory), keeper::started_mark_size);
    if (!content) return std::move(content).error();
    if (!content->has_value()) return std::string();
    return (*content)->substr(0, (*content)->find('\n'));
}

} // namespace loong::local
