#pragma once
/// A second process for a test, in step with it by lines over a socket. Nothing here sleeps: every wait ends with
/// the event that it waits for, or fails after a limit that only a broken test reaches.

#include <loong/time.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

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

} // namespace loong::test
