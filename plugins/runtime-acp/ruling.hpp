#pragma once
/// What the session's tool policy says to what an agent asks for. Pure.

#include "json.hpp"
#include <loong/tool_policy.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::acp {

/// A tool call as far as the agent has told of it: what came first, overlaid with what came later.
struct ToolCall {
    std::string id;
    std::string title;
    std::string kind;
    std::string status;
    /// Absolute paths, as far as the agent names them.
    std::vector<std::string> locations;
    json::value raw_input;
    json::array content;
};

/// Takes over what `update` (a tool call, or an update of one) says.
void overlay(ToolCall& call, const json::value& update);

/// Our tool for an agent's kind of call; empty where there is none.
[[nodiscard]] std::string_view tool_of(std::string_view kind);

/// The command that a call runs; empty where it is not told.
[[nodiscard]] std::string command_of(const ToolCall& call);

struct Ruling {
    enum class What : std::uint8_t { ask, allow, deny };
    What what = What::ask;
    /// The rule that decides, as text; empty where none does.
    std::string rule;
    std::string tool;
};

/// Allowed is only what a rule of the policy says so of by itself, in all its parts: no rule is no
/// permission. Where the call does not tell what it touches, the strictest rule of the tool decides.
[[nodiscard]] Ruling rule_about(const std::vector<ToolRule>& rules, const ToolCall& call,
                                const std::string& directory);

} // namespace loong::acp
