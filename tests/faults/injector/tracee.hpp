#pragma once
/// One process under a tracer: every system call of all of its threads is counted, in the order in
/// which they are made, and at chosen numbers the process is killed or a call is made to fail.
///
/// Processes that it starts are not followed; they are watched by injectors of their own.

#include "plan.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace loong::faults {

/// What became of the process.
struct Report {
    std::uint64_t calls = 0;
    /// The number of each call that was counted, in order; kept where the plan only counts.
    std::vector<std::int64_t> sequence;
    /// How often the plan's fault was injected.
    std::uint64_t injected = 0;
    /// Number of the system call that it hit first, -1 where it hit none.
    std::int64_t first_call = -1;
    /// The wait status of the process.
    int status = 0;
};

class Tracee {
public:
    Tracee(pid_t pid, const Plan& plan) : pid_(pid), plan_(plan) {}

    /// Becomes the tracer of the process. False where the system does not permit it.
    bool seize() const;

    /// Traces it from its next execve to its end. The process must be about to call execve.
    Report follow();

private:
    /// A thread between the entry of a system call and its exit.
    struct Thread {
        bool failing = false;
    };

    void stopped(pid_t thread, int status);
    void system_call(pid_t thread);
    bool is_chosen(std::uint64_t call) const;
    void hit(std::uint64_t call);
    void go_on(pid_t thread, int signal) const;

    const pid_t pid_;
    const Plan& plan_;
    Report report_;
    std::map<pid_t, Thread> threads_;
    bool executed_ = false;
    bool killed_ = false;
};

} // namespace loong::faults
