#include "table.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <numeric>

namespace loong::cli {
namespace {

constexpr std::size_t gap = 2;
// Below this a shortened column says nothing any more; the line then is too long instead.
constexpr std::size_t least_flexible_width = 8;

} // namespace

std::string fit(const std::string& text, std::size_t width) {
    if (display_width(text) <= width) return text;
    if (width == 0) return "";
    return std::string(fitting_part(text, width - 1)) + "…";
}

std::string Table::text() const {
    const std::vector<std::size_t> widths = column_widths();
    std::string text;
    for (const std::vector<Cell>& row : rows_) text += row_text(row, widths) + "\n";
    return text;
}

std::vector<std::size_t> Table::column_widths() const {
    std::vector<std::size_t> widths;
    for (const std::vector<Cell>& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row[i].text));
        }
    }
    if (!terminal_.width || flexible_ >= widths.size()) return widths;
    const std::size_t gaps = gap * (widths.size() - 1);
    const std::size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
    if (total > *terminal_.width) {
        const std::size_t excess = total - *terminal_.width;
        std::size_t& width = widths[flexible_];
        const std::size_t least = std::min(width, least_flexible_width);
        width = std::max(least, width > excess ? width - excess : 0);
    }
    return widths;
}

std::string Table::row_text(const std::vector<Cell>& row,
                            const std::vector<std::size_t>& widths) const {
    std::string line;
    std::size_t padding = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string text = fit(row[i].text, widths[i]);
        const std::size_t missing = widths[i] - display_width(text);
        if (text.empty()) {
            padding += missing + gap;
            continue;
        }
        // Padding is written only when something follows, so that no line ends in blanks.
        line.append(padding + (row[i].align_right ? missing : 0), ' ');
        line += coloured(terminal_, row[i].colour, text);
        padding = gap + (row[i].align_right ? 0 : missing);
    }
    return line;
}

} // namespace loong::cli
