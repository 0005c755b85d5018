#pragma once
/// Whether the work may be ended together with whoever started it, by a service manager that ends
/// everything in a control group.

#include <optional>
#include <string>
#include <string_view>

namespace loong {

/// The service or login session whose end would take its processes along, from the text of
/// `/proc/self/cgroup`; absent where there is none. `login_sessions_are_killed` is logind's
/// setting `KillUserProcesses`.
[[nodiscard]] std::optional<std::string> ending_control_group(std::string_view cgroup_file,
                                                              bool login_sessions_are_killed);

/// The same for this process.
[[nodiscard]] std::optional<std::string> own_ending_control_group();

/// A sentence for whoever creates a task from such a place, where the system offers workers no other
/// one; empty elsewhere.
[[nodiscard]] std::string control_group_warning();

} // namespace loong
