#include "kernel_abilities.hpp"

#include "seccomp_filter.hpp"

#include <cerrno>
#include <csignal>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::local {
namespace {

using NetworkNamespace = KernelAbilities::NetworkNamespace;

/// Between the raw clone and the end only system calls are made: other threads may have held locks.
bool can_clone(unsigned long flags) {
    const long child = ::syscall(SYS_clone, flags | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) ::_exit(0);
    if (child < 0) return false;
    while (::waitpid(static_cast<pid_t>(child), nullptr, 0) < 0 && errno == EINTR) {
    }
    return true;
}

bool can_filter() {
    const std::uint32_t action = SECCOMP_RET_ERRNO;
    return is_architecture_known() &&
           ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Finding note(std::string code, std::string cause) {
    return {std::move(code), Severity::note, {}, std::move(cause), {}, false};
}

std::string landlock_text(int version) {
    std::string text = "Landlock " + std::to_string(version) +
                       ": reading and writing files outside of what is allowed is refused";
    if (version >= 2) text += ", and so is moving them in and out";
    text += version >= 3 ? "; truncating them too"
                         : "; truncating them is refused by seccomp, also inside of what is "
                           "allowed where it is done by name";
    if (version >= 5) text += "; commands to devices too";
    text += version >= 6 ? "; signals and abstract sockets do not leave the work"
                         : "; signals do leave the work (version 6, Linux 6.12, is needed): it can "
                           "kill its own keeper, which makes it failed";
    return text;
}

} // namespace

KernelAbilities detect_kernel_abilities() {
    KernelAbilities abilities;
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    abilities.landlock = version > 0 ? static_cast<int>(version) : 0;
    abilities.filter = can_filter();
    if (can_clone(CLONE_NEWNET)) {
        abilities.network_namespace = NetworkNamespace::yes;
    } else if (can_clone(CLONE_NEWNET | CLONE_NEWUSER)) {
        abilities.network_namespace = NetworkNamespace::with_user_namespace;
    }
    return abilities;
}

Result<void> check_abilities(const KernelAbilities& abilities) {
    std::string missing;
    if (abilities.landlock < 1) missing = "Landlock (Linux 5.13, and among its security modules)";
    if (!abilities.filter) {
        missing +=
            std::string(missing.empty() ? "" : " and ") + "seccomp filters (x86-64 or arm64)";
    }
    if (missing.empty()) return {};
    return Error{ErrorCode::unsupported,
                 "tool policy: this kernel cannot hold work to one, for it lacks " + missing,
                 "run the task without narrowing, or on a machine that has it; 'loong doctor' "
                 "tells what this one has"};
}

std::vector<std::string> enforced_by(const KernelAbilities& abilities, const ToolPolicy& policy) {
    std::vector<std::string> by{"landlock " + std::to_string(abilities.landlock), "seccomp"};
    if (!policy.network && abilities.network_namespace != NetworkNamespace::no) {
        by.emplace_back("network namespace");
    }
    return by;
}

std::vector<Finding> describe(const KernelAbilities& abilities) {
    if (Result<void> able = check_abilities(abilities); !able) {
        return {{"tool_policy_not_enforceable",
                 Severity::warning,
                 {},
                 able.error().message,
                 "use a kernel that has it; until then tasks that are narrowed are refused",
                 false}};
    }
    return {
        note("tool_policy_files", landlock_text(abilities.landlock)),
        note("tool_policy_sockets",
             "seccomp: Unix sockets (but pairs), io_uring, foreign system calls and the user's "
             "key rings are refused to narrowed work"),
        note("tool_policy_network",
             abilities.network_namespace == NetworkNamespace::no
                 ? "network: without one, every socket is refused by seccomp (this system "
                   "permits no network namespaces)"
                 : "network: without one, the work is in a network namespace of its own"),
        note("tool_policy_gaps",
             "no kernel refuses narrowed work to change the mode, owner and times of files that "
             "are not allowed to it, or to use System V shared memory and queues")};
}

} // namespace loong::local
