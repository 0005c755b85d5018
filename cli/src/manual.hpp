#pragma once
/// The manual pages, in the language of man(7), made from the tables that the help is made from.

#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// `loong.1`, `loong-tasks.1`, …
[[nodiscard]] std::vector<std::string> manual_pages();

/// Empty where there is none of that name.
[[nodiscard]] std::string manual_page(std::string_view name);

} // namespace loong::cli
