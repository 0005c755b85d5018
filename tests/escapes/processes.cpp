#include "escape.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::escapes {

namespace {

pid_t process_of(const std::string& target) { return static_cast<pid_t>(std::stoi(target)); }

/// SIGURG is ignored by who does not expect it, so the control does no harm.
int by_signal(const std::string& target) {
    return kill(process_of(target), SIGURG) == 0 ? 0 : errno;
}

int by_pidfd_signal(const std::string& target) {
    const long process = syscall(SYS_pidfd_open, process_of(target), 0);
    if (process < 0) return errno;
    return syscall(SYS_pidfd_send_signal, process, SIGURG, nullptr, 0) == 0 ? 0 : errno;
}

int by_ptrace(const std::string& target) {
    if (ptrace(PTRACE_SEIZE, process_of(target), nullptr, nullptr) != 0) return errno;
    return 0;
}

int open_of(const std::string& target, const char* name, int flags) {
    const int opened = open(("/proc/" + target + "/" + name).c_str(), flags);
    return opened >= 0 ? 0 : errno;
}

int by_memory(const std::string& target) { return open_of(target, "mem", O_RDWR); }
int by_environment(const std::string& target) { return open_of(target, "environ", O_RDONLY); }

int by_working_directory(const std::string& target) {
    return open_of(target, "cwd", O_RDONLY | O_DIRECTORY);
}

int by_descriptors(const std::string& target) { return open_of(target, "fd/0", O_RDONLY); }

int by_process_vm(const std::string& target) {
    char byte = 0;
    iovec local{&byte, 1};
    // An address that is surely not there: permission is looked at first.
    iovec remote{nullptr, 1};
    const ssize_t count = process_vm_readv(process_of(target), &local, 1, &remote, 1, 0);
    return count >= 0 || errno == EFAULT ? 0 : errno;
}

/// Queues of other processes have names; one of its own is as good to see whether there is a way.
int by_message_queue(const std::string&) {
    const std::string name = "/loong-escape-" + std::to_string(getpid());
    const mqd_t queue = mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600, nullptr);
    if (queue == static_cast<mqd_t>(-1)) return errno;
    mq_close(queue);
    return mq_unlink(name.c_str()) == 0 ? 0 : errno;
}

int by_pidfd_getfd(const std::string& target) {
    const long process = syscall(SYS_pidfd_open, process_of(target), 0);
    if (process < 0) return errno;
    return syscall(SYS_pidfd_getfd, process, 0, 0) >= 0 ? 0 : errno;
}

} // namespace

std::vector<Escape> process_escapes() {
    return {{"signal", by_signal},
            {"pidfd-signal", by_pidfd_signal},
            {"ptrace", by_ptrace},
            {"process-memory", by_memory},
            {"process-environment", by_environment},
            {"process-directory", by_working_directory},
            {"process-descriptors", by_descriptors},
            {"process-vm", by_process_vm},
            {"message-queue", by_message_queue},
            {"pidfd-getfd", by_pidfd_getfd}};
}

} // namespace loong::escapes
