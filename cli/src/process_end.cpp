#include "process_end.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace loong::cli {
namespace {

/// Whoever reads from what this process has inherited must not wait for the child.
void close_inherited() {
    constexpr int usual_end = 256;
    for (int descriptor = 0; descriptor < usual_end; ++descriptor) {
        const int flags = ::fcntl(descriptor, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ::close(descriptor);
    }
}

} // namespace

void end_process(int status) noexcept {
    int gate[2] = {-1, -1};
    if (::pipe2(gate, O_CLOEXEC) != 0 || ::fork() != 0) ::_exit(status);
    // Only calls that are safe here: the program may have had threads.
    close_inherited();
    ::close(gate[1]);
    char nothing = 0;
    // Ends when the last who could write is gone, which is the process that ends.
    while (::read(gate[0], &nothing, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
}

} // namespace loong::cli
