#include "seccomp_filter.hpp"

#include <asm/ioctls.h>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

namespace loong::local {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t native_architecture = 0;
#endif

constexpr std::uint32_t refuse_with(int error) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

class Program {
public:
    void add(unsigned code, std::uint32_t value, unsigned if_true = 0, unsigned if_false = 0) {
        const sock_filter instruction{static_cast<std::uint16_t>(code),
                                      static_cast<std::uint8_t>(if_true),
                                      static_cast<std::uint8_t>(if_false), value};
        instructions_.push_back(std::bit_cast<std::uint64_t>(instruction));
    }
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    /// The lower half of an argument: all that the kernel looks at where it is an int.
    void load_argument(std::size_t number) {
        static_assert(std::endian::native == std::endian::little);
        load(offsetof(seccomp_data, args) + number * sizeof(std::uint64_t));
    }
    void give(std::uint32_t action) { add(BPF_RET | BPF_K, action); }

    /// For this call what `block` adds, which has to end with an answer.
    template <typename Block>
    void on(long call, Block block) {
        Program inner;
        block(inner);
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0,
            static_cast<unsigned>(inner.instructions_.size()));
        instructions_.insert(instructions_.end(), inner.instructions_.begin(),
                             inner.instructions_.end());
    }
    void refuse(std::initializer_list<long> calls, int error) {
        for (const long call : calls) {
            on(call, [&](Program& block) { block.give(refuse_with(error)); });
        }
    }
    /// Nothing but these values of an argument, of which only the bits of `mask` count.
    void on_argument(long call, std::size_t number, std::uint32_t mask,
                     std::initializer_list<std::uint32_t> values, bool allowed, int error) {
        on(call, [&](Program& block) {
            block.load_argument(number);
            block.add(BPF_ALU | BPF_AND | BPF_K, mask);
            for (const std::uint32_t value : values) {
                block.add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
                block.give(allowed ? SECCOMP_RET_ALLOW : refuse_with(error));
            }
            block.give(allowed ? refuse_with(error) : SECCOMP_RET_ALLOW);
        });
    }

    std::vector<std::uint64_t> take() { return std::move(instructions_); }

private:
    std::vector<std::uint64_t> instructions_;
};

void refuse_foreign_calls(Program& program) {
    program.load(offsetof(seccomp_data, arch));
    program.add(BPF_JMP | BPF_JEQ | BPF_K, native_architecture, 1, 0);
    // The numbers of another architecture mean other calls; nothing here would refuse the right one.
    program.give(SECCOMP_RET_KILL_PROCESS);
    program.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    constexpr std::uint32_t x32_bit = 0x40000000;
    program.add(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1);
    program.give(refuse_with(ENOSYS));
#endif
}

void refuse_sockets(Program& program, bool internet) {
    constexpr std::uint32_t whole = ~0U;
    if (internet) {
        program.on_argument(SYS_socket, 0, whole, {AF_INET, AF_INET6, AF_NETLINK}, true, EACCES);
    } else {
        program.refuse({SYS_socket}, EACCES);
    }
    // A datagram socket of a pair can be sent from, and connected, to any address.
    constexpr std::uint32_t type_bits = 0xf;
    program.on_argument(SYS_socketpair, 1, type_bits, {SOCK_STREAM, SOCK_SEQPACKET}, true, EACCES);
    // A program that finds no io_uring does without; one that is refused may not.
    program.refuse({SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register}, ENOSYS);
}

void refuse_truncation(Program& program) {
    program.refuse({SYS_truncate}, EACCES);
    // Its flags lie in memory, where they cannot be looked at.
    program.refuse({SYS_openat2}, ENOSYS);
    // Opened for writing it is Landlock's; for reading only, the kernel truncates all the same.
    constexpr auto bits = static_cast<std::uint32_t>(O_TRUNC | O_ACCMODE);
    constexpr auto only_read = static_cast<std::uint32_t>(O_TRUNC | O_RDONLY);
    program.on_argument(SYS_openat, 2, bits, {only_read}, false, EACCES);
#if defined(SYS_open)
    program.on_argument(SYS_open, 1, bits, {only_read}, false, EACCES);
#endif
}

} // namespace

bool is_architecture_known() { return native_architecture != 0; }

std::vector<std::uint64_t> make_filter(const FilterOptions& options) {
    Program program;
    refuse_foreign_calls(program);
    refuse_sockets(program, options.internet_sockets);
    if (options.refuse_truncation) refuse_truncation(program);
    // Keys of the user's other processes; characters typed into a terminal in their place.
    program.refuse({SYS_add_key, SYS_request_key, SYS_keyctl}, EPERM);
    // Queues have names, and no directory that Landlock could be told of.
    program.refuse({SYS_mq_open, SYS_mq_unlink}, EACCES);
    program.on_argument(SYS_ioctl, 1, ~0U, {TIOCSTI, TIOCLINUX}, false, EPERM);
    program.give(SECCOMP_RET_ALLOW);
    return program.take();
}

} // namespace loong::local
