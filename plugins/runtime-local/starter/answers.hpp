#pragma once
/// What loong-starter only answers: lines of text, the first of which says how it stands.

#include <loong/error.hpp>

#include <string>

namespace loong::starter {

/// What would hold a process to the policy of descriptor 3.
[[nodiscard]] Result<std::string> enforcement();

/// `left`, `gone` or `unknown`; waits for what is ending, at most that long.
[[nodiscard]] Result<std::string> look(const std::string& directory, const std::string& session_id,
                                       std::int64_t milliseconds);

/// `gone` or `left`.
[[nodiscard]] Result<std::string> end(const std::string& directory, const std::string& session_id,
                                      std::int64_t grace_microseconds);

} // namespace loong::starter
