#include "start.hpp"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

char shell_path[] = "/bin/sh";

/// What the child tells the keeper; they share memory until the child has become the command.
volatile int failed_stage;
volatile int failed_error;

[[noreturn]] void fail(StartStage stage) {
    failed_error = errno;
    failed_stage = static_cast<int>(stage);
    _exit(127);
}

[[noreturn]] void become_command(const Spec& spec, int output, int error_output) {
    setsid();
    // Descriptor 0 is /dev/null already.
    if (dup2(output, 1) < 0 || dup2(error_output, 2) < 0) fail(StartStage::process);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
        for (int descriptor = 3; descriptor < 64; ++descriptor) close(descriptor);
    }
    if (chdir(spec.directory) != 0) fail(StartStage::working_directory);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(spec.path, spec.arguments, spec.environment);
    if (errno == ENOEXEC) {
        // A script without a first line that names its shell: execvp(3) gives it to /bin/sh.
        char** arguments = spec.arguments - 1;
        arguments[0] = shell_path;
        arguments[1] = const_cast<char*>(spec.path);
        execve(shell_path, arguments, spec.environment);
    }
    fail(StartStage::program);
}

} // namespace

Started start_command(const Spec& spec, const int (&ends)[2]) {
    failed_stage = static_cast<int>(StartStage::done);
    // Every signal is blocked here and none has a handler, so nothing of ours runs in the child
    // while it borrows our memory. A fork would have to copy the page tables.
    const pid_t pid = vfork();
    if (pid == 0) become_command(spec, ends[0], ends[1]);
    Started started;
    started.pid = pid;
    if (pid < 0) {
        started.stage = StartStage::process;
        started.error = errno;
    } else if (failed_stage != static_cast<int>(StartStage::done)) {
        started.stage = static_cast<StartStage>(failed_stage);
        started.error = failed_error;
        waitpid(pid, nullptr, 0);
    }
    return started;
}

} // namespace loong::keeper
