#include "tracee.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

// After <sys/ptrace.h>, which knows the request but not the structure.
#include <linux/ptrace.h>

namespace loong::faults {
namespace {

template <typename Data>
long trace(int request, pid_t thread, std::uintptr_t address, Data data) {
    return ::ptrace(static_cast<__ptrace_request>(request), thread, address, data);
}

using Registers = user_regs_struct;

bool read_registers(pid_t thread, Registers& registers) {
    iovec part{&registers, sizeof(registers)};
    return trace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &part) == 0;
}

void write_registers(pid_t thread, Registers& registers) {
    iovec part{&registers, sizeof(registers)};
    trace(PTRACE_SETREGSET, thread, NT_PRSTATUS, &part);
}

/// Lets the system call that is about to begin do nothing.
void skip_call(pid_t thread) {
#if defined(__x86_64__)
    Registers registers{};
    if (!read_registers(thread, registers)) return;
    registers.orig_rax = ~0ULL;
    write_registers(thread, registers);
#elif defined(__aarch64__)
    int none = -1;
    iovec part{&none, sizeof(none)};
    trace(PTRACE_SETREGSET, thread, NT_ARM_SYSTEM_CALL, &part);
#else
#error "how a system call is skipped on this architecture is not known here"
#endif
}

void set_result(pid_t thread, int error) {
    Registers registers{};
    if (!read_registers(thread, registers)) return;
#if defined(__x86_64__)
    registers.rax = static_cast<unsigned long long>(-static_cast<long long>(error));
#elif defined(__aarch64__)
    registers.regs[0] = static_cast<unsigned long long>(-static_cast<long long>(error));
#endif
    write_registers(thread, registers);
}

} // namespace

bool Tracee::seize() const {
    const std::uintptr_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE;
    return trace(PTRACE_SEIZE, pid_, 0, options) == 0;
}

void Tracee::go_on(pid_t thread, int signal) const {
    // With nothing left to inject the process runs undisturbed.
    const bool done = plan_.action == Plan::Action::error && !plan_.and_after &&
                      report_.injected > 0 && threads_.empty();
    trace(done ? PTRACE_CONT : PTRACE_SYSCALL, thread, 0, static_cast<std::uintptr_t>(signal));
}

bool Tracee::is_chosen(std::uint64_t call) const {
    return plan_.calls.empty() || std::find(plan_.calls.begin(), plan_.calls.end(),
                                            static_cast<std::int64_t>(call)) != plan_.calls.end();
}

void Tracee::hit(std::uint64_t call) {
    ++report_.injected;
    if (report_.first_call < 0) report_.first_call = static_cast<std::int64_t>(call);
}

void Tracee::system_call(pid_t thread) {
    __ptrace_syscall_info info{};
    if (trace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0) return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        const auto failing = threads_.find(thread);
        if (failing == threads_.end()) return;
        set_result(thread, plan_.error);
        threads_.erase(failing);
        return;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !is_chosen(info.entry.nr)) return;
    // A full disk is no reason why a terminal, or a starter's pipe, should not hear of it.
    const bool is_error = plan_.action == Plan::Action::error;
    if (is_error && info.entry.nr == SYS_write && info.entry.args[0] <= STDERR_FILENO) return;
    ++report_.calls;
    if (plan_.action == Plan::Action::count) {
        report_.sequence.push_back(static_cast<std::int64_t>(info.entry.nr));
    }
    const bool now = report_.calls == plan_.at || (plan_.and_after && report_.calls > plan_.at);
    if (!now || plan_.action == Plan::Action::count) return;
    hit(info.entry.nr);
    if (plan_.action == Plan::Action::kill) {
        killed_ = true;
        ::kill(pid_, SIGKILL);
        return;
    }
    skip_call(thread);
    threads_[thread].failing = true;
}

void Tracee::stopped(pid_t thread, int status) {
    const int signal = WSTOPSIG(status);
    const int event = status >> 16;
    if (signal == (SIGTRAP | 0x80)) {
        if (executed_ && !killed_) system_call(thread);
        if (!killed_) go_on(thread, 0);
        return;
    }
    if (event == PTRACE_EVENT_EXEC) executed_ = true;
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) {
        trace(PTRACE_LISTEN, thread, 0, 0);
        return;
    }
    go_on(thread, event == 0 ? signal : 0);
}

Report Tracee::follow() {
    while (true) {
        int status = 0;
        const pid_t thread = ::waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR) continue;
        if (thread < 0) break;
        if (WIFSTOPPED(status)) {
            stopped(thread, status);
        } else if (thread == pid_) {
            report_.status = status;
        }
    }
    return report_;
}

} // namespace loong::faults
