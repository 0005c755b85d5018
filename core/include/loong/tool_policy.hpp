#pragma once
/// Which rule of a tool policy decides about a use. The same for core, which folds policies, and for
/// runtimes, which hold the work to them.
///
/// Of a tool's rules the one with the longest prefix that fits decides, the one without a prefix
/// where none fits, and where several are equally long the strictest; a tool without rules is
/// allowed. A prefix of `fs.read` and `fs.write` is a directory and fits it and all below it. One of
/// `shell.exec` is the beginning of a command, word by word; the program is compared by its file's
/// name, so that `/usr/bin/git push` begins with `git push`. Others fit by their characters.

#include "loong/session_spec.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

namespace tool {
inline constexpr std::string_view shell_exec = "shell.exec";
inline constexpr std::string_view fs_read = "fs.read";
inline constexpr std::string_view fs_write = "fs.write";
inline constexpr std::string_view net_connect = "net.connect";
inline constexpr std::string_view task_create = "task.create";
} // namespace tool

/// Those that every runtime has. Runtimes may have more.
inline constexpr std::array<std::string_view, 5> common_tools{
    tool::shell_exec, tool::fs_read, tool::fs_write, tool::net_connect, tool::task_create};

[[nodiscard]] inline bool takes_directories(std::string_view tool) noexcept {
    return tool == tool::fs_read || tool == tool::fs_write;
}

/// Both absolute, without `.`, `..` and a `/` at the end.
[[nodiscard]] inline bool is_inside(std::string_view path, std::string_view directory) noexcept {
    if (directory == "/") return path.starts_with('/');
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

/// The words of a command, the program by its file's name.
[[nodiscard]] inline std::vector<std::string_view> command_words(std::string_view command) {
    constexpr std::string_view blanks = " \t\r\n";
    std::vector<std::string_view> words;
    for (std::size_t at = command.find_first_not_of(blanks); at != std::string_view::npos;) {
        const std::size_t end = std::min(command.find_first_of(blanks, at), command.size());
        words.push_back(command.substr(at, end - at));
        at = command.find_first_not_of(blanks, end);
    }
    if (!words.empty()) words.front().remove_prefix(words.front().rfind('/') + 1);
    return words;
}

/// How much of `use` the prefix stands for; 0 where it does not fit or is empty.
[[nodiscard]] inline std::size_t prefix_length(std::string_view tool, std::string_view prefix,
                                               std::string_view use) {
    if (prefix.empty()) return 0;
    if (takes_directories(tool)) return is_inside(use, prefix) ? prefix.size() : 0;
    if (tool != tool::shell_exec) return use.starts_with(prefix) ? prefix.size() : 0;
    const std::vector<std::string_view> wanted = command_words(prefix);
    const std::vector<std::string_view> given = command_words(use);
    const bool fits =
        wanted.size() <= given.size() && std::equal(wanted.begin(), wanted.end(), given.begin());
    return fits ? wanted.size() : 0;
}

/// The rule that decides about a use; null where the tool has none, and so is allowed. The use of
/// a tool as a whole is empty.
[[nodiscard]] inline const ToolRule* deciding_rule(const std::vector<ToolRule>& rules,
                                                   std::string_view tool, std::string_view use) {
    const ToolRule* best = nullptr;
    std::size_t longest = 0;
    for (const ToolRule& rule : rules) {
        if (rule.tool != tool) continue;
        const std::size_t length = prefix_length(tool, rule.prefix, use);
        if (length == 0 && !rule.prefix.empty()) continue;
        const bool better = best == nullptr || length > longest ||
                            (length == longest && rule.decision > best->decision);
        if (!better) continue;
        best = &rule;
        longest = length;
    }
    return best;
}

[[nodiscard]] inline ToolDecision decision_about(const std::vector<ToolRule>& rules,
                                                 std::string_view tool, std::string_view use) {
    const ToolRule* rule = deciding_rule(rules, tool, use);
    return rule == nullptr ? ToolDecision::allow : rule->decision;
}

/// A rule as people write it: `ask shell.exec:git push`.
[[nodiscard]] inline std::string to_text(const ToolRule& rule) {
    constexpr std::array<std::string_view, 3> words{"allow ", "ask ", "deny "};
    std::string text(words[static_cast<std::size_t>(rule.decision)]);
    text += rule.tool;
    if (!rule.prefix.empty()) text.append(":").append(rule.prefix);
    return text;
}

} // namespace loong
