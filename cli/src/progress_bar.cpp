#include "progress_bar.hpp"

#include <algorithm>
#include <optional>

namespace loong::cli {
namespace {

std::optional<int> percent_of(const Progress& progress) {
    if (progress.percent) return std::clamp(*progress.percent, 0, 100);
    if (!progress.done || !progress.total || *progress.total <= 0) return std::nullopt;
    const double part = static_cast<double>(*progress.done) / static_cast<double>(*progress.total);
    return std::clamp(static_cast<int>(part * 100), 0, 100);
}

} // namespace

std::string progress_bar(const Progress& progress, const Terminal& terminal, std::size_t columns) {
    const std::optional<int> percent = percent_of(progress);
    if (!percent) return "";
    const std::size_t full = columns * static_cast<std::size_t>(*percent) / 100;
    std::string bar;
    for (std::size_t i = 0; i < full; ++i) bar += terminal.utf8 ? "█" : "#";
    std::string rest;
    for (std::size_t i = full; i < columns; ++i) rest += terminal.utf8 ? "─" : "-";
    std::string number = std::to_string(*percent) + " %";
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    return coloured(terminal, Colour::active, bar) + coloured(terminal, Colour::faint, rest) + " " +
           number;
}

} // namespace loong::cli
