#pragma once
/// Files that loong believes only where nobody else could have written them.

#include <string>
#include <sys/stat.h>

namespace loong {

/// Why others than this user and root could change the file of that status: `is owned by another
/// user (uid 1001)`, `may be written by others (mode 0666)`. Empty where they could not. A group
/// that has this user alone in it is nobody else.
[[nodiscard]] std::string why_not_trusted(const struct stat& status);

} // namespace loong
