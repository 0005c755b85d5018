#pragma once
/// A named pipe by which a test and the work that it started tell each other how far they are.

#include "child_process.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong::test {

class Fifo {
public:
    /// Throws std::system_error.
    explicit Fifo(std::string path) : path_(std::move(path)) {
        if (::mkfifo(path_.c_str(), 0600) != 0) {
            throw std::system_error(errno, std::generic_category(), "mkfifo " + path_);
        }
        // For reading and writing: nobody who opens the other end ever has to wait.
        descriptor_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (descriptor_ < 0) {
            throw std::system_error(errno, std::generic_category(), "open " + path_);
        }
    }
    Fifo(const Fifo&) = delete;
    Fifo& operator=(const Fifo&) = delete;
    ~Fifo() { ::close(descriptor_); }

    [[nodiscard]] const std::string& path() const { return path_; }

    /// The next line that somebody wrote; absent where nobody does within `limit`.
    std::optional<std::string> read_line(Milliseconds limit = test_patience) {
        std::string line;
        while (wait_readable(descriptor_, limit)) {
            char c = 0;
            const ssize_t got = ::read(descriptor_, &c, 1);
            if (got == 1 && c == '\n') return line;
            if (got == 1) line += c;
        }
        return std::nullopt;
    }

    void write_line(const std::string& line) {
        const std::string text = line + '\n';
        if (::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
            throw std::system_error(errno, std::generic_category(), "write " + path_);
        }
    }

private:
    std::string path_;
    int descriptor_ = -1;
};

} // namespace loong::test
