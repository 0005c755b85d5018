#include "report_text.hpp"

#include "styled_text.hpp"

#include <algorithm>

namespace loong::cli {

namespace {

constexpr std::size_t name_width = 10;
constexpr std::size_t margin = name_width + 4;

} // namespace

void ReportText::paragraph(std::string_view name, const std::string& text) {
    constexpr std::size_t least_width = 20;
    if (!terminal_.width || *terminal_.width < margin + least_width) return field(name, text);
    std::string broken;
    for (const std::string& line : wrap_styled(text, *terminal_.width - margin)) {
        if (!broken.empty()) broken += "\n" + std::string(margin, ' ');
        broken += line;
    }
    field(name, broken);
}

void ReportText::field(std::string_view name, const std::string& text) {
    if (text.empty()) return;
    std::string padded(name);
    padded.resize(std::max(padded.size(), name_width), ' ');
    text_ += "  " + coloured(terminal_, Colour::faint, padded) + "  " + text + "\n";
}

} // namespace loong::cli
