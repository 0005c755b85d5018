#include "inside_client.hpp"

#include "descriptor.hpp"
#include "loong/session_spec.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/inotify.h>
#include <sys/random.h>
#include <unistd.h>

namespace loong::inside {

namespace {

using Clock = std::chrono::steady_clock;

Error channel_error(const std::string& what) {
    return {ErrorCode::store_io, "channel of this task: " + what + ": " + std::strerror(errno),
            "call it from the work itself, with its environment"};
}

std::string new_message_name() {
    std::array<unsigned char, 12> random{};
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
        return {};
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name;
    for (const unsigned char byte : random) {
        name += digits[byte >> 4U];
        name += digits[byte & 15U];
    }
    return name;
}

Result<void> leave_request(int directory, const std::string& name, const std::string& text) {
    const std::string draft = "." + name + ".new";
    const Descriptor file(::openat(directory, draft.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return channel_error("a request cannot be left");
    for (std::string_view left = text; !left.empty();) {
        const ssize_t count = ::write(file.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return channel_error("a request cannot be written");
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    const std::string request = name + std::string(request_suffix);
    if (::renameat(directory, draft.c_str(), directory, request.c_str()) != 0) {
        return channel_error("a request cannot be left");
    }
    // Where nobody listens now, the next worker looks by itself.
    const Descriptor bell(
        ::openat(directory, bell_name, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (bell) static_cast<void>(!::write(bell.get(), "", 1));
    return {};
}

/// Absent where there is no answer yet.
Result<std::optional<std::string>> find_answer(int directory, const std::string& name) {
    const std::string answer = name + std::string(answer_suffix);
    const Descriptor file(::openat(directory, answer.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    if (!file) return channel_error("an answer cannot be read");
    std::string text;
    std::array<char, 65536> block{};
    for (;;) {
        const ssize_t count = ::read(file.get(), block.data(), block.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return channel_error("an answer cannot be read");
        if (count == 0) break;
        text.append(block.data(), static_cast<std::size_t>(count));
    }
    ::unlinkat(directory, answer.c_str(), 0);
    return std::optional(std::move(text));
}

} // namespace

std::string channel_directory() {
    const char* directory = std::getenv(channel_variable);
    return directory == nullptr ? std::string() : directory;
}

Error not_inside(const std::string& what) {
    return {ErrorCode::unsupported,
            what + ": narrowed work can only report, ask and create, for itself",
            "do it from outside, or create the task without narrowing"};
}

Result<std::optional<Answered>> call(const std::string& directory, const Request& request,
                                     std::optional<Milliseconds> limit, int interrupt_descriptor) {
    const std::string text = write_request(request);
    if (text.size() > longest_message) {
        return Error{ErrorCode::invalid_argument, "channel of this task: more than 16 MiB", {}};
    }
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return channel_error(directory);
    // Watching starts before the request is there, so no answer can be missed.
    const Descriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const bool watches =
        watch && ::inotify_add_watch(watch.get(), directory.c_str(), IN_MOVED_TO) >= 0;
    const std::string name = new_message_name();
    if (name.empty()) return channel_error("no name can be found for a request");
    if (Result<void> left = leave_request(opened.get(), name, text); !left) {
        return std::move(left).error();
    }
    const Clock::time_point end = Clock::now() + limit.value_or(Milliseconds(0));
    for (;;) {
        Result<std::optional<std::string>> found = find_answer(opened.get(), name);
        if (!found) return std::move(found).error();
        if (*found) {
            Result<Answered> answer = read_answer(**found);
            if (!answer) return std::move(answer).error();
            return std::optional(*std::move(answer));
        }
        const auto left = std::chrono::ceil<Milliseconds>(end - Clock::now());
        if (limit && left.count() <= 0) return std::optional<Answered>();
        // Without a watch, a look a second.
        constexpr int longest = 60'000;
        constexpr int unwatched = 1000;
        int patience = watches ? longest : unwatched;
        if (limit && left.count() < patience) patience = static_cast<int>(left.count());
        std::array<pollfd, 2> changed{
            {{watches ? watch.get() : -1, POLLIN, 0}, {interrupt_descriptor, POLLIN, 0}}};
        ::poll(changed.data(), changed.size(), patience);
        if (changed[1].revents != 0) return std::optional<Answered>();
        std::array<char, 4096> events{};
        while (watches && ::read(watch.get(), events.data(), events.size()) > 0) {
        }
    }
}

} // namespace loong::inside
