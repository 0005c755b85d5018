#include "printer.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace loong::cli {
namespace {

constexpr std::size_t enough = std::size_t{64} << 10U;

// The reader has gone (`loong tasks list | head -1`): end quietly, by the signal that shells expect.
[[noreturn]] void end_by_broken_pipe() {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    _exit(128 + SIGPIPE);
}

} // namespace

void Printer::print(std::string_view text) {
    waiting_ += text;
    if (waiting_.size() >= enough) write_all();
}

Result<void> Printer::flush() {
    write_all();
    if (failure_ == 0) return {};
    return Error{
        ErrorCode::store_io,
        "cannot write to " + name_ + ": " + std::string(std::strerror(failure_)),
        "what was asked for may have been done all the same; look with `loong tasks list`"};
}

void Printer::write_all() {
    std::string_view rest = waiting_;
    while (!rest.empty() && failure_ == 0) {
        const ssize_t written = write(descriptor_, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Somebody made the shared descriptor non-blocking.
            pollfd ready{descriptor_, POLLOUT, 0};
            poll(&ready, 1, -1);
        } else if (errno == EPIPE) {
            end_by_broken_pipe();
        } else if (errno != EINTR) {
            failure_ = errno;
        }
    }
    waiting_.clear();
}

} // namespace loong::cli
