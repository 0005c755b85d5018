#pragma once
/// `tool_policy` of the configuration.
///
///     shell.exec: allow
///     shell.exec: {default: allow, rules: [{prefix: [git push, npm publish], decision: ask}]}

#include "config_section.hpp"
#include "loong/session_spec.hpp"

#include <vector>

namespace loong {

/// Appends a rule without prefix for each tool, and those for parts of it after that.
void read_tool_policy(ConfigSection section, std::vector<ToolRule>& policy);

} // namespace loong
