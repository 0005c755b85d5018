#include "worker_process.hpp"

#include "control_group.hpp"
#include "descriptor.hpp"
#include "program_start.hpp"
#include "text.hpp"
#include "user_scope.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong {

namespace {

constexpr int ready_descriptor = 3;
constexpr char ready_byte = '\x06';
constexpr char begin_byte = '\x05';
constexpr std::chrono::seconds ready_limit{10};

Error unavailable(const std::string& program, std::string_view why) {
    return {ErrorCode::worker_unavailable,
            "worker " + program + ": could not be started: " + std::string(why),
            "run 'loong doctor', or start one by hand with 'loong worker' to see what is wrong"};
}

// Between vfork and exec the memory is the parent's, whose thread stands still meanwhile: copying it
// twice would take a tenth of the time from `create` to the work. So nothing is changed here, and
// only what is safe in a signal handler is called.
[[noreturn]] void become_worker(const char* program, char* const* arguments,
                                char* const* environment, int null, int ready, Parent parent) {
    ::setsid();
    if (parent == Parent::lives_on) {
        const pid_t child = ::vfork();
        if (child != 0) ::_exit(child < 0 ? 1 : 0);
    }
    reset_signals();
    // `ready` and `null` lie above 3: they were opened so.
    if (::dup2(null, 0) < 0 || ::dup2(null, 1) < 0 || ::dup2(ready, 2) < 0 ||
        ::dup2(ready, ready_descriptor) < 0 || ::chdir("/") != 0) {
        ::_exit(126);
    }
    // Where the kernel does not have it, close-on-exec of our own descriptors has to do.
    ::close_range(ready_descriptor + 1, ~0U, 0);
    ::execve(program, arguments, environment);
    const char* why = ::strerrordesc_np(errno);
    if (why != nullptr && ::write(2, why, std::strlen(why)) < 0) ::_exit(126);
    ::_exit(127);
}

WorkerStart through(const ScopeLauncher& launcher, const WorkerStart& start) {
    WorkerStart launched = start;
    launched.program = launcher.words.front();
    launched.arguments.assign(launcher.words.begin() + 1, launcher.words.end());
    launched.arguments.push_back(start.program);
    launched.arguments.insert(launched.arguments.end(), start.arguments.begin(),
                              start.arguments.end());
    launched.environment.insert(launched.environment.end(), launcher.environment.begin(),
                                launcher.environment.end());
    return launched;
}

Result<void> start_here(const WorkerStart& start) {
    Result<WaitingWorker> worker = WaitingWorker::start(start);
    return worker ? worker->begin() : std::move(worker).error();
}

} // namespace

Result<WaitingWorker> WaitingWorker::start(const WorkerStart& start, Parent parent) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return unavailable(start.program, std::strerror(errno));
    }
    Descriptor ours(ends[0]);
    const Descriptor other_end(ends[1]);
    const Descriptor theirs(::fcntl(other_end.get(), F_DUPFD_CLOEXEC, ready_descriptor + 1));
    const Descriptor opened(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const Descriptor null(::fcntl(opened.get(), F_DUPFD_CLOEXEC, ready_descriptor + 1));
    if (!theirs || !null) return unavailable(start.program, std::strerror(errno));

    std::vector<std::string> words{start.program};
    words.insert(words.end(), start.arguments.begin(), start.arguments.end());
    words.push_back("--ready-descriptor");
    words.push_back(std::to_string(ready_descriptor));
    std::vector<std::string> variables = environment_with(start.environment);
    const std::vector<char*> argument_pointers = exec_pointers(words);
    const std::vector<char*> variable_pointers = exec_pointers(variables);

    // A handler of ours must not run in the child.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    const pid_t child = ::vfork();
    if (child == 0) {
        become_worker(start.program.c_str(), argument_pointers.data(), variable_pointers.data(),
                      null.get(), theirs.get(), parent);
    }
    const int failed = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) return unavailable(start.program, std::strerror(failed));
    if (parent == Parent::lives_on) {
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    }
    return WaitingWorker(start.program, std::move(ours));
}

Result<void> WaitingWorker::begin() {
    // One that has ended already has left its words, which say why.
    while (::send(socket_.get(), &begin_byte, 1, MSG_NOSIGNAL) < 0 && errno == EINTR) {
    }
    const auto deadline = std::chrono::steady_clock::now() + ready_limit;
    std::string said;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return unavailable(program_, "it was not ready within 10 s");
        pollfd watched{socket_.get(), POLLIN, 0};
        const int polled = ::poll(&watched, 1, static_cast<int>(left.count()));
        if (polled < 0 && errno != EINTR) return unavailable(program_, std::strerror(errno));
        if (polled <= 0) continue;
        std::array<char, 1024> buffer{};
        const ssize_t count = ::read(socket_.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
        if (piece.find(ready_byte) != std::string_view::npos) return {};
        if (said.size() < 4096) said += piece;
    }
    while (!said.empty() && said.back() == '\n') said.pop_back();
    return unavailable(program_, said.empty() ? "it ended at once" : escape_controls(said));
}

Result<void> start_worker(const WorkerStart& start) {
    if (own_ending_control_group()) {
        for (const ScopeLauncher& launcher : own_scope_launchers()) {
            if (start_here(through(launcher, start))) return {};
        }
    }
    return start_here(start);
}

} // namespace loong
