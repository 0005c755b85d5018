#include "process_end.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace loong::cli {
namespace {

struct Gate {
    int read_end = -1;
    int write_end = -1;
};

/// Whoever reads from what this process has inherited must not wait for the child.
void close_inherited() {
    constexpr int usual_end = 256;
    for (int descriptor = 0; descriptor < usual_end; ++descriptor) {
        const int flags = ::fcntl(descriptor, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ::close(descriptor);
    }
}

/// Only calls that are safe here: the memory is that of the process that ends.
int close_unseen(void* argument) {
    const Gate gate = *static_cast<const Gate*>(argument);
    close_inherited();
    ::close(gate.write_end);
    char nothing = 0;
    // Ends when the last who could write is gone, which is the process that ends.
    while (::read(gate.read_end, &nothing, 1) < 0 && errno == EINTR) {
    }
    ::_exit(0);
}

} // namespace

void end_process(int status) noexcept {
    // The child runs here until it is gone, after everything else of this process.
    alignas(16) static std::array<char, 64 * 1024> stack;
    static Gate gate;
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) == 0) {
        gate = {ends[0], ends[1]};
        // The memory is shared, so that it needs neither be copied now nor given back at the end.
        ::clone(close_unseen, stack.data() + stack.size(), CLONE_VM | SIGCHLD, &gate);
    }
    ::_exit(status);
}

} // namespace loong::cli
