#include "process_end.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
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
    // Which of them are open is asked with one call: the process that ends may wait for this one's
    // turn on the processor to be over.
    static std::array<pollfd, 256> usual;
    for (std::size_t i = 0; i < usual.size(); ++i) usual[i] = {static_cast<int>(i), 0, 0};
    // Where it cannot be asked, because so many are more than may be open, each counts as open.
    static_cast<void>(::poll(usual.data(), usual.size(), 0));
    for (const pollfd& one : usual) {
        if ((one.revents & POLLNVAL) != 0) continue;
        const int flags = ::fcntl(one.fd, F_GETFD);
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ::close(one.fd);
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
    // The kernel does not leave a processor while it takes a process apart, and whoever waited for
    // the one that ended is about to need this one.
    constexpr int its_turn_milliseconds = 5;
    ::poll(nullptr, 0, its_turn_milliseconds);
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
