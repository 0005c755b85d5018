#include "seccomp_filter.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace loong::local {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native = AUDIT_ARCH_X86_64;
#else
constexpr std::uint32_t native = AUDIT_ARCH_AARCH64;
#endif

/// What the kernel would do: the instructions that filters use, interpreted.
std::uint32_t answer(const std::vector<std::uint64_t>& filter, const seccomp_data& call) {
    std::uint32_t accumulator = 0;
    for (std::size_t at = 0; at < filter.size(); ++at) {
        const auto instruction = std::bit_cast<sock_filter>(filter[at]);
        const bool equal = accumulator == instruction.k;
        switch (instruction.code) {
        case BPF_LD | BPF_W | BPF_ABS:
            std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + instruction.k,
                        sizeof(accumulator));
            break;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= instruction.k; break;
        case BPF_JMP | BPF_JEQ | BPF_K: at += equal ? instruction.jt : instruction.jf; break;
        case BPF_JMP | BPF_JGE | BPF_K:
            at += accumulator >= instruction.k ? instruction.jt : instruction.jf;
            break;
        case BPF_RET | BPF_K: return instruction.k;
        default: ADD_FAILURE() << "unknown instruction " << instruction.code; return 0;
        }
    }
    ADD_FAILURE() << "the filter ends without an answer";
    return 0;
}

std::uint32_t answer(const FilterOptions& options, long number,
                     std::initializer_list<std::uint64_t> arguments = {},
                     std::uint32_t architecture = native) {
    seccomp_data call{};
    call.nr = static_cast<int>(number);
    call.arch = architecture;
    std::size_t at = 0;
    for (const std::uint64_t argument : arguments) call.args[at++] = argument;
    return answer(make_filter(options), call);
}

constexpr std::uint32_t allowed = SECCOMP_RET_ALLOW;
constexpr std::uint32_t refused(int error) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

TEST(SeccompFilter, sockets) {
    const FilterOptions open;
    FilterOptions closed;
    closed.internet_sockets = false;
    for (const int family : {AF_INET, AF_INET6, AF_NETLINK}) {
        EXPECT_EQ(answer(open, SYS_socket, {static_cast<std::uint64_t>(family)}), allowed);
    }
    for (std::uint64_t family = 0; family < 64; ++family) {
        if (family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
        EXPECT_EQ(answer(open, SYS_socket, {family}), refused(EACCES)) << family;
    }
    for (std::uint64_t family = 0; family < 64; ++family) {
        EXPECT_EQ(answer(closed, SYS_socket, {family}), refused(EACCES)) << family;
    }
    // The kernel takes an int, so the upper half must not hide anything.
    constexpr std::uint64_t upper = std::uint64_t{1} << 32U;
    EXPECT_EQ(answer(open, SYS_socket, {upper | AF_UNIX}), refused(EACCES));
}

TEST(SeccompFilter, pairs_are_streams) {
    for (const std::uint64_t flags :
         std::initializer_list<std::uint64_t>{0, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC}) {
        EXPECT_EQ(answer({}, SYS_socketpair, {AF_UNIX, SOCK_STREAM | flags}), allowed);
        EXPECT_EQ(answer({}, SYS_socketpair, {AF_UNIX, SOCK_SEQPACKET | flags}), allowed);
        EXPECT_EQ(answer({}, SYS_socketpair, {AF_UNIX, SOCK_DGRAM | flags}), refused(EACCES));
        EXPECT_EQ(answer({}, SYS_socketpair, {AF_UNIX, SOCK_RAW | flags}), refused(EACCES));
    }
}

TEST(SeccompFilter, other_ways) {
    for (const long call : {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register}) {
        EXPECT_EQ(answer({}, call), refused(ENOSYS));
    }
    for (const long call : {SYS_add_key, SYS_request_key, SYS_keyctl}) {
        EXPECT_EQ(answer({}, call), refused(EPERM));
    }
    EXPECT_EQ(answer({}, SYS_ioctl, {0, TIOCSTI}), refused(EPERM));
    EXPECT_EQ(answer({}, SYS_ioctl, {0, FIONREAD}), allowed);
    EXPECT_EQ(answer({}, SYS_getpid), allowed);
    EXPECT_EQ(answer({}, SYS_getpid, {}, AUDIT_ARCH_I386), std::uint32_t{SECCOMP_RET_KILL_PROCESS});
#if defined(__x86_64__)
    EXPECT_EQ(answer({}, 0x40000000 | SYS_getpid), refused(ENOSYS));
#endif
}

TEST(SeccompFilter, truncation_where_landlock_does_not_know_it) {
    FilterOptions old;
    old.refuse_truncation = true;
    EXPECT_EQ(answer(old, SYS_truncate), refused(EACCES));
    EXPECT_EQ(answer({}, SYS_truncate), allowed);
    EXPECT_EQ(answer(old, SYS_ftruncate), allowed);
    EXPECT_EQ(answer(old, SYS_openat2), refused(ENOSYS));
    const auto open_at = [&](int flags) {
        return answer(old, SYS_openat, {0, 0, static_cast<std::uint64_t>(flags)});
    };
    EXPECT_EQ(open_at(O_RDONLY | O_TRUNC), refused(EACCES));
    EXPECT_EQ(open_at(O_RDONLY | O_TRUNC | O_CLOEXEC | O_CREAT), refused(EACCES));
    EXPECT_EQ(open_at(O_WRONLY | O_TRUNC), allowed);
    EXPECT_EQ(open_at(O_RDWR | O_TRUNC | O_CREAT), allowed);
    EXPECT_EQ(open_at(O_RDONLY), allowed);
#if defined(SYS_open)
    EXPECT_EQ(answer(old, SYS_open, {0, O_RDONLY | O_TRUNC}), refused(EACCES));
    EXPECT_EQ(answer(old, SYS_open, {0, O_WRONLY | O_TRUNC}), allowed);
#endif
}

} // namespace
} // namespace loong::local
