#include "report_text.hpp"

#include <algorithm>

namespace loong::cli {

void ReportText::field(std::string_view name, const std::string& text) {
    if (text.empty()) return;
    constexpr std::size_t name_width = 10;
    std::string padded(name);
    padded.resize(std::max(padded.size(), name_width), ' ');
    text_ += "  " + coloured(terminal_, Colour::faint, padded) + "  " + text + "\n";
}

} // namespace loong::cli
