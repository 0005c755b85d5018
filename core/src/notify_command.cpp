#include "notify_command.hpp"

#include "descriptor.hpp"
#include "program_start.hpp"
#include "text.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_said = 400;
constexpr int exit_of_exec = 127;

bool is_program(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

/// A file that lies nowhere: reading it never blocks, and whoever does not read it is no trouble.
Descriptor file_with(const std::string& text) {
    Descriptor file(::memfd_create("loong-notification", MFD_CLOEXEC));
    if (!file) return file;
    std::string_view left = text;
    while (!left.empty()) {
        const ssize_t count = ::write(file.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return {};
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return {};
    return file;
}

struct Streams {
    Descriptor input;
    Descriptor nothing;
    Descriptor said;
    Descriptor said_by;
};

// Between fork and exec only what is safe in a signal handler may be called.
[[noreturn]] void become_command(const char* program, char* const* arguments,
                                 char* const* environment, const Streams& streams, pid_t parent) {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(exit_of_exec);
    reset_signals();
    if (::dup2(streams.input.get(), 0) < 0 || ::dup2(streams.nothing.get(), 1) < 0 ||
        ::dup2(streams.said_by.get(), 2) < 0) {
        ::_exit(exit_of_exec);
    }
    ::execve(program, arguments, environment);
    const char* why = ::strerrordesc_np(errno);
    if (why != nullptr && ::write(2, why, std::strlen(why)) < 0) ::_exit(exit_of_exec);
    ::_exit(exit_of_exec);
}

/// Takes what was said so far; false once nothing more can come.
bool listen_to(const Descriptor& said, std::string& text) {
    std::array<char, 1024> buffer{};
    const ssize_t count = ::read(said.get(), buffer.data(), buffer.size());
    if (count < 0) return errno == EINTR || errno == EAGAIN;
    if (count == 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > longest_said) text.erase(0, text.size() - longest_said);
    return true;
}

/// True where it ended by itself within the limit.
bool await_end(int process, const Descriptor& said, Clock::time_point limit, std::string& text) {
    bool open = true;
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now());
        if (left.count() <= 0) return false;
        std::array<pollfd, 2> watched{pollfd{process, POLLIN, 0},
                                      pollfd{open ? said.get() : -1, POLLIN, 0}};
        const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) return false;
        if (ready <= 0) continue;
        if (watched[1].revents != 0) open = listen_to(said, text);
        if (watched[0].revents == 0) continue;
        // What it left in the pipe; not what processes that it left behind may still write.
        for (int pieces = 0; open && pieces < 64; ++pieces) {
            pollfd more{said.get(), POLLIN, 0};
            if (::poll(&more, 1, 0) <= 0) break;
            open = listen_to(said, text);
        }
        return true;
    }
}

std::string with_words(std::string why, std::string said) {
    while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
    if (!said.empty()) why += ": " + said;
    return why;
}

std::optional<std::string> judged(int status, const std::string& said) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    if (WIFEXITED(status)) {
        return with_words("it exited with " + std::to_string(WEXITSTATUS(status)), said);
    }
    return with_words("signal " + std::to_string(WTERMSIG(status)) + " ended it", said);
}

std::string system_failure(const char* what) {
    return std::string("it could not be started: ") + what + ": " + std::strerror(errno);
}

} // namespace

std::optional<std::string> find_program(const std::string& word) {
    if (word.find('/') != std::string::npos) {
        return is_program(word) ? std::optional(word) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::string_view left = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find(':'), left.size());
        const std::string candidate = std::string(left.substr(0, end)) + '/' + word;
        if (end > 0 && left.front() == '/' && is_program(candidate)) return candidate;
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return std::nullopt;
}

std::optional<std::string> run_notify_command(const NotifyCommand& command) {
    const std::optional<std::string> program = find_program(command.words.front());
    if (!program) {
        return "there is no program '" + command.words.front() + "' that could be run";
    }
    std::array<int, 2> ends{};
    Streams streams;
    streams.input = file_with(command.input);
    streams.nothing = Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!streams.input || !streams.nothing) return system_failure("its standard input");
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("a pipe");
    streams.said = Descriptor(ends[0]);
    streams.said_by = Descriptor(ends[1]);
    std::vector<std::string> words = command.words;
    std::vector<std::string> variables = environment_with(command.environment);
    const std::vector<char*> argument_pointers = exec_pointers(words);
    const std::vector<char*> variable_pointers = exec_pointers(variables);

    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) return system_failure("fork");
    if (child == 0) {
        become_command(program->c_str(), argument_pointers.data(), variable_pointers.data(),
                       streams, parent);
    }
    streams.said_by.close();
    std::string said;
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    const bool ended =
        process && await_end(process.get(), streams.said, Clock::now() + command.limit, said);
    // It leads a process group from the moment that it runs; before that there is only itself.
    if (!ended) {
        ::kill(-child, SIGKILL);
        ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (ended) return judged(status, said);
    return with_words("it took longer than " +
                          format_duration(std::chrono::duration_cast<Microseconds>(command.limit)) +
                          " and was killed",
                      said);
}

} // namespace loong
