#include "orphans.hpp"

#include "system.hpp"

#include <charconv>
#include <filesystem>
#include <set>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace loong::local {
namespace {

/// Children of this process in sessions other than its own.
Result<std::vector<pid_t>> adopted_children() {
    std::vector<pid_t> found;
    std::error_code failed;
    for (std::filesystem::directory_iterator thread("/proc/self/task", failed), end;
         !failed && thread != end; thread.increment(failed)) {
        const auto content = read_file(thread->path().string() + "/children", 1U << 20);
        if (!content) return content.error();
        // A thread that has just ended has no children of its own any more.
        if (!content->has_value()) continue;
        const char* next = (*content)->data();
        const char* const last = next + (*content)->size();
        pid_t pid = 0;
        for (;;) {
            while (next != last && *next == ' ') ++next;
            const auto [rest, error] = std::from_chars(next, last, pid);
            if (error != std::errc()) break;
            next = rest;
            const pid_t session = ::getsid(pid);
            if (session > 0 && session != ::getsid(0)) found.push_back(pid);
        }
    }
    if (failed) return system_error("directory /proc/self/task", failed.value());
    return found;
}

} // namespace

void adopt_orphans() { static_cast<void>(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

Result<std::vector<FoundProcess>> find_orphans(const std::string& session_id) {
    std::vector<FoundProcess> found;
    std::set<pid_t> seen;
    // One that ends before its turn comes leaves its own children to this process: they are in the
    // next list.
    for (bool is_any_new = true; is_any_new;) {
        is_any_new = false;
        const auto children = adopted_children();
        if (!children) return children.error();
        for (const pid_t pid : *children) {
            if (!seen.insert(pid).second) continue;
            is_any_new = true;
            const auto others = carries_other_tasks(pid, session_id);
            if (!others) return others.error();
            if (*others) continue;
            const auto identity = identify(pid);
            if (!identity) continue;
            auto process = find_process(*identity);
            if (!process) return std::move(process).error();
            if (*process) found.push_back({*identity, *std::move(process)});
        }
    }
    return found;
}

void reap_orphans() {
    const auto children = adopted_children();
    // Who cannot be found now stays a zombie until the next time.
    if (!children) return;
    for (const pid_t pid : *children) ::waitpid(pid, nullptr, WNOHANG);
}

} // namespace loong::local
