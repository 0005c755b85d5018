#include "session_runner.hpp"

#include "adopted_command.hpp"
#include "duration.hpp"
#include "orphans.hpp"
#include "output_repair.hpp"
#include "own_command.hpp"
#include "system.hpp"

#include <algorithm>
#include <poll.h>

namespace loong::local {
namespace {

using Clock = std::chrono::steady_clock;
using Reason = CommandEnd::Reason;

/// A keeper that is about to end holds the lock for a moment longer: one whose command has ended, or
/// one whose worker was killed before it said go.
constexpr std::chrono::seconds lock_patience{2};

CommandEnd not_startable(const Error& error) {
    CommandEnd end;
    end.reason = Reason::itself;
    end.record.emplace();
    end.record->not_started = error.message;
    return end;
}

} // namespace

Result<Outcome> SessionRunner::run() {
    auto locked = take_lock();
    if (!locked) return std::move(locked).error();
    return tidied(carry_on(0));
}

Result<Outcome> SessionRunner::tidied(Result<Outcome> outcome) const {
    if (outcome && outcome->kind != OutcomeKind::detached) {
        remove_temporary_directory(context_.directory());
    }
    return outcome;
}

Result<void> SessionRunner::take_lock() {
    adopt_orphans();
    const Deadline give_up_at = Clock::now() + lock_patience;
    auto lock = WorkLock::take(context_.directory());
    while (lock && !lock->has_value() && Clock::now() < give_up_at) {
        ::poll(nullptr, 0, 1);
        lock = WorkLock::take(context_.directory());
    }
    if (!lock) return std::move(lock).error();
    if (!lock->has_value()) {
        return Error{ErrorCode::conflict,
                     "session " + context_.spec().task_session_id +
                         ": its work lock is held; an earlier worker's work still lives",
                     "look at it with 'loong tasks status'"};
    }
    lock_ = std::move(*lock);
    return repair_output(context_.directory());
}

Result<Outcome> SessionRunner::carry_on(std::size_t first) {
    for (std::size_t i = first; i < plan_.steps.size(); ++i) {
        const Step& step = plan_.steps[i];
        if (is_done(step)) {
            auto recalled = recall_answer(step);
            if (!recalled) return std::move(recalled).error();
            continue;
        }
        auto end = perform(i, 1);
        if (!end) return std::move(end).error();
        if (end->has_value()) return std::move(**end);
    }
    if (plan_.has_steps) {
        auto reported = report_progress(plan_.steps.size(), {});
        if (!reported) return std::move(reported).error();
    }
    total_.kind = OutcomeKind::completed;
    return total_;
}

SessionRunner::StepEnd SessionRunner::perform(std::size_t index, int attempt) {
    const Step& step = plan_.steps[index];
    if (auto ended = told_to_end()) return ended;
    if (!may_start(step)) {
        Outcome outcome = total_;
        outcome.kind = OutcomeKind::failed;
        outcome.message = "step " + step.name +
                          ": had started when its worker was lost, and may not be run twice "
                          "(it does not say retry)";
        return std::optional(outcome);
    }
    if (plan_.has_steps) {
        auto progress = report_progress(index, step.name);
        if (!progress) return std::move(progress).error();
    }
    return step.kind == StepKind::run ? perform_run(index, attempt) : perform_question(index);
}

SessionRunner::StepEnd SessionRunner::perform_run(std::size_t index, int attempt) {
    Outcome before;
    if (attempt > 1) before.message = "attempt " + std::to_string(attempt);
    auto reported = report(index, StepRecord::State::started, before);
    if (!reported) return std::move(reported).error();
    auto judged = judge(index, attempt);
    if (!judged) return std::move(judged).error();
    if (judged->what == Judgement::What::refused) {
        return finish_step(index, std::move(judged->outcome));
    }
    if (judged->what == Judgement::What::interrupted) return std::optional(judged->outcome);
    auto end = run_command(index, attempt);
    if (!end) return std::move(end).error();
    return after_command(index, attempt, *end);
}

Result<CommandEnd> SessionRunner::run_command(std::size_t index, int attempt) {
    const Step& step = plan_.steps[index];
    const SessionSpec& spec = context_.spec();
    auto command = command_of(spec, settings_, step, index, answers_, context_.directory());
    if (!command) {
        if (command.error().code != ErrorCode::invalid_argument) {
            return std::move(command).error();
        }
        return not_startable(command.error());
    }
    auto confinement = confine_command(index, *command);
    if (!confinement) return std::move(confinement).error();
    KeeperStart start{context_.keeper_path(),     context_.directory(),   lock_->descriptor(),
                      command_id(index, attempt), spec.task_session_id,   spec.limits,
                      std::move(*command),        std::move(*confinement)};
    auto own = OwnCommand::start(start);
    if (!own) return std::move(own).error();
    // Durable before anything runs, so that nothing can run that nobody could find again. If this
    // fails the keeper never hears "go" and leaves without a trace.
    const std::string handle = handle_of(index, attempt, (*own)->keeper());
    auto saved = context_.save_handle_then(handle, [&own] { (*own)->go(); });
    if (!saved) return std::move(saved).error();
    step_started_ = Clock::now();
    std::optional<Deadline> deadline;
    if (step.timeout) deadline = *step_started_ + *step.timeout;
    return await_command(**own, context_, deadline);
}

SessionRunner::StepEnd SessionRunner::after_command(std::size_t index, int attempt,
                                                    const CommandEnd& end) {
    const Step& step = plan_.steps[index];
    if (end.reason == Reason::detached) {
        Outcome outcome = total_;
        outcome.kind = OutcomeKind::detached;
        return std::optional(outcome);
    }
    Outcome outcome = outcome_of_end(step, end);
    add_use(total_, outcome);
    // Workers that the command started come to us when its keeper ends, and may have ended since.
    reap_orphans();
    if (end.reason == Reason::keeper_lost) {
        auto repaired = repair_output(context_.directory());
        if (!repaired) return std::move(repaired).error();
    }
    const bool ended_by_session =
        outcome.kind == OutcomeKind::cancelled || outcome.kind == OutcomeKind::timed_out;
    if (!ended_by_session && next_after(plan_, step, attempt, outcome) == Next::attempt) {
        context_.log("step " + step.name + ", attempt " + std::to_string(attempt) + ": " +
                     outcome.message + "; trying again");
        if (auto ended = told_to_end()) return ended;
        return perform_run(index, attempt + 1);
    }
    return finish_step(index, std::move(outcome));
}

Outcome SessionRunner::outcome_of_end(const Step& step, const CommandEnd& end) {
    if (end.reason == Reason::keeper_lost) {
        const Microseconds grace = std::max(Microseconds(0), context_.spec().limits.grace);
        const Deadline now = Clock::now();
        const bool gone = end_leftovers(context_.spec().task_session_id, Ender::worker, now + grace,
                                        now + grace + std::chrono::seconds(4));
        Outcome outcome;
        outcome.message = "its keeper was killed, so how the command ended is not known";
        if (!gone) outcome.message += "; some of its processes could not be ended";
        const SessionSignals signals = context_.take_signals();
        if (signals.cancel || signals.force) outcome.kind = OutcomeKind::cancelled;
        return outcome;
    }
    Outcome outcome = outcome_of(*end.record);
    if (end.reason == Reason::cancelled) {
        outcome.kind = OutcomeKind::cancelled;
        outcome.message = end.record->forced ? "cancelled, by force" : "cancelled";
    } else if (end.reason == Reason::timed_out) {
        outcome.kind = OutcomeKind::timed_out;
        const auto timeout = context_.spec().limits.timeout;
        outcome.message = "timed out" + (timeout ? " after " + format_duration(*timeout) : "");
    } else if (end.reason == Reason::step_timed_out) {
        outcome.message = "timed out after " + format_duration(*step.timeout);
    } else if (end.record->error_number == 0 && !end.record->not_started.empty()) {
        // Found out before a keeper was started; the whole message is there.
        outcome.message = end.record->not_started;
    }
    return outcome;
}

SessionRunner::StepEnd SessionRunner::finish_step(std::size_t index, Outcome outcome) {
    const Step& step = plan_.steps[index];
    const bool completed = outcome.kind == OutcomeKind::completed;
    const auto state = completed ? StepRecord::State::completed : StepRecord::State::failed;
    auto reported = report(index, state, outcome);
    if (!reported) return std::move(reported).error();
    const bool by_session =
        outcome.kind == OutcomeKind::cancelled || outcome.kind == OutcomeKind::timed_out;
    if (!by_session && (completed || step.continue_on_error)) {
        // The code of a step that failed and was let pass is not the session's.
        if (!completed) return std::optional<Outcome>();
        total_.exit_code = outcome.exit_code;
        total_.message = plan_.has_steps ? std::string() : outcome.message;
        return std::optional<Outcome>();
    }
    Outcome result = total_;
    result.kind = outcome.kind;
    result.exit_code = outcome.exit_code;
    result.signal = outcome.signal;
    result.message = step_message(plan_, step, outcome.message);
    return std::optional(result);
}

std::optional<Outcome> SessionRunner::told_to_end() {
    const SessionSignals signals = context_.take_signals();
    if (signals.cancel || signals.force) {
        return ended_by_signal(OutcomeKind::cancelled, "cancelled");
    }
    if (signals.timeout) return ended_by_signal(OutcomeKind::timed_out, "timed out");
    return std::nullopt;
}

Outcome SessionRunner::ended_by_signal(OutcomeKind kind, std::string message) const {
    Outcome outcome = total_;
    outcome.kind = kind;
    outcome.message = std::move(message);
    outcome.exit_code.reset();
    return outcome;
}

} // namespace loong::local
