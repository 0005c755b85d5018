#pragma once
/// What starting a program takes on either side of fork(2). [thread-safe]

#include <string>
#include <utility>
#include <vector>

namespace loong {

/// The variables of this process, `NAME=VALUE`, with some replaced or added; without those whose new
/// value is empty.
[[nodiscard]] std::vector<std::string>
environment_with(const std::vector<std::pair<std::string, std::string>>& changes);

/// For execve(2): valid as long as `words` is and does not change.
[[nodiscard]] std::vector<char*> exec_pointers(std::vector<std::string>& words);

/// Every signal at its default and none blocked, as a program expects it. May be called between
/// fork(2) and exec.
void reset_signals() noexcept;

} // namespace loong
