// The part of SessionRunner that takes over what another worker left.

#include "adopted_command.hpp"
#include "session_runner.hpp"

#include <algorithm>

namespace loong::local {
namespace {

using Clock = std::chrono::steady_clock;
using Reason = CommandEnd::Reason;

} // namespace

Result<std::optional<Outcome>> SessionRunner::resume(const Handle& handle) {
    const auto index = static_cast<std::size_t>(handle.step);
    if (handle.step < 0 || index >= plan_.steps.size()) return std::optional<Outcome>();
    // The steps before it are done, in this session or an earlier one.
    for (std::size_t i = 0; i < index; ++i) {
        auto recalled = recall_answer(plan_.steps[i]);
        if (!recalled) return std::move(recalled).error();
    }
    StepEnd end = std::optional<Outcome>();
    if (handle.command_id.empty()) {
        auto locked = take_lock();
        if (!locked) return std::move(locked).error();
        end = perform(index, handle.attempt);
    } else {
        auto command_end = adopt(handle);
        if (!command_end) return std::move(command_end).error();
        const bool lost = command_end->reason == Reason::keeper_lost;
        if (command_end->reason != Reason::detached) {
            auto locked = take_lock();
            if (!locked) return std::move(locked).error();
        }
        if (lost) {
            auto started = WorkLock::started_command(context_.directory());
            if (!started) return std::move(started).error();
            const bool never = *started != handle.command_id;
            if (never) {
                // It can be started now, if the plan is under way already.
                if (index == 0 && handle.attempt == 1) return std::optional<Outcome>();
                end = perform(index, handle.attempt);
            } else {
                auto left = find_session_processes(context_.spec().task_session_id);
                if (!left) return std::move(left).error();
                const auto can_run = is_of_this_boot(handle.boot_id);
                if (!can_run) return can_run.error();
                if (left->empty() || !*can_run) return std::optional<Outcome>();
                // Work without a keeper: what it writes is lost, and how it ends. To leave it
                // running would be to run it twice, should the task be tried again.
                end = after_command(index, handle.attempt, *command_end);
            }
        } else {
            end = after_command(index, handle.attempt, *command_end);
        }
    }
    if (!end) return std::move(end).error();
    auto outcome =
        tidied(end->has_value() ? Result<Outcome>(std::move(**end)) : carry_on(index + 1));
    if (!outcome) return std::move(outcome).error();
    return std::optional(std::move(*outcome));
}

Result<CommandEnd> SessionRunner::adopt(const Handle& handle) {
    const std::string& directory = context_.directory();
    const Step& step = plan_.steps[static_cast<std::size_t>(handle.step)];
    const auto same_boot = is_of_this_boot(handle.boot_id);
    if (!same_boot) return same_boot.error();
    // It may ask at any moment, and has perhaps asked already.
    auto channel = channel_for(static_cast<std::size_t>(handle.step));
    if (!channel) context_.log("what the step asks from inside: " + channel.error().message);
    auto found = *same_boot ? find_process(handle.keeper) : Result<Descriptor>(Descriptor());
    if (!found) return std::move(found).error();
    Descriptor keeper = *std::move(found);
    if (!keeper) {
        auto record = read_exit_record(directory, handle.command_id);
        if (!record) return std::move(record).error();
        if (!record->has_value()) return CommandEnd{Reason::keeper_lost, {}};
        return CommandEnd{Reason::itself, std::move(*record)};
    }
    const Microseconds since(std::max<std::int64_t>(0, boot_clock() - handle.started_at));
    step_started_ = Clock::now() - since;
    std::optional<Deadline> deadline;
    if (step.timeout) deadline = *step_started_ + *step.timeout;
    AdoptedCommand command(std::move(keeper), directory, handle.command_id);
    return await_command(command, context_, deadline);
}

} // namespace loong::local
