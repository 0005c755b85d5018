// The part of SessionRunner that holds commands to the session's policy: what is refused, what the
// operator is asked, what the kernel is told.

#include "command_rules.hpp"
#include "session_runner.hpp"
#include "step_policy.hpp"
#include <loong/narrow_policy.hpp>
#include <loong/policy_questions.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <unistd.h>

namespace loong::local {
namespace {

constexpr std::size_t longest_shown = 200;

std::string shown(const std::string& text) {
    const std::string line = text.substr(0, text.find('\n'));
    return line.size() <= longest_shown ? line : line.substr(0, longest_shown) + "...";
}

std::string own_program() {
    std::array<char, 4096> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

} // namespace

Result<std::optional<bool>> SessionRunner::permission(std::size_t index, int attempt,
                                                      const NewRequest& request) {
    // Nothing runs while the operator is asked, and whoever takes over has to know that.
    auto saved = context_.save_handle(handle_of(index, attempt, std::nullopt));
    if (!saved) return std::move(saved).error();
    auto status = context_.ask(request);
    if (!status) return std::move(status).error();
    if (status->state == RequestState::open) return std::optional<bool>();
    if (status->state == RequestState::allowed) return std::optional(true);
    auto told = context_.report_denied(request.tool, request.detail, request.rule);
    if (!told) return std::move(told).error();
    return std::optional(false);
}

Result<SessionRunner::Judgement> SessionRunner::judge(std::size_t index, int attempt) {
    const Step& step = plan_.steps[index];
    auto policy = policy_of(context_.spec(), step);
    if (!policy) return std::move(policy).error();
    const CommandRuling ruling = rule_about(policy->rules, step);
    const std::string command = text_of(step);
    if (ruling.decision == ToolDecision::deny) {
        auto told = context_.report_denied(tool::shell_exec, command, ruling.rule);
        if (!told) return std::move(told).error();
        return refused("refused by the tool policy (" + ruling.rule + "): " + shown(command));
    }
    if (ruling.decision == ToolDecision::ask) {
        NewRequest request;
        request.key = "run " + std::to_string(index) + "/" + context_.spec().task_session_id;
        request.tool = tool::shell_exec;
        request.rule = ruling.rule;
        request.question = "Run this? " + shown(command);
        request.detail = command.substr(0, std::size_t{64} * 1024);
        auto answer = permission(index, attempt, request);
        if (!answer) return std::move(answer).error();
        if (!*answer) return interrupted();
        if (!**answer) {
            return refused("not allowed by the operator (" + ruling.rule + "): " + shown(command));
        }
    }
    return settle_policy(index, attempt, *std::move(policy));
}

Result<SessionRunner::Judgement> SessionRunner::settle_policy(std::size_t index, int attempt,
                                                              ToolPolicy policy) {
    // A step that narrows asks for itself; all others share the task's answers.
    const std::string part =
        plan_.steps[index].narrows ? "step " + std::to_string(index) + " " : std::string();
    int number = 0;
    for (const ToolRule& rule : open_questions(policy)) {
        NewRequest request = question_about(rule, policy);
        request.key =
            part + "use " + std::to_string(++number) + "/" + context_.spec().task_session_id;
        auto answer = permission(index, attempt, request);
        if (!answer) return std::move(answer).error();
        if (!*answer) return interrupted();
        settle(policy, rule, **answer);
    }
    settled_ = std::move(policy);
    return Judgement{};
}

SessionRunner::Judgement SessionRunner::refused(std::string why) {
    Judgement judgement{Judgement::What::refused, {}};
    judgement.outcome.message = std::move(why);
    return judgement;
}

SessionRunner::Judgement SessionRunner::interrupted() {
    auto ended = told_to_end();
    return {Judgement::What::interrupted,
            ended ? *std::move(ended) : ended_by_signal(OutcomeKind::detached, {})};
}

Result<std::string> SessionRunner::channel_for(std::size_t index) {
    const Step& step = plan_.steps[index];
    if (step.narrows) {
        auto policy = policy_of(context_.spec(), step);
        if (!policy) return std::move(policy).error();
        return context_.open_channel("step-" + std::to_string(index), *policy);
    }
    for (const EnvironmentVariable& variable : context_.spec().environment) {
        const bool is_own =
            variable.name == channel_variable &&
            std::filesystem::path(variable.value).parent_path() == context_.directory();
        if (is_own) return variable.value;
    }
    return std::string();
}

Result<Confinement> SessionRunner::confine_command(std::size_t index, Command& command) {
    if (!settled_.narrowed) return Confinement();
    const std::string& directory = context_.directory();
    OwnPlaces places;
    auto temporary = make_temporary_directory(directory);
    if (!temporary) return std::move(temporary).error();
    std::erase_if(command.environment,
                  [](const std::string& entry) { return entry.starts_with("TMPDIR="); });
    command.environment.push_back("TMPDIR=" + *temporary);
    places.directories.push_back(*std::move(temporary));
    auto channel = channel_for(index);
    if (!channel) return std::move(channel).error();
    const std::string variable = std::string(channel_variable) + "=";
    std::erase_if(command.environment,
                  [&](const std::string& entry) { return entry.starts_with(variable); });
    if (!channel->empty()) {
        command.environment.push_back(variable + *channel);
        places.directories.push_back(*std::move(channel));
    }
    // loong's own program, and a text that was too long for an argument. Nothing that the submitter
    // named: he may be the work of a task that may not read it.
    places.files = {own_program()};
    if (std::holds_alternative<std::string>(plan_.steps[index].run)) {
        places.files.push_back(script_file(directory, index));
    }
    return confine(settled_, abilities_(), places);
}

} // namespace loong::local
