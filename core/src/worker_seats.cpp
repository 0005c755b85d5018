#include "worker_seats.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace loong {

namespace {

constexpr const char* file_name = "/workers";

struct flock lock_of(int seat) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = seat;
    lock.l_len = 1;
    return lock;
}

Descriptor open_seats(const std::string& state_directory, int flags) {
    return Descriptor(::open((state_directory + file_name).c_str(),
                             O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | flags,
                             0600));
}

} // namespace

Descriptor take_worker_seat(const std::string& state_directory, int seats) {
    Descriptor file = open_seats(state_directory, 0);
    if (!file) {
        file = open_seats(state_directory, O_CREAT);
        // Whatever the mask of whoever has started this worker.
        if (!file || ::fchmod(file.get(), 0600) != 0) return {};
    }
    for (int seat = 0; seat < seats; ++seat) {
        struct flock lock = lock_of(seat);
        if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return file;
    }
    return {};
}

bool is_worker_seat_free(const std::string& state_directory, int seats) {
    const Descriptor file = open_seats(state_directory, 0);
    if (!file || seats <= 0) return false;
    struct flock lock = lock_of(seats - 1);
    return ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

} // namespace loong
