#pragma once
/// What loong/kept_process.hpp is made of: pipes, a socket of packets, and `loong-starter`. Nothing
/// here is for use by itself.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace loong::kept {

class File {
public:
    File() = default;
    explicit File(int number) noexcept : number_(number) {}
    File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    File& operator=(File&& other) noexcept {
        reset();
        number_ = std::exchange(other.number_, -1);
        return *this;
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { reset(); }

    [[nodiscard]] int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }
    void reset() noexcept {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

private:
    int number_ = -1;
};

/// A process that gets ready, and our ends.
struct Launched {
    pid_t pid = 0;
    File control;
    File input;
    File output;
    File errors;
};

inline Error failure(std::string_view what, int number) {
    return {ErrorCode::store_io, std::string(what) + ": " + std::strerror(number), {}};
}

/// A specification is a sequence of strings `name=value`, each ended by a NUL.
inline void add(std::string& spec, std::string_view name, std::string_view value) {
    spec.append(name).append("=").append(value).push_back('\0');
}

inline void add_policy(std::string& spec, const ToolPolicy& policy) {
    add(spec, "narrowed", policy.narrowed ? "1" : "0");
    add(spec, "network", policy.network ? "1" : "0");
    for (const ToolRule& rule : policy.rules) {
        const std::string decision = std::to_string(static_cast<int>(rule.decision));
        add(spec, "rule", decision + " " + rule.tool + " " + rule.prefix);
    }
    const auto add_all = [&](std::string_view name, const std::vector<std::string>& values) {
        for (const std::string& value : values) add(spec, name, value);
    };
    if (policy.read_directories) {
        add(spec, "reads", "1");
        add_all("read", *policy.read_directories);
    }
    add_all("write", policy.write_directories.value_or(std::vector<std::string>{}));
    add_all("hidden", policy.hidden_directories);
    add_all("protected", policy.protected_places);
}

/// In a file without a name, since command line and environment may be megabytes.
inline Result<File> memory_file(std::string_view content) {
    File file(::memfd_create("loong-starter", MFD_CLOEXEC));
    if (!file) return failure("specification for loong-starter", errno);
    while (!content.empty()) {
        const ssize_t count = ::write(file.get(), content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure("specification for loong-starter", errno);
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return file;
}

/// What the starter gets: copies of descriptors, out of the way of the numbers that they get there.
class Actions {
public:
    Actions() { posix_spawn_file_actions_init(&actions_); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { posix_spawn_file_actions_destroy(&actions_); }

    bool pass(int source, int target) {
        copies_.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, 16));
        return copies_.back() &&
               posix_spawn_file_actions_adddup2(&actions_, copies_.back().get(), target) == 0;
    }
    /// Ours; what was started has its own.
    void let_go() { copies_.clear(); }
    const posix_spawn_file_actions_t* close_from(int number) {
        posix_spawn_file_actions_addclosefrom_np(&actions_, number);
        return &actions_;
    }

private:
    posix_spawn_file_actions_t actions_{};
    std::vector<File> copies_;
};

inline std::string starter_path(const std::string& keeper_path) {
    return keeper_path.substr(0, keeper_path.rfind('/') + 1) + "loong-starter";
}

/// In a session of its own, every signal blocked and none ignored, as a keeper wants to be started.
inline Result<pid_t> spawn(const std::string& keeper_path, std::vector<std::string> arguments,
                           Actions& actions, int close_from, std::string variable) {
    const std::string program = starter_path(keeper_path);
    arguments.insert(arguments.begin(), "loong-starter");
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& one : arguments) pointers.push_back(one.data());
    pointers.push_back(nullptr);
    const std::array<char*, 2> environment{variable.empty() ? nullptr : variable.data(), nullptr};
    posix_spawnattr_t attributes{};
    posix_spawnattr_init(&attributes);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, program.c_str(), actions.close_from(close_from),
                                    &attributes, pointers.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    if (error == 0) return pid;
    return Error{ErrorCode::worker_unavailable,
                 "loong-starter " + program + ": " + std::strerror(error),
                 "check that loong is installed whole"};
}

inline void reap(pid_t pid) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

inline Result<std::array<File, 2>> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("pipe", errno);
    return std::array<File, 2>{File(ends[0]), File(ends[1])};
}

