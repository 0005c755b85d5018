#include "narrow.hpp"

#include "protocol.hpp"
#include "text.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace loong::keeper {
namespace {

bool write_whole(const char* file, Text& text) {
    const int descriptor = open(file, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const ssize_t count = write(descriptor, text.data(), text.size());
    const int error = errno;
    close(descriptor);
    errno = error;
    return count == static_cast<ssize_t>(text.size());
}

/// Before the clone: in a new namespace nobody has a number yet.
uid_t user;
gid_t group;

bool keep_own_ids() {
    Text deny;
    deny.add("deny");
    if (!write_whole("/proc/self/setgroups", deny)) return false;
    Text users;
    users.add(std::uint64_t{user}).add(" ").add(std::uint64_t{user}).add(" 1");
    if (!write_whole("/proc/self/uid_map", users)) return false;
    Text groups;
    groups.add(std::uint64_t{group}).add(" ").add(std::uint64_t{group}).add(" 1");
    return write_whole("/proc/self/gid_map", groups);
}

/// So that a program can talk to itself. Not worth failing for: without it there is less network.
void raise_loopback() {
    const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0) return;
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ioctl(any, SIOCSIFFLAGS, &request);
    close(any);
}

/// Root without capabilities is a user whom some files belong to. With them it could read raw disks,
/// load modules, or enter another's namespace.
bool drop_capabilities() {
    for (unsigned long number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
        // Refused to who has none, and then there is nothing that could be gained either.
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EPERM) return false;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return false;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const __user_cap_data_struct none[2]{};
    return syscall(SYS_capset, &header, none) == 0;
}

} // namespace

pid_t clone_narrowed(const Spec& spec) {
    user = geteuid();
    group = getegid();
    unsigned long flags = CLONE_VFORK | SIGCHLD;
    if ((spec.flags & network_namespace_flag) != 0) flags |= CLONE_NEWNET;
    if ((spec.flags & user_namespace_flag) != 0) flags |= CLONE_NEWUSER;
    // The first two arguments are flags and stack wherever clone(2) is not backwards; no stack means
    // a copy of this one, as for a fork.
    return static_cast<pid_t>(syscall(SYS_clone, flags, 0, 0, 0, 0));
}

bool enter_namespaces(const Spec& spec) {
    if ((spec.flags & user_namespace_flag) != 0 && !keep_own_ids()) return false;
    if ((spec.flags & network_namespace_flag) != 0) raise_loopback();
    return true;
}

bool narrow(const Spec& spec) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !drop_capabilities()) return false;
    if (syscall(SYS_landlock_restrict_self, ruleset_descriptor, 0) != 0) return false;
    // Last: the filter refuses calls that were needed up to here.
    sock_fprog program{};
    program.len = spec.filter_size;
    program.filter = static_cast<sock_filter*>(const_cast<void*>(spec.filter));
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

} // namespace loong::keeper
