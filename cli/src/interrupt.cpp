#include "interrupt.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace loong::cli {
namespace {

std::atomic<int> handler_descriptor = -1;

void tell(int) {
    const int saved = errno;
    const char byte = 1;
    // The pipe is never full: the handler is reset after one signal of each kind.
    [[maybe_unused]] const ssize_t written = write(handler_descriptor.load(), &byte, 1);
    errno = saved;
}

// A handler, unlike a blocked signal, is not inherited by a worker that is started meanwhile.
void watch_signal(int number) {
    struct sigaction current {};
    if (sigaction(number, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = tell;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigaction(number, &action, nullptr);
}

void unwatch_signal(int number) {
    struct sigaction current {};
    if (sigaction(number, nullptr, &current) == 0 && current.sa_handler == tell) {
        std::signal(number, SIG_DFL);
    }
}

} // namespace

Result<Interrupt> Interrupt::install() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
        return Error{ErrorCode::store_io,
                     std::string("cannot wait for signals: ") + std::strerror(errno), ""};
    }
    handler_descriptor = ends[1];
    watch_signal(SIGINT);
    watch_signal(SIGTERM);
    return Interrupt(ends[0], ends[1]);
}

Interrupt::Interrupt(Interrupt&& other) noexcept
    : read_end_(std::exchange(other.read_end_, -1)),
      write_end_(std::exchange(other.write_end_, -1)) {}

Interrupt::~Interrupt() {
    if (read_end_ < 0) return;
    unwatch_signal(SIGINT);
    unwatch_signal(SIGTERM);
    close(read_end_);
    close(write_end_);
}

bool Interrupt::happened() const {
    pollfd readable{read_end_, POLLIN, 0};
    return poll(&readable, 1, 0) == 1;
}

} // namespace loong::cli
