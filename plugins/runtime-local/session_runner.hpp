#pragma once
/// Carries one session through its plan.

#include "await_command.hpp"
#include "command.hpp"
#include "endings.hpp"
#include "handle.hpp"
#include "plan.hpp"
#include "settings.hpp"
#include "work_lock.hpp"
#include <loong/session_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace loong::local {

class SessionRunner {
public:
    SessionRunner(SessionContext& context, LocalSettings settings, Plan plan)
        : context_(context),
          settings_(std::move(settings)),
          plan_(std::move(plan)) {}

    /// From the first step that earlier sessions have not completed.
    [[nodiscard]] Result<Outcome> run();

    /// From where another worker left off; absent where there is nothing to take over.
    [[nodiscard]] Result<std::optional<Outcome>> resume(const Handle& handle);

private:
    /// A step's end: the session goes on, or ends so.
    using StepEnd = Result<std::optional<Outcome>>;

    [[nodiscard]] Result<void> take_lock();
    [[nodiscard]] Result<Outcome> carry_on(std::size_t first);
    [[nodiscard]] StepEnd perform(std::size_t index, int attempt);
    [[nodiscard]] StepEnd perform_run(std::size_t index, int attempt);
    [[nodiscard]] StepEnd perform_question(std::size_t index);
    [[nodiscard]] Result<CommandEnd> run_command(std::size_t index, int attempt);
    [[nodiscard]] Result<CommandEnd> adopt(const Handle& handle);
    [[nodiscard]] StepEnd after_command(std::size_t index, int attempt, const CommandEnd& end);
    [[nodiscard]] StepEnd finish_step(std::size_t index, Outcome outcome);
    [[nodiscard]] StepEnd resolve(std::size_t index, const RequestStatus& status);
    [[nodiscard]] Result<RequestStatus> ask(const Step& step);
    [[nodiscard]] Result<Command> make_command(std::size_t index);
    [[nodiscard]] Outcome outcome_of_end(const Step& step, const CommandEnd& end);

    [[nodiscard]] bool is_done(const Step& step) const;
    [[nodiscard]] bool may_start(const Step& step) const;
    [[nodiscard]] const StepRecord* earlier(const Step& step) const;
    [[nodiscard]] Result<void> recall_answer(const Step& step);
    [[nodiscard]] std::optional<Outcome> told_to_end();
    [[nodiscard]] Outcome ended_by_signal(OutcomeKind kind, std::string message) const;

    [[nodiscard]] Result<void> report(std::size_t index, StepRecord::State state,
                                      const Outcome& outcome);
    [[nodiscard]] Result<void> report_progress(std::size_t done, const std::string& note);
    [[nodiscard]] Result<void> save_handle(std::size_t index, int attempt,
                                           const ProcessIdentity& keeper, bool runs);

    SessionContext& context_;
    LocalSettings settings_;
    Plan plan_;
    std::optional<WorkLock> lock_;
    std::vector<EnvironmentVariable> answers_;
    /// Times and resources of all commands so far.
    Outcome total_;
    std::optional<Deadline> step_started_;
};

/// The id of a step's attempt, as the keeper and the handle have it.
[[nodiscard]] std::string command_id(std::size_t step, int attempt);

/// The command that a step runs. A text that is too long for an argument becomes a file in
/// `session_directory`; where that is empty (nothing is to be run) only its name is made up.
/// `invalid_argument` as of command.hpp.
[[nodiscard]] Result<Command> command_of(const SessionSpec& spec, const LocalSettings& settings,
                                         const Step& step, std::size_t index,
                                         const std::vector<EnvironmentVariable>& answers,
                                         const std::string& session_directory);

} // namespace loong::local
