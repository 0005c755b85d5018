#pragma once
/// What a runtime has to ask the operator before it starts a process that the kernel holds to a
/// policy: the kernel knows only allowed and not allowed. Pure, and inline.

#include "loong/session_context.hpp"
#include "loong/session_spec.hpp"
#include "loong/tool_policy.hpp"

#include <string>
#include <vector>

namespace loong {

/// The rules that ask and that the kernel enforces: of files and the network. In the policy's order.
[[nodiscard]] inline std::vector<ToolRule> open_questions(const ToolPolicy& policy) {
    std::vector<ToolRule> questions;
    for (const ToolRule& rule : policy.rules) {
        const bool is_enforced = takes_directories(rule.tool) || rule.tool == tool::net_connect;
        if (rule.decision == ToolDecision::ask && is_enforced) questions.push_back(rule);
    }
    return questions;
}

/// The request for that rule. `key` is left to the caller.
[[nodiscard]] inline NewRequest question_about(const ToolRule& rule, const ToolPolicy& policy) {
    NewRequest request;
    request.tool = rule.tool;
    request.rule = to_text(rule);
    request.detail = rule.prefix.empty() ? rule.tool : rule.prefix;
    if (rule.tool == tool::net_connect) {
        request.question = "May the work use the network?";
        return request;
    }
    std::string what = rule.prefix;
    if (what.empty()) {
        const auto& directories =
            rule.tool == tool::fs_read ? policy.read_directories : policy.write_directories;
        for (const std::string& one : directories.value_or(std::vector<std::string>{"/"})) {
            what += (what.empty() ? "" : ", ") + one;
        }
    }
    request.question = std::string("May the work ") +
                       (rule.tool == tool::fs_read ? "read " : "write ") + what.substr(0, 1024) +
                       "?";
    return request;
}

/// The rule has been answered: the policy says so from now on.
inline void settle(ToolPolicy& policy, const ToolRule& asked, bool allowed) {
    for (ToolRule& rule : policy.rules) {
        if (rule.tool != asked.tool || rule.prefix != asked.prefix) continue;
        rule.decision = allowed ? ToolDecision::allow : ToolDecision::deny;
    }
    if (asked.tool == tool::net_connect) policy.network = allowed;
    if (!allowed || asked.prefix.empty()) return;
    auto& directories =
        asked.tool == tool::fs_read ? policy.read_directories : policy.write_directories;
    if (directories) directories->push_back(asked.prefix);
}

} // namespace loong
