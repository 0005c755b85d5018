#pragma once
/// Carries one session through its plan.

#include "await_command.hpp"
#include "command.hpp"
#include "confinement.hpp"
#include "endings.hpp"
#include "handle.hpp"
#include "kernel_abilities.hpp"
#include "plan.hpp"
#include "settings.hpp"
#include "work_lock.hpp"
#include <loong/session_context.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace loong::local {

class SessionRunner {
public:
    /// `abilities` is asked where the kernel has to hold something to the policy.
    SessionRunner(SessionContext& context, LocalSettings settings, Plan plan,
                  std::function<KernelAbilities()> abilities)
        : context_(context),
          settings_(std::move(settings)),
          plan_(std::move(plan)),
          abilities_(std::move(abilities)) {}

    /// From the first step that earlier sessions have not completed.
    [[nodiscard]] Result<Outcome> run();

    /// From where another worker left off; absent where there is nothing to take over.
    [[nodiscard]] Result<std::optional<Outcome>> resume(const Handle& handle);

private:
    /// A step's end: the session goes on, or ends so.
    using StepEnd = Result<std::optional<Outcome>>;

    [[nodiscard]] Result<void> take_lock();
    [[nodiscard]] Result<Outcome> carry_on(std::size_t first);
    [[nodiscard]] Result<Outcome> tidied(Result<Outcome> outcome) const;
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

    /// What the policy says of a step's command.
    struct Judgement {
        enum class What : std::uint8_t {
            /// It may be run, held to `settled_`.
            run,
            /// The step fails so.
            refused,
            /// Told to end before the operator answered; the session ends so.
            interrupted,
        };
        What what = What::run;
        Outcome outcome;
    };
    [[nodiscard]] Result<Judgement> judge(std::size_t index, int attempt);
    [[nodiscard]] Result<Judgement> settle_policy(std::size_t index, int attempt,
                                                  ToolPolicy policy);
    /// Absent: told to end before there was an answer.
    [[nodiscard]] Result<std::optional<bool>> permission(std::size_t index, int attempt,
                                                         const NewRequest& request);
    [[nodiscard]] static Judgement refused(std::string why);
    [[nodiscard]] Judgement interrupted();
    [[nodiscard]] Result<Confinement> confine_command(std::size_t index, Command& command);
    /// The directory through which that step reaches loong; empty where it is not narrowed.
    [[nodiscard]] Result<std::string> channel_for(std::size_t index);

    [[nodiscard]] bool is_done(const Step& step) const;
    [[nodiscard]] bool may_start(const Step& step) const;
    [[nodiscard]] const StepRecord* earlier(const Step& step) const;
    [[nodiscard]] Result<void> recall_answer(const Step& step);
    [[nodiscard]] std::optional<Outcome> told_to_end();
    [[nodiscard]] Outcome ended_by_signal(OutcomeKind kind, std::string message) const;

    [[nodiscard]] Result<void> report(std::size_t index, StepRecord::State state,
                                      const Outcome& outcome);
    [[nodiscard]] Result<void> report_progress(std::size_t done, const std::string& note);
    /// Of a command whose keeper waits, or of a step in which nothing runs (without an identity).
    [[nodiscard]] std::string handle_of(std::size_t index, int attempt,
                                        const std::optional<ProcessIdentity>& keeper) const;

    SessionContext& context_;
    LocalSettings settings_;
    Plan plan_;
    std::function<KernelAbilities()> abilities_;
    /// The policy of the command that comes next, with the operator's answers.
    ToolPolicy settled_;
    std::optional<WorkLock> lock_;
    std::vector<EnvironmentVariable> answers_;
    /// Times and resources of all commands so far.
    Outcome total_;
    std::optional<Deadline> step_started_;
};

/// The id of a step's attempt, as the keeper and the handle have it.
[[nodiscard]] std::string command_id(std::size_t step, int attempt);

/// Where a step's text is kept that is too long for an argument.
[[nodiscard]] std::string script_file(const std::string& session_directory, std::size_t step);

/// The command that a step runs. A text that is too long for an argument becomes a file in
/// `session_directory`; where that is empty (nothing is to be run) only its name is made up.
/// `invalid_argument` as of command.hpp.
[[nodiscard]] Result<Command> command_of(const SessionSpec& spec, const LocalSettings& settings,
                                         const Step& step, std::size_t index,
                                         const std::vector<EnvironmentVariable>& answers,
                                         const std::string& session_directory);

} // namespace loong::local
