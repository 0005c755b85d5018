#pragma once
/// Many new tasks in one file.
///
/// Either YAML, where each task is a mapping: a list of them, or a document each. Or one JSON
/// object a line. The keys are the long names of the options of `create` with `_` for `-`, and
/// `text`, `command` (a list of words) and `plan` (a file; `file` is the same).

#include "create_arguments.hpp"
#include "loong/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// `invalid_argument` names file, line and key, and the nearest key where one is unknown.
[[nodiscard]] Result<std::vector<CreateArguments>> read_batch(std::string_view content,
                                                              const std::string& file);

} // namespace loong::cli
