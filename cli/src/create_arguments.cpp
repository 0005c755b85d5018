#include "create_arguments.hpp"

#include "loong/tool_policy.hpp"
#include "option_table.hpp"
#include "option_values.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace loong::cli {
namespace {

constexpr std::size_t longest_work = std::size_t{8} << 20U;

Result<void> add_work(const CreateArguments& arguments, CreateRequest& request) {
    const int kinds = (arguments.text || arguments.text_from_input ? 1 : 0) +
                      (arguments.command ? 1 : 0) + (arguments.plan_file ? 1 : 0);
    if (kinds != 1) {
        return Error{ErrorCode::invalid_argument,
                     kinds == 0 ? "no work was given" : "more than one kind of work was given",
                     "give a text, or `-- COMMAND ARG...`, or --file PLAN.yaml, or - for a text on "
                     "standard input"};
    }
    if (arguments.command) {
        request.work.kind = WorkKind::command;
        request.work.arguments = *arguments.command;
        if (!request.work.arguments.empty()) return {};
        return Error{ErrorCode::invalid_argument, "the command is empty",
                     "give the command behind `--`"};
    }
    if (arguments.plan_file) {
        Result<std::string> plan = read_input("plan", *arguments.plan_file, longest_work);
        if (!plan) return std::move(plan).error();
        request.work.kind = WorkKind::plan;
        request.work.text = std::move(*plan);
        request.work.source = *arguments.plan_file == "-" ? "standard input" : *arguments.plan_file;
        return {};
    }
    request.work.text = arguments.text.value_or("");
    if (arguments.text_from_input) {
        Result<std::string> text = read_input("text", "-", longest_work);
        if (!text) return std::move(text).error();
        request.work.text = std::move(*text);
    }
    if (request.work.text.find_first_not_of(" \t\r\n") != std::string::npos) return {};
    return Error{ErrorCode::invalid_argument, "the text is empty", "say what is to be done"};
}

Result<void> add_times(const CreateArguments& arguments, CreateRequest& request) {
    const auto add = [](const char* option, const std::optional<std::string>& word,
                        auto& target) -> Result<void> {
        if (!word) return {};
        Result<Seconds> duration = read_duration(option, *word);
        if (!duration) return std::move(duration).error();
        target = *duration;
        return {};
    };
    if (Result<void> read = add("--timeout", arguments.timeout, request.timeout); !read) {
        return read;
    }
    if (Result<void> read = add("--start-within", arguments.start_within, request.start_within);
        !read) {
        return read;
    }
    return add("--grace", arguments.grace, request.grace);
}

Result<void> add_numbers(const CreateArguments& arguments, CreateRequest& request) {
    const auto add = [](const char* option, const std::optional<std::string>& word,
                        std::int64_t least, std::int64_t greatest, int& target) -> Result<void> {
        if (!word) return {};
        Result<std::int64_t> number = read_integer(option, *word, least, greatest);
        if (!number) return std::move(number).error();
        target = static_cast<int>(*number);
        return {};
    };
    if (Result<void> read = add("--priority", arguments.priority, -1000, 1000, request.priority);
        !read) {
        return read;
    }
    if (Result<void> read = add("--retry", arguments.retry, 0, 1000, request.retry); !read) {
        return read;
    }
    if (!arguments.max_output) return {};
    Result<std::uint64_t> size = read_size("--max-output", *arguments.max_output);
    if (!size) return std::move(size).error();
    request.max_output_bytes = *size;
    return {};
}

std::string absolute(const std::string& directory) {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(directory, error);
    return error ? directory : path.lexically_normal().string();
}

Result<void> add_rules(const char* option, ToolDecision decision,
                       const std::vector<std::string>& words, ToolNarrowing& tools) {
    for (const std::string& word : words) {
        const std::size_t colon = word.find(':');
        ToolRule rule{word.substr(0, colon), decision,
                      colon == std::string::npos ? std::string() : word.substr(colon + 1)};
        if (rule.tool.empty() || (colon != std::string::npos && rule.prefix.empty())) {
            return Error{ErrorCode::invalid_argument,
                         std::string("option ") + option + ": '" + word + "' names no tool",
                         "write TOOL, or TOOL:PREFIX, for example shell.exec:git push"};
        }
        if (takes_directories(rule.tool) && !rule.prefix.empty()) {
            rule.prefix = absolute(rule.prefix);
        }
        tools.rules.push_back(std::move(rule));
    }
    return {};
}

Result<void> add_tools(const CreateArguments& arguments, ToolNarrowing& tools) {
    Result<void> added = add_rules("--allow", ToolDecision::allow, arguments.allow, tools);
    if (added) added = add_rules("--ask", ToolDecision::ask, arguments.ask, tools);
    if (added) added = add_rules("--deny", ToolDecision::deny, arguments.deny, tools);
    for (const std::string& directory : arguments.read) tools.read.push_back(absolute(directory));
    for (const std::string& directory : arguments.write) tools.write.push_back(absolute(directory));
    tools.no_network = arguments.no_network;
    return added;
}

Error unreadable(const std::string& what, const std::string& file) {
    const std::string name = file == "-" ? "standard input" : file;
    return {ErrorCode::invalid_argument,
            "cannot read " + what + " " + name + ": " + std::strerror(errno),
            "check the name and the permissions"};
}

} // namespace