inline Result<Launched> launch(const std::string& keeper_path, const std::string& session_id,
                               std::string_view spec_text) {
    Result<File> spec = memory_file(spec_text);
    if (!spec) return std::move(spec).error();
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return failure("socket for loong-keeper", errno);
    }
    Launched launched;
    launched.control = File(ends[0]);
    const File theirs(ends[1]);
    std::array<std::array<File, 2>, 3> pipes;
    for (auto& pipe : pipes) {
        Result<std::array<File, 2>> made = make_pipe();
        if (!made) return std::move(made).error();
        pipe = *std::move(made);
    }
    Actions actions;
    if (!actions.pass(pipes[0][0].get(), 0) || !actions.pass(pipes[1][1].get(), 1) ||
        !actions.pass(pipes[2][1].get(), 2) || !actions.pass(spec->get(), 3) ||
        !actions.pass(theirs.get(), 4)) {
        return failure("descriptors for loong-starter", errno);
    }
    launched.input = std::move(pipes[0][1]);
    launched.output = std::move(pipes[1][0]);
    launched.errors = std::move(pipes[2][0]);
    for (const File* file : {&launched.input, &launched.output, &launched.errors}) {
        if (::fcntl(file->get(), F_SETFL, O_NONBLOCK) != 0) return failure("pipe", errno);
    }
    Result<pid_t> pid = spawn(keeper_path, {"start", keeper_path}, actions, 5,
                              "LOONG_TASK_SESSION_ID=" + session_id);
    if (!pid) return std::move(pid).error();
    launched.pid = *pid;
    return launched;
}

/// Who is gone does not hear it, and that is noticed when its end is read.
inline void send(int control, char order) {
    while (::send(control, &order, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
}

/// False: there is nothing yet. Empty: the other end is gone and said nothing.
inline bool receive(int control, std::string& packet) {
    std::array<char, 4096> buffer{};
    ssize_t count = ::recv(control, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == ECONNRESET) {
        // It ended without having read all that was sent; its last packet comes after this error.
        count = ::recv(control, buffer.data(), buffer.size(), MSG_DONTWAIT);
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    packet.assign(buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    return true;
}

/// `CODE\nMESSAGE\nHINT`
inline Error refusal(std::string_view text) {
    const std::size_t code_end = text.find('\n');
    const std::string_view word = text.substr(0, code_end);
    text.remove_prefix(code_end == std::string_view::npos ? text.size() : code_end + 1);
    const std::size_t end = text.find('\n');
    Error error;
    error.message = text.substr(0, end);
    error.hint = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    while (error.hint.ends_with('\n')) error.hint.pop_back();
    error.code = ErrorCode::worker_unavailable;
    for (auto code = ErrorCode::task_not_found; code <= last_error_code;
         code = static_cast<ErrorCode>(static_cast<int>(code) + 1)) {
        if (to_string(code) == word) error.code = code;
    }
    return error;
}

/// The number of that key in a record of loong-keeper's.
inline std::optional<std::int64_t> number_after(std::string_view record, std::string_view key) {
    const std::string wanted = "\"" + std::string(key) + "\":";
    const std::size_t at = record.find(wanted);
    if (at == std::string_view::npos) return std::nullopt;
    std::int64_t number = 0;
    const char* begin = record.data() + at + wanted.size();
    if (std::from_chars(begin, record.data() + record.size(), number).ec != std::errc{}) {
        return std::nullopt;
    }
    return number;
}

/// The word of that key; empty where there is none.
inline std::string text_after(std::string_view record, std::string_view key) {
    const std::string wanted = "\"" + std::string(key) + "\":\"";
    const std::size_t at = record.find(wanted);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = record.substr(at + wanted.size());
    return std::string(rest.substr(0, rest.find('"')));
}

/// Reads until the end of file; false where that does not come in time.
inline bool read_all(int file, std::string& text, std::chrono::steady_clock::time_point until) {
    std::array<char, 4096> buffer{};
    while (true) {
        const auto left =
            std::chrono::duration_cast<Milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd watched{file, POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(left.count())) <= 0) continue;
        const ssize_t count = ::read(file, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count == 0;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

/// Runs the starter for an answer: its lines, at least one. An answer that begins with `refused` is an
/// error.
inline Result<std::vector<std::string>> ask_starter(const std::string& keeper_path,
                                                    std::vector<std::string> arguments,
                                                    std::string_view spec_text,
                                                    Milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    Result<File> spec = memory_file(spec_text);
    if (!spec) return std::move(spec).error();
    Result<std::array<File, 2>> pipe = make_pipe();
    if (!pipe) return std::move(pipe).error();
    const File null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    Actions actions;
    if (!null || !actions.pass(null.get(), 0) || !actions.pass((*pipe)[1].get(), 1) ||
        !actions.pass(null.get(), 2) || !actions.pass(spec->get(), 3)) {
        return failure("descriptors for loong-starter", errno);
    }
    Result<pid_t> pid = spawn(keeper_path, std::move(arguments), actions, 4, {});
    if (!pid) return std::move(pid).error();
    (*pipe)[1].reset();
    actions.let_go();
    std::string text;
    const bool answered = read_all((*pipe)[0].get(), text, until);
    if (!answered) ::kill(*pid, SIGKILL);
    reap(*pid);
    if (text.starts_with("refused\n")) return refusal(std::string_view(text).substr(8));
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    if (!answered || lines.empty()) {
        return Error{ErrorCode::worker_unavailable, "loong-starter: it did not answer in time",
                     "check that loong is installed whole"};
    }
    return lines;
}

} // namespace loong::kept
