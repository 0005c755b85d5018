#include "end_work.hpp"

#include "orphans.hpp"
#include "system.hpp"
#include "work_lock.hpp"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <set>
#include <utility>
#include <vector>

namespace loong::local {
namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_until(Deadline deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

/// Waits until one of the processes has ended, or the deadline. A process that is a zombie counts
/// as ended.
void wait_for_one(const std::vector<FoundProcess>& processes, Deadline deadline) {
    std::vector<pollfd> watched;
    watched.reserve(processes.size());
    for (const FoundProcess& process : processes) {
        watched.push_back({process.descriptor.get(), POLLIN, 0});
    }
    ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
}

/// True: the keeper has ended, and with it all that it kept.
bool end_keeper(const Descriptor& keeper, bool forced, Deadline force_at, Deadline give_up_at) {
    send_signal(keeper, forced ? SIGUSR1 : SIGTERM);
    send_signal(keeper, SIGCONT);
    if (wait_readable(keeper.get(), milliseconds_until(force_at))) return true;
    send_signal(keeper, SIGUSR1);
    return wait_readable(keeper.get(), milliseconds_until(give_up_at));
}

bool can_take_lock(const std::string& directory, Deadline give_up_at) {
    for (;;) {
        auto lock = WorkLock::take(directory);
        if (!lock) return false;
        if (lock->has_value()) return true;
        if (Clock::now() >= give_up_at) return false;
        // There is no waiting for such a lock with a limit; its holder is about to end.
        ::poll(nullptr, 0, 5);
    }
}

} // namespace

bool end_leftovers(const std::string& session_id, Ender ender, Deadline force_at,
                   Deadline give_up_at) {
    std::set<std::pair<pid_t, std::uint64_t>> asked;
    for (;;) {
        auto processes = find_session_processes(session_id);
        if (!processes) return false;
        if (ender == Ender::worker) {
            reap_orphans();
            auto orphans = find_orphans(session_id);
            if (!orphans) return false;
            for (FoundProcess& orphan : *orphans) processes->push_back(std::move(orphan));
        }
        if (processes->empty()) return true;
        const bool force = Clock::now() >= force_at;
        for (const auto& [identity, process] : *processes) {
            if (force) {
                send_signal(process, SIGKILL);
            } else if (asked.emplace(identity.pid, identity.start_time).second) {
                send_signal(process, SIGTERM);
                send_signal(process, SIGCONT);
            }
        }
        if (Clock::now() >= give_up_at) return false;
        // Looked at again soon: a process may have started another just before it was asked.
        const Deadline soon = Clock::now() + std::chrono::milliseconds(20);
        wait_for_one(*processes, std::min(soon, give_up_at));
    }
}

Result<bool> end_work(const LostSession& session, const std::optional<Handle>& handle, EndHow how) {
    const bool forced = how == EndHow::forced;
    const auto grace =
        forced ? Microseconds(0) : std::max(Microseconds(0), session.spec.limits.grace);
    const Deadline start = Clock::now();
    const Deadline force_at = start + grace;
    const Deadline give_up_at = force_at + std::chrono::seconds(4);
    if (handle) {
        const auto can_run = is_of_this_boot(handle->boot_id);
        if (!can_run) return can_run.error();
        if (!*can_run) return true;
        auto found = find_process(handle->keeper);
        if (!found) return std::move(found).error();
        const Descriptor keeper = *std::move(found);
        // The keeper counts the same grace time itself, and kills at its end.
        const Deadline keeper_limit = force_at + std::chrono::seconds(1);
        if (keeper && !end_keeper(keeper, forced, keeper_limit, force_at + Seconds(3))) {
            // Stuck, or about to: what it keeps is found by the environment.
            send_signal(keeper, SIGKILL);
        }
    }
    if (!end_leftovers(session.spec.task_session_id, Ender::stranger, force_at, give_up_at))
        return false;
    return can_take_lock(session.directory, give_up_at);
}

} // namespace loong::local
