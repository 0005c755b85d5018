#include "file_lock.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace loong::store_common {

namespace {

struct flock as_flock(short type, LockRange range) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = range.start;
    lock.l_len = range.length;
    return lock;
}

short type_of(LockKind kind) { return kind == LockKind::exclusive ? F_WRLCK : F_RDLCK; }

} // namespace

int try_lock(int file, LockKind kind, LockRange range) {
    struct flock lock = as_flock(type_of(kind), range);
    while (::fcntl(file, F_OFD_SETLK, &lock) != 0) {
        if (errno == EINTR) continue;
        return errno == EACCES ? EAGAIN : errno;
    }
    return 0;
}

void unlock(int file, LockRange range) {
    struct flock lock = as_flock(F_UNLCK, range);
    while (::fcntl(file, F_OFD_SETLK, &lock) != 0 && errno == EINTR) {
    }
}

int wait_lock(int file, LockKind kind, LockRange range, Milliseconds limit) {
    int failed = try_lock(file, kind, range);
    if (failed != EAGAIN) return failed;
    Pause pause(limit);
    while (failed == EAGAIN && pause.next()) failed = try_lock(file, kind, range);
    return failed;
}

LockAnswer ask_lock(int file, LockKind kind, LockRange range) {
    struct flock lock = as_flock(type_of(kind), range);
    while (::fcntl(file, F_OFD_GETLK, &lock) != 0) {
        if (errno != EINTR) return {errno, {}};
    }
    if (lock.l_type == F_UNLCK) return {};
    return {0, lock.l_start};
}

Pause::Pause(Milliseconds limit, std::chrono::microseconds longest)
    : end_(std::chrono::steady_clock::now() + limit),
      longest_(longest) {}

bool Pause::next() {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end_) return false;
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(end_ - now);
    std::this_thread::sleep_for(std::min(length_, std::max(left, std::chrono::microseconds(1))));
    length_ = std::min(length_ + length_ / 2, longest_);
    return true;
}

} // namespace loong::store_common
