#include "session_runner.hpp"
#include "system.hpp"

namespace loong::local {
namespace {

Result<void> use_shell(Command& command, const LocalSettings& settings, const std::string& text,
                       std::size_t index, const std::string& session_directory) {
    command.path = settings.shell;
    if (text.size() <= longest_argument) {
        command.arguments = {"sh", "-c"};
        // Without this a text like "-x" would be an option.
        if (text.front() == '-' || text.front() == '+') command.arguments.emplace_back("--");
        command.arguments.push_back(text);
        return {};
    }
    const std::string file = script_file(session_directory, index);
    command.arguments = {"sh", file};
    if (session_directory.empty()) return {};
    return write_file(file, text);
}

} // namespace

std::string command_id(std::size_t step, int attempt) {
    return std::to_string(step) + "/" + std::to_string(attempt);
}

std::string script_file(const std::string& session_directory, std::size_t step) {
    return session_directory + "/script-" + std::to_string(step) + ".sh";
}

Result<Command> command_of(const SessionSpec& spec, const LocalSettings& settings, const Step& step,
                           std::size_t index, const std::vector<EnvironmentVariable>& answers,
                           const std::string& session_directory) {
    std::vector<EnvironmentVariable> more = answers;
    more.insert(more.end(), step.environment.begin(), step.environment.end());
    Command command;
    command.environment = make_environment(spec, more);
    command.umask = spec.umask;
    command.directory = spec.working_directory;
    if (!step.directory.empty()) {
        command.directory = step.directory.front() == '/'
                                ? step.directory
                                : spec.working_directory + "/" + step.directory;
    }
    if (const auto* text = std::get_if<std::string>(&step.run)) {
        auto shell = use_shell(command, settings, *text, index, session_directory);
        if (!shell) return std::move(shell).error();
    } else {
        command.arguments = std::get<std::vector<std::string>>(step.run);
        auto program =
            find_program(command.arguments.front(), command.directory, command.environment);
        if (!program) return std::move(program).error();
        command.path = std::move(*program);
    }
    auto fits = check_size(command);
    if (!fits) return std::move(fits).error();
    return command;
}

} // namespace loong::local