void CreateArguments::declare(OptionTable& table) {
    table.value("--file", "PLAN.yaml", plan_file, "a plan with steps (- for standard input)");
    table.value("--label", "TEXT", label, "a name for people (made from the work by default)");
    table.value("--timeout", "TIME", timeout,
                "end the work after that (30s, 10m; none by default)");
    table.value("--start-within", "TIME", start_within, "overdue if not started by then");
    table.value("--grace", "TIME", grace, "between TERM and KILL (10s)");
    table.value("--runtime", "NAME", runtime, "a runtime of the configuration");
    table.value("--cwd", "DIR", cwd, "where the work runs (the current directory)");
    table.values("--env", "KEY[=VALUE]", env, "set a variable, or pass one on that looks secret");
    table.values("--after", "TASK", after, "start when this task has completed");
    table.values("--after-any", "TASK", after_any, "start when this task has ended in any way");
    table.value("--priority", "N", priority, "higher goes first, -1000 to 1000");
    table.value("--retry", "N", retry, "try again that many times when it fails");
    table.flag("--hold", hold, "do not start before `loong tasks release`");
    table.value("--dedupe-key", "KEY", dedupe_key, "return the task that has this key already");
    table.value("--max-output", "SIZE", max_output, "keep that much of each stream (1GiB)");
    table.values("--write", "DIR", write, "the work may write only there (narrows it)");
    table.values("--read", "DIR", read, "the work may read only there, and the system's own");
    table.flag("--no-network", no_network, "the work has no network");
    table.values("--allow", "TOOL[:PREFIX]", allow, "of this tool nothing else is allowed");
    table.values("--ask", "TOOL[:PREFIX]", ask, "ask the operator first");
    table.values("--deny", "TOOL[:PREFIX]", deny, "refuse it");
}

bool CreateArguments::is_empty() const {
    for (const auto* value : {&text, &plan_file, &label, &timeout, &start_within, &grace, &runtime,
                              &cwd, &priority, &retry, &dedupe_key, &max_output}) {
        if (*value) return false;
    }
    for (const auto* list : {&env, &after, &after_any, &allow, &ask, &deny, &read, &write}) {
        if (!list->empty()) return false;
    }
    return !command && !text_from_input && !hold && !no_network;
}

Result<CreateRequest> to_request(const CreateArguments& arguments) {
    CreateRequest request;
    if (Result<void> added = add_times(arguments, request); !added) {
        return std::move(added).error();
    }
    if (Result<void> added = add_numbers(arguments, request); !added) {
        return std::move(added).error();
    }
    if (Result<void> added = add_tools(arguments, request.tools); !added) {
        return std::move(added).error();
    }
    request.label = arguments.label.value_or("");
    request.runtime = arguments.runtime.value_or("");
    request.environment = arguments.env;
    request.after = arguments.after;
    request.after_any = arguments.after_any;
    request.hold = arguments.hold;
    request.dedupe_key = arguments.dedupe_key.value_or("");
    if (arguments.cwd) {
        request.working_directory = absolute(*arguments.cwd);
    }
    // Last, because it may wait for standard input.
    if (Result<void> added = add_work(arguments, request); !added) {
        return std::move(added).error();
    }
    return request;
}

Result<std::string> read_input(const std::string& what, const std::string& file,
                               std::size_t limit) {
    const bool standard_input = file == "-";
    const int descriptor = standard_input ? STDIN_FILENO : open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return unreadable(what, file);
    std::string content;
    std::array<char, 65536> block;
    Result<std::string> result = content;
    while (true) {
        const ssize_t got = read(descriptor, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) result = unreadable(what, file);
        if (got <= 0) break;
        content.append(block.data(), static_cast<std::size_t>(got));
        if (content.size() <= limit) continue;
        result = Error{ErrorCode::invalid_argument,
                       "the " + what + " is larger than " + std::to_string(limit) + " bytes", ""};
        break;
    }
    if (!standard_input) close(descriptor);
    if (!result) return result;
    return content;
}

} // namespace loong::cli
