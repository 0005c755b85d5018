#include "config_tool_policy.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace loong {

namespace {

constexpr std::array<std::pair<const char*, ToolDecision>, 3> decisions{
    {{"allow", ToolDecision::allow}, {"ask", ToolDecision::ask}, {"deny", ToolDecision::deny}}};

bool is_tool_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::optional<ToolDecision> read_decision(const YamlNode& node, const std::string& path,
                                          ConfigProblems& problems) {
    const std::string* word = node.scalar.as_string();
    for (const auto& [name, decision] : decisions) {
        if (word != nullptr && *word == name) return decision;
    }
    std::string why = "expected allow, ask or deny, found " + describe(node);
    if (word != nullptr) {
        if (const auto nearest = nearest_word(*word, {"allow", "ask", "deny"})) {
            why += "; did you mean '" + *nearest + "'?";
        }
    }
    problems.add(node.place, path, why);
    return std::nullopt;
}

/// `{prefix: TEXT or [TEXT…], decision: WORD}`
void read_tool_rule(const std::string& tool, ConfigSection section, std::vector<ToolRule>& policy) {
    const YamlNode* decision_node = section.take("decision");
    const YamlNode* prefix_node = section.take("prefix");
    std::vector<std::string> prefixes;
    if (prefix_node != nullptr && prefix_node->kind == YamlNode::Kind::sequence) {
        section.read("prefix", prefixes);
    } else {
        section.read("prefix", prefixes.emplace_back());
    }
    section.refuse_rest();
    if (decision_node == nullptr) {
        section.refuse("decision", "is missing; expected allow, ask or deny");
        return;
    }
    const auto decision =
        read_decision(*decision_node, section.path_of("decision"), section.problems());
    for (std::string& prefix : prefixes) {
        const bool directory = tool.starts_with("fs.");
        if (directory ? !prefix.starts_with('/') : prefix.empty()) {
            section.refuse("prefix", directory ? "expected an absolute directory"
                                               : "expected how the command begins");
        } else if (decision) {
            policy.push_back({tool, *decision, std::move(prefix)});
        }
    }
}

/// `{default: WORD, rules: [RULE…]}`
void read_tool_rules(const std::string& tool, ConfigSection section,
                     std::vector<ToolRule>& policy) {
    ToolDecision otherwise = ToolDecision::allow;
    if (const YamlNode* node = section.take("default")) {
        otherwise = read_decision(*node, section.path_of("default"), section.problems())
                        .value_or(otherwise);
    }
    policy.push_back({tool, otherwise, {}});
    const YamlNode* rules = section.take("rules");
    section.refuse_rest();
    if (rules == nullptr) return;
    if (rules->kind != YamlNode::Kind::sequence) {
        section.refuse("rules", "expected a list, found " + describe(*rules));
        return;
    }
    if (tool == "net.connect" || tool == "task.create") {
        section.refuse("rules", "there are no rules for parts of this tool");
        return;
    }
    for (const YamlNode& rule : rules->items) {
        read_tool_rule(tool, {&rule, section.path_of("rules"), section.problems()}, policy);
    }
}

/// Runtimes may have tools of their own, so a name that is unknown here is no error by itself; one
/// that is nearly known would be a policy that silently does nothing.
bool check_tool_name(const YamlMember& member, ConfigSection& section) {
    static const std::vector<std::string> known = {"shell.exec", "fs.read", "fs.write",
                                                   "net.connect", "task.create"};
    const std::string& tool = member.key;
    if (std::find(known.begin(), known.end(), tool) != known.end()) return true;
    const bool formed = tool.size() <= 64 && tool.find('.') != std::string::npos &&
                        std::all_of(tool.begin(), tool.end(), is_tool_character);
    if (formed && !nearest_word(tool, known)) return true;
    section.problems().add(member.place, section.path_of(tool),
                           "unknown tool; " + suggest(tool, known));
    return false;
}

} // namespace

void read_tool_policy(ConfigSection section, std::vector<ToolRule>& policy) {
    for (const YamlMember* member : section.take_rest()) {
        if (!check_tool_name(*member, section)) continue;
        const std::string path = section.path_of(member->key);
        if (member->value.kind == YamlNode::Kind::mapping) {
            read_tool_rules(member->key, {&member->value, path, section.problems()}, policy);
        } else if (const auto decision = read_decision(member->value, path, section.problems())) {
            policy.push_back({member->key, *decision, {}});
        }
    }
}

} // namespace loong
