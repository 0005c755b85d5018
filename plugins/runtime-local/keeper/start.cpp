#include "start.hpp"

#include "narrow.hpp"
#include "protocol.hpp"

#include <cerrno>
#include <csignal>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

char shell_path[] = "/bin/sh";

/// What the child tells the keeper. They share this memory also where they share no other.
struct Failure {
    volatile int stage;
    volatile int error;
};
Failure* failure;

[[noreturn]] void fail(StartStage stage) {
    failure->error = errno;
    failure->stage = static_cast<int>(stage);
    _exit(127);
}

[[noreturn]] void become_command(const Spec& spec, int output, int error_output) {
    setsid();
    if ((spec.flags & narrowed_flag) != 0 && !enter_namespaces(spec)) fail(StartStage::narrowing);
    // Descriptor 0 is /dev/null already.
    if ((spec.flags & given_streams_flag) != 0 && dup2(given_input_descriptor, 0) < 0) {
        fail(StartStage::process);
    }
    if (dup2(output, 1) < 0 || dup2(error_output, 2) < 0) fail(StartStage::process);
    if (spec.umask != own_umask) umask(spec.umask);
    if (chdir(spec.directory) != 0) fail(StartStage::working_directory);
    if ((spec.flags & narrowed_flag) != 0 && !narrow(spec)) fail(StartStage::narrowing);
    if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
        for (int descriptor = 3; descriptor < 64; ++descriptor) close(descriptor);
    }
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
    Started started;
    started.stage = StartStage::process;
    void* page =
        mmap(nullptr, sizeof(Failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        started.error = errno;
        return started;
    }
    failure = static_cast<Failure*>(page);
    failure->stage = static_cast<int>(StartStage::done);
    // Every signal is blocked here and none has a handler, so nothing of ours runs in the child
    // while it borrows our memory. A fork would have to copy the page tables; it is needed where the
    // child enters namespaces, which nobody may who shares memory.
    const bool narrowed = (spec.flags & narrowed_flag) != 0;
    const pid_t pid = narrowed ? clone_narrowed(spec) : vfork();
    if (pid == 0) become_command(spec, ends[0], ends[1]);
    started.pid = pid;
    if (pid < 0) {
        started.error = errno;
        if (narrowed) started.stage = StartStage::narrowing;
    } else {
        started.stage = static_cast<StartStage>(failure->stage);
        started.error = failure->error;
        if (started.stage != StartStage::done) waitpid(pid, nullptr, 0);
    }
    munmap(page, sizeof(Failure));
    return started;
}

} // namespace loong::keeper
