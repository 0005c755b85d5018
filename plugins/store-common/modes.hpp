#pragma once
/// What lies below a state directory is the user's alone: finding what is not, and taking the rights
/// away.

#include "file_system.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong::store_common {

/// `permissions`, where others may do anything with one of these; "." is the directory itself.
/// Links and what is missing do not count.
[[nodiscard]] std::optional<Finding>
find_open_modes(int directory, const std::vector<std::string>& names, const std::string& task_id);

[[nodiscard]] Result<void> repair_modes(FileSystem& files, int directory,
                                        const std::vector<std::string>& names);

} // namespace loong::store_common
