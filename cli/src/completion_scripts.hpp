#pragma once
/// The scripts in cli/completion, which the build puts into the program.

#include <string_view>

namespace loong::cli {

/// Empty where there is none for this shell.
[[nodiscard]] std::string_view completion_script(std::string_view shell) noexcept;

} // namespace loong::cli
