// bench-stamp FILE: writes down when it came to run, in nanoseconds of the monotonic clock.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

namespace {

std::array<char, 24> line;

/// Where in `line` the text begins; it goes to the end.
std::size_t write_line(const timespec& now) {
    std::size_t at = line.size();
    line[--at] = '\n';
    auto left = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                static_cast<std::uint64_t>(now.tv_nsec);
    for (; left > 0; left /= 10) line[--at] = static_cast<char>('0' + left % 10);
    return at;
}

} // namespace

#if defined(__x86_64__)

// What the C library does before main() takes a fifth of a millisecond where the processor is a
// virtual one, so here is nothing before the first instruction, and no library that could be used.
namespace {

long system_call(long number, long first, long second, long third) {
    long result = 0;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(first), "S"(second), "d"(third)
                 : "rcx", "r11", "memory");
    return result;
}

long address(const void* pointer) { return reinterpret_cast<long>(pointer); }

} // namespace

// The stack protector would rely on the library.
extern "C" [[noreturn, gnu::used, gnu::no_stack_protector]] void begin(const long* stack) {
    timespec now{};
    system_call(SYS_clock_gettime, CLOCK_MONOTONIC, address(&now), 0);
    long status = 2;
    if (stack[0] == 2) {
        const long file =
            system_call(SYS_open, stack[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        const std::size_t at = write_line(now);
        const auto size = static_cast<long>(line.size() - at);
        const long written = system_call(SYS_write, file, address(&line[at]), size);
        status = written == size ? 0 : 1;
    }
    while (true) system_call(SYS_exit_group, status, 0, 0);
}

asm(".globl _start\n"
    "_start:\n"
    "    xor %ebp, %ebp\n"
    "    mov %rsp, %rdi\n"
    "    and $-16, %rsp\n"
    "    call begin\n");

#else

#include <unistd.h>

int main(int argc, char** argv) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc != 2) return 2;
    const int file = ::open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::size_t at = write_line(now);
    const std::size_t size = line.size() - at;
    return ::write(file, &line[at], size) == static_cast<ssize_t>(size) ? 0 : 1;
}

#endif
