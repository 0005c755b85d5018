#pragma once
/// What /proc/PID/stat says of a process. Without any library, for the keeper too.

#include <cstdlib>
#include <cstring>
#include <sys/types.h>

namespace loong::keeper {

struct ProcessStat {
    char state = '\0';
    pid_t parent = 0;
    /// PF_EXITING, PF_KTHREAD and others.
    unsigned long flags = 0;
    /// Clock ticks from boot.
    unsigned long long start_time = 0;
    /// Where its program and its environment are in its memory. While it starts a program the kernel
    /// sets the first last.
    unsigned long program_begin = 0;
    unsigned long environment_begin = 0;
    unsigned long environment_end = 0;

    [[nodiscard]] bool is_dead() const { return state == 'Z' || state == 'X'; }

    /// Has no memory any more, or never had any.
    [[nodiscard]] bool is_without_memory() const {
        constexpr unsigned long exiting = 0x4;
        constexpr unsigned long kernel_thread = 0x200000;
        return is_dead() || (flags & (exiting | kernel_thread)) != 0;
    }

    /// Of a process whose environment could not be read: whether it has one. It was, or still is, on
    /// its way from one program to the next.
    [[nodiscard]] bool has_environment() const {
        return !is_without_memory() && (program_begin == 0 || environment_begin != environment_end);
    }
};

/// False where `text`, ended by a NUL, is not whole.
inline bool parse(const char* text, ProcessStat& stat) {
    // The name, in parentheses, may contain anything; it is the second field, as proc(5) counts.
    const char* rest = std::strrchr(text, ')');
    if (rest == nullptr || std::strlen(rest) < 3) return false;
    stat.state = rest[2];
    int field = 2;
    while ((rest = std::strchr(rest, ' ')) != nullptr) {
        ++rest;
        ++field;
        if (field == 4) stat.parent = static_cast<pid_t>(std::strtoul(rest, nullptr, 10));
        if (field == 9) stat.flags = std::strtoul(rest, nullptr, 10);
        if (field == 22) stat.start_time = std::strtoull(rest, nullptr, 10);
        if (field == 26) stat.program_begin = std::strtoul(rest, nullptr, 10);
        if (field == 50) stat.environment_begin = std::strtoul(rest, nullptr, 10);
        if (field == 51) stat.environment_end = std::strtoul(rest, nullptr, 10);
    }
    return field >= 51;
}

} // namespace loong::keeper
