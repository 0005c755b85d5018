#pragma once
/// The names of things, and what a name may look like.
///
/// | name | form |
/// |---|---|
/// | task id | `task-` and 26 characters of lower-case Crockford base 32 (a ULID) |
/// | child session id | `session-` and a ULID |
/// | root session id | 1 to 64 of `A-Z a-z 0-9 . _ -`, not starting with `.` or `-`, not `latest`, and not the form of a child session id or a task id |
/// | request id | `r` and a number from 1, dense per task |
///
/// ULIDs sort by age, so ids compare by creation time as plain strings. Ids are safe as file names
/// and need no quoting in a shell. A store may rely on all of this for every id that it is given.

#include <string_view>

namespace loong {

inline constexpr std::string_view task_id_prefix = "task-";
inline constexpr std::string_view child_session_id_prefix = "session-";
inline constexpr std::size_t ulid_length = 26;

/// The root session that a command works in where none is named.
inline constexpr std::string_view default_session_id = "default";

[[nodiscard]] constexpr bool is_ulid(std::string_view text) noexcept {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    if (text.size() != ulid_length || text.front() > '7') return false;
    for (const char c : text) {
        if (alphabet.find(c) == std::string_view::npos) return false;
    }
    return true;
}

[[nodiscard]] constexpr bool is_task_id(std::string_view text) noexcept {
    return text.starts_with(task_id_prefix) && is_ulid(text.substr(task_id_prefix.size()));
}

[[nodiscard]] constexpr bool is_child_session_id(std::string_view text) noexcept {
    return text.starts_with(child_session_id_prefix) &&
           is_ulid(text.substr(child_session_id_prefix.size()));
}

[[nodiscard]] constexpr bool is_root_session_id(std::string_view text) noexcept {
    if (text.empty() || text.size() > 64 || text.front() == '.' || text.front() == '-')
        return false;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!plain) return false;
    }
    return text != "latest" && !is_task_id(text) && !is_child_session_id(text);
}

} // namespace loong
