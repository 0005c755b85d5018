#include "command_rules.hpp"

#include <loong/tool_policy.hpp>

#include <algorithm>
#include <array>

namespace loong::local {
namespace {

/// Words after which a command begins, and which are none.
constexpr std::array<std::string_view, 13> shell_words{"if",    "then",    "elif", "else", "while",
                                                       "until", "do",      "!",    "time", "exec",
                                                       "eval",  "command", "nohup"};

bool is_assignment(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '_';
                       });
}

/// Without what stands in front of a simple command.
std::string_view without_front(std::string_view command) {
    constexpr std::string_view blanks = " \t\r\n";
    for (;;) {
        const std::size_t start = command.find_first_not_of(blanks);
        if (start == std::string_view::npos) return {};
        command.remove_prefix(start);
        const std::string_view word = command.substr(0, command.find_first_of(blanks));
        const bool is_front =
            is_assignment(word) ||
            std::find(shell_words.begin(), shell_words.end(), word) != shell_words.end();
        if (!is_front) return command;
        command.remove_prefix(word.size());
    }
}

} // namespace

std::vector<std::string> simple_commands(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        // A quote changes nothing about which words there are, a backslash before a newline neither.
        if (text[i] == '\\' && i + 1 < text.size()) {
            ++i;
            plain += text[i] == '\n' ? ' ' : text[i];
        } else if (text[i] != '\'' && text[i] != '"') {
            plain += text[i];
        }
    }
    std::vector<std::string> commands;
    for (std::size_t at = 0; at <= plain.size();) {
        const std::size_t end = std::min(plain.find_first_of(";&|\n(){}`", at), plain.size());
        const std::string_view command =
            without_front(std::string_view(plain).substr(at, end - at));
        if (!command.empty() && command != "$") commands.emplace_back(command);
        at = end + 1;
    }
    return commands;
}

std::string text_of(const Step& step) {
    if (const auto* text = std::get_if<std::string>(&step.run)) return *text;
    std::string command;
    for (const std::string& word : std::get<std::vector<std::string>>(step.run)) {
        if (!command.empty()) command += ' ';
        command += word;
    }
    return command;
}

CommandRuling rule_about(const std::vector<ToolRule>& rules, const Step& step) {
    std::vector<std::string> commands;
    if (const auto* text = std::get_if<std::string>(&step.run)) commands = simple_commands(*text);
    if (commands.empty()) commands.push_back(text_of(step));
    CommandRuling strictest;
    for (const std::string& command : commands) {
        const ToolRule* rule = deciding_rule(rules, tool::shell_exec, command);
        if (rule == nullptr) continue;
        if (strictest.rule.empty() || rule->decision > strictest.decision) {
            strictest = {rule->decision, to_text(*rule)};
        }
    }
    return strictest;
}

} // namespace loong::local
