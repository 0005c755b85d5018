#include "child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong::test {
namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

bool wait_readable(int descriptor, Milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
        pollfd polled{descriptor, POLLIN, 0};
        const int ready =
            ::poll(&polled, 1, static_cast<int>(std::max<Milliseconds::rep>(0, left.count())));
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) fail("poll");
    }
}

LineChannel::~LineChannel() { ::close(socket_); }

bool LineChannel::send(std::string_view line) {
    const std::string text = std::string(line) + '\n';
    std::size_t sent = 0;
    while (sent < text.size()) {
        const ssize_t one = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (one < 0 && errno == EINTR) continue;
        if (one < 0) return false;
        sent += static_cast<std::size_t>(one);
    }
    return true;
}

std::optional<std::string> LineChannel::receive() {
    while (true) {
        const std::size_t end = buffer_.find('\n');
        if (end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        if (!wait_readable(socket_)) return std::nullopt;
        std::array<char, 4096> bytes{};
        const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

ChildProcess::ChildProcess(const Body& body) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    pid_ = ::fork();
    if (pid_ < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        fail("fork");
    }
    if (pid_ == 0) {
        ::close(ends[0]);
        int code = 125;
        try {
            LineChannel parent(ends[1]);
            code = body(parent);
        } catch (const std::exception& caught) {
            std::fprintf(stderr, "child process: %s\n", caught.what());
            code = 126;
        }
        // Not exit(): what the parent registered to run at its end is not the child's to run.
        ::_exit(code);
    }
    ::close(ends[1]);
    channel_.emplace(ends[0]);
}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
}

std::optional<int> ChildProcess::wait(Milliseconds limit) {
    if (ended_) return ended_;
    const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (descriptor < 0) fail("pidfd_open");
    const bool ended = wait_readable(descriptor, limit);
    ::close(descriptor);
    if (!ended) return std::nullopt;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno != EINTR) fail("waitpid");
    }
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return ended_;
}

} // namespace loong::test
