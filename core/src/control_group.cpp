#include "control_group.hpp"

#include "user_scope.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

namespace loong {

namespace {

std::string read_text(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool logind_kills_user_processes() {
    std::istringstream lines(read_text("/etc/systemd/logind.conf"));
    for (std::string line; std::getline(lines, line);) {
        if (line == "KillUserProcesses=yes" || line == "KillUserProcesses=true") return true;
    }
    return false;
}

} // namespace

std::optional<std::string> ending_control_group(std::string_view cgroup_file,
                                                bool login_sessions_are_killed) {
    std::istringstream lines{std::string(cgroup_file)};
    for (std::string line; std::getline(lines, line);) {
        // `0::/path` is the unified hierarchy, `N:name=systemd:/path` the manager's own in the old.
        const bool managed =
            line.starts_with("0::") || line.find(":name=systemd:") != std::string::npos;
        if (!managed) continue;
        const std::string unit = line.substr(line.rfind('/') + 1);
        if (unit.ends_with(".service") && !unit.starts_with("user@")) return unit;
        const bool login = unit.starts_with("session-") && unit.ends_with(".scope");
        if (login && login_sessions_are_killed) return unit;
    }
    return std::nullopt;
}

std::optional<std::string> own_ending_control_group() {
    return ending_control_group(read_text("/proc/self/cgroup"), logind_kills_user_processes());
}

std::string control_group_warning() {
    const std::optional<std::string> unit = own_ending_control_group();
    if (!unit || !own_scope_launchers().empty()) return {};
    return "the work runs in the control group of " + *unit +
           " and may be ended together with it; start it from elsewhere, or set KillMode=process "
           "for that unit";
}

} // namespace loong
