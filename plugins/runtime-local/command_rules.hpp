#pragma once
/// Which rule decides about a command. It is looked at as it is given to loong; what a program starts
/// in its turn is not. A fence against mistakes: what the work may touch is the kernel's to hold.

#include "plan.hpp"
#include <loong/session_spec.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace loong::local {

/// The simple commands of a shell text, wherever one can begin: after `;`, `&`, `|`, a newline,
/// inside of brackets and backquotes, after words like `then`; without assignments in front.
/// Quotes are not understood, so that nothing can hide in them.
[[nodiscard]] std::vector<std::string> simple_commands(std::string_view text);

struct CommandRuling {
    ToolDecision decision = ToolDecision::allow;
    /// The rule, as loong/tool_policy.hpp writes it; empty where there is none.
    std::string rule;
};

/// The strictest that is said about any of its simple commands.
[[nodiscard]] CommandRuling rule_about(const std::vector<ToolRule>& rules, const Step& step);

/// The command as people write it.
[[nodiscard]] std::string text_of(const Step& step);

} // namespace loong::local
