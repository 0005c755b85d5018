#pragma once
#include <loong/error.hpp>

#include <string>

namespace loong::starter {

/// Descriptors that the starter finds open, besides the command's standard streams.
enum : int { spec_descriptor = 3, control_descriptor = 4 };

/// Makes ready what descriptor 3 specifies and becomes the keeper of it. Returns only where that
/// fails.
[[nodiscard]] Error become_keeper(const std::string& keeper_path);

} // namespace loong::starter
