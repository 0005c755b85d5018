#include "system.hpp"

#include "descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <poll.h>
#include <vector>

namespace loong::local {

std::string error_text(int number) {
    const char* text = ::strerrordesc_np(number);
    return text == nullptr ? "error " + std::to_string(number) : text;
}

Error system_error(std::string_view what, int number) {
    return {ErrorCode::store_io, std::string(what) + ": " + error_text(number), {}};
}

Result<std::optional<std::string>> read_file(const std::string& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
        return system_error("file " + path, errno);
    }
    std::string content;
    char chunk[4096];
    while (content.size() <= limit) {
        const ssize_t count = ::read(file.get(), chunk, sizeof(chunk));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("file " + path, errno);
        if (count == 0) return std::optional(std::move(content));
        content.append(chunk, static_cast<std::size_t>(count));
    }
    return Error{ErrorCode::store_corrupt, "file " + path + ": larger than it can be", {}};
}

Result<void> write_file(const std::string& path, std::string_view content) {
    const Descriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return system_error("file " + path, errno);
    while (!content.empty()) {
        const ssize_t count = ::write(file.get(), content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("file " + path, errno);
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

std::string signal_name(int number) {
    const char* name = ::sigabbrev_np(number);
    return name == nullptr ? "signal " + std::to_string(number) : std::string("SIG") + name;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

bool wait_readable(int descriptor, int milliseconds) {
    const auto start = std::chrono::steady_clock::now();
    for (;;) {
        int left = milliseconds;
        if (milliseconds >= 0) {
            const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(
                std::chrono::steady_clock::now() - start);
            left = std::max(0, milliseconds - static_cast<int>(passed.count()));
        }
        pollfd watched{descriptor, POLLIN, 0};
        const int count = ::poll(&watched, 1, left);
        if (count > 0) return true;
        if (count == 0) return false;
        if (errno != EINTR) return false;
    }
}

} // namespace loong::local
