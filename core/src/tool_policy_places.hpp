#pragma once
/// What a tool policy means on this machine: directories as they really are, and the places that
/// narrowed work must not be able to change.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "loong/tasks.hpp"
#include "workspace.hpp"

#include <string>
#include <vector>

namespace loong {

/// The path free of symbolic links, `.` and `..`, as far as it exists.
[[nodiscard]] std::string real_path(const std::string& path);

/// The wish with every directory absolute (relative ones below `working_directory`) and real.
/// `invalid_argument` for one that is not there, or is none.
[[nodiscard]] Result<ToolNarrowing> resolve_narrowing(ToolNarrowing wish,
                                                      const std::string& working_directory);

/// The configuration's rules with real directories; those that do not exist (yet) may be named.
[[nodiscard]] std::vector<ToolRule> resolve_rules(std::vector<ToolRule> rules);

/// loong's own state, wherever the store keeps it.
[[nodiscard]] std::vector<std::string> hidden_directories(const Config& config);

/// What a policy says of the moment. To find it costs a hundred system calls.
struct ToolPolicyPlaces {
    std::vector<std::string> hidden_directories;
    std::vector<std::string> protected_places;
};
[[nodiscard]] ToolPolicyPlaces find_places(const Workspace& workspace);

/// `invalid_argument` where work that is held to this policy could change what holds it, or what
/// the operator runs: the state, the configuration, the plugins, or loong itself.
[[nodiscard]] Result<void> check_write_directories(const ToolPolicy& policy,
                                                   const Workspace& workspace);

} // namespace loong
