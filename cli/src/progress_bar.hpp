#pragma once
/// Progress as a picture.

#include "loong/summary.hpp"
#include "terminal.hpp"

#include <cstddef>
#include <string>

namespace loong::cli {

/// `██████────  62 %`, the bar of as many columns as asked for; empty where neither percent nor
/// steps are known.
[[nodiscard]] std::string progress_bar(const Progress& progress, const Terminal& terminal,
                                       std::size_t columns);

} // namespace loong::cli
