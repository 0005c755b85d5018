#pragma once
/// Which processes belong to a session, told by their environment.

#include <loong/time.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace loong::test {

/// Ids of the processes that carry `session_id` in `LOONG_TASK_SESSION_ID` and have not ended.
[[nodiscard]] inline std::vector<std::string> session_processes(std::string_view session_id) {
    std::vector<std::string> found;
    const std::string wanted = "LOONG_TASK_SESSION_ID=" + std::string(session_id) + '\0';
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        // Of a process that has ended and was not waited for this is empty.
        std::ifstream file(entry.path() / "environ", std::ios::binary);
        const std::string environment{std::istreambuf_iterator<char>(file), {}};
        if (environment.find(wanted) != std::string::npos) found.push_back(name);
    }
    return found;
}

} // namespace loong::test
