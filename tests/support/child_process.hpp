#pragma once
/// A second process for a test, in step with it by lines over a socket. Nothing here sleeps: every wait ends with
/// the event that it waits for, or fails after a limit that only a broken test reaches.

#include <loong/time.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong::test {

/// How long a test waits for what must happen. Generous: machines can be slow.
inline constexpr Milliseconds test_patience{20'000};

/// One end of a connection between two processes that speak in lines.
class LineChannel {
public:
    /// Takes the descriptor over.
    explicit LineChannel(int socket) : socket_(socket) {}
    LineChannel(const LineChannel&) = delete;
    LineChannel& operator=(const LineChannel&) = delete;
    ~LineChannel();

    /// Sends one line. False: the other side is gone.
    bool send(std::string_view line);
    /// The next line; absent where the other side is gone or silent for too long.
    std::optional<std::string> receive();

private:
    int socket_;
    std::string buffer_;
};

/// Forks a child that runs `body` and exits with what it returns. The child is killed and waited for
/// when the object ends. Fork before starting threads.
class ChildProcess {
public:
    using Body = std::function<int(LineChannel&)>;

    /// Throws std::system_error.
    explicit ChildProcess(const Body& body);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess();

    [[nodiscard]] pid_t pid() const { return pid_; }

    /// Sends one line to the child. False: it is gone.
    bool send(std::string_view line) { return channel_->send(line); }
    /// The child's next line; absent where it is gone or silent for too long.
    std::optional<std::string> receive() { return channel_->receive(); }

    /// Kills it with SIGKILL and waits until it is gone.
    void kill();

    /// Its exit code, or minus the signal that ended it; absent where it does not end in time.
    std::optional<int> wait(Milliseconds limit = test_patience);

private:
    pid_t pid_ = -1;
    std::optional<LineChannel> channel_;
    std::optional<int> ended_;
};

/// Waits until `descriptor` is readable. False after `limit`.
[[nodiscard]] bool wait_readable(int descriptor, Milliseconds limit = test_patience);

[[noreturn]] inline void fail_with_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

inline bool wait_readable(int descriptor, Milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
        pollfd polled{descriptor, POLLIN, 0};
        const int ready =
            ::poll(&polled, 1, static_cast<int>(std::max<Milliseconds::rep>(0, left.count())));
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) fail_with_errno("poll");
    }
}

inline LineChannel::~LineChannel() { ::close(socket_); }

inline bool LineChannel::send(std::string_view line) {
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

inline std::optional<std::string> LineChannel::receive() {
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

inline ChildProcess::ChildProcess(const Body& body) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        fail_with_errno("socketpair");
    pid_ = ::fork();
    if (pid_ < 0) {
        ::close(ends[0]);
        ::close(ends[1]);
        fail_with_errno("fork");
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

inline ChildProcess::~ChildProcess() { kill(); }

inline void ChildProcess::kill() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
}

inline std::optional<int> ChildProcess::wait(Milliseconds limit) {
    if (ended_) return ended_;
    const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (descriptor < 0) fail_with_errno("pidfd_open");
    const bool ended = wait_readable(descriptor, limit);
    ::close(descriptor);
    if (!ended) return std::nullopt;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
        if (errno != EINTR) fail_with_errno("waitpid");
    }
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return ended_;
}

} // namespace loong::test
