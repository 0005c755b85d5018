#include "probe_work.hpp"

#include "endings.hpp"
#include "system.hpp"
#include "work_lock.hpp"

#include <chrono>

namespace loong::local {
namespace {

using Clock = std::chrono::steady_clock;
using State = Probe::State;

/// A keeper whose worker has died either has its go already, or is about to leave; both take it far
/// less than this.
constexpr std::chrono::milliseconds keeper_patience{500};
constexpr int look_again_after = 2;

Probe found(State state, std::string message) { return {state, {}, std::move(message)}; }

Probe ended(const Handle& handle, const Plan& plan, const ExitRecord& record) {
    const Step& step = plan.steps[static_cast<std::size_t>(handle.step)];
    Outcome outcome = outcome_of(record);
    const std::string how =
        outcome.kind == OutcomeKind::completed ? "completed" : "failed (" + outcome.message + ")";
    if (next_after(plan, step, handle.attempt, outcome) != Next::end) {
        return found(State::alive,
                     "step " + step.name + " " + how + ", and the plan can go on after it");
    }
    outcome.message = step_message(plan, step, outcome.message);
    if (step.continue_on_error) outcome.kind = OutcomeKind::completed;
    return {State::finished, std::move(outcome), "the exit record says: " + how};
}

/// Nothing runs, and the command whose turn it was has left no record.
Probe absent(const Handle& handle, const std::string& started) {
    if (started == handle.command_id) {
        return found(State::gone, "no process of it is left, and no exit record");
    }
    if (handle.step > 0 || handle.attempt > 1) {
        return found(State::alive, "nothing runs, and the plan can go on where it stopped");
    }
    return found(State::never_started, "its command was never started");
}

/// A keeper that lives: absent while it has not started its command, because that tells nothing yet.
std::optional<Probe> of_keeper(const Descriptor& keeper, const std::string& directory,
                               const Handle& handle) {
    auto started = WorkLock::started_command(directory);
    if (!started) return found(State::unreachable, started.error().message);
    if (*started == handle.command_id) return found(State::alive, "its keeper lives");
    static_cast<void>(wait_readable(keeper.get(), look_again_after));
    return std::nullopt;
}

/// Absent where it has to be looked at again.
std::optional<Probe> look(const LostSession& session, const Handle& handle, const Plan& plan) {
    const std::string& directory = session.directory;
    // First the lock, then the record: a keeper writes the record before it lets go of the lock.
    auto lock = WorkLock::ask(directory);
    if (!lock) return found(State::unreachable, lock.error().message);
    auto record = read_exit_record(directory, handle.command_id);
    if (!record) return found(State::unreachable, record.error().message);
    if (record->has_value()) return ended(handle, plan, **record);
    const auto can_run = is_of_this_boot(handle.boot_id);
    if (!can_run) return found(State::unreachable, can_run.error().message);
    if (!*can_run) {
        return found(State::gone, "the machine was started anew, and there is no exit record");
    }
    const auto keeper = find_process(handle.keeper);
    if (!keeper) return found(State::unreachable, keeper.error().message);
    if (*keeper) return of_keeper(*keeper, directory, handle);
    auto processes = find_session_processes(session.spec.task_session_id);
    if (!processes) return found(State::unreachable, processes.error().message);
    if (!processes->empty()) {
        return found(State::alive, "its keeper is gone, and " + std::to_string(processes->size()) +
                                       " of its processes live on; how they end cannot be learned");
    }
    if (*lock == WorkLock::State::held) {
        auto still = WorkLock::ask(directory);
        if (!still) return found(State::unreachable, still.error().message);
        // Its keeper left after the lock was asked for, and may have left a record before.
        if (*still == WorkLock::State::free) return std::nullopt;
        return found(State::unreachable, "another process holds its work lock right now");
    }
    auto started = WorkLock::started_command(directory);
    if (!started) return found(State::unreachable, started.error().message);
    return absent(handle, *started);
}

} // namespace

Result<Probe> probe_work(const LostSession& session, const Handle& handle, const Plan& plan) {
    if (handle.step < 0 || static_cast<std::size_t>(handle.step) >= plan.steps.size()) {
        return found(State::unreachable, "its handle does not fit its plan");
    }
    if (handle.command_id.empty()) {
        return found(State::alive, "it waits for the operator; nothing runs");
    }
    const Clock::time_point give_up_at = Clock::now() + keeper_patience;
    do {
        if (auto probe = look(session, handle, plan)) return *std::move(probe);
    } while (Clock::now() < give_up_at);
    return found(State::unreachable, "its keeper lives, and has not started its command");
}

} // namespace loong::local
