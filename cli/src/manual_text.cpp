#include "manual_text.hpp"

#include <algorithm>
#include <utility>

namespace loong::cli {
namespace {

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// A hyphen by itself may be broken at, and shows as another sign than the one that is typed.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if (c == '\'')
            out += "\\(aq";
        else if (c == '`')
            out += "\\(ga";
        else if (c == '^')
            out += "\\(ha";
        else if (c == '~')
            out += "\\(ti";
        else
            out += c;
    }
    return out;
}

} // namespace

ManualText::ManualText(std::string_view title, int section, std::string_view summary) {
    std::string name(title);
    std::transform(name.begin(), name.end(), name.begin(), upper);
    text_ = ".TH " + escaped(name) + " " + std::to_string(section) +
            " \"\" \"loong " LOONG_VERSION "\"\n.nh\n.SH NAME\n" + escaped(title) + " \\- " +
            escaped(summary) + "\n";
}

/// A line that begins with a dot would be a request.
void ManualText::line(std::string_view text) {
    if (text.starts_with('.')) text_ += "\\&";
    text_ += escaped(text) + "\n";
}

void ManualText::section(std::string_view name) {
    text_ += ".SH " + escaped(name) + "\n";
    begins_ = true;
}

/// Behind a heading a paragraph begins by itself.
void ManualText::begin_paragraph() {
    if (!std::exchange(begins_, false)) text_ += ".PP\n";
}

void ManualText::subsection(std::string_view name) {
    text_ += ".SS \"" + escaped(name) + "\"\n";
    begins_ = true;
}

void ManualText::paragraph(std::string_view text) {
    begin_paragraph();
    line(text);
}

void ManualText::usage(std::string_view command, std::string_view rest) {
    begin_paragraph();
    text_ += "\\fB" + escaped(command) + "\\fR [\\fIOPTION\\fR]...";
    if (!rest.empty()) text_ += " \\fI" + escaped(rest) + "\\fR";
    text_ += "\n";
}

void ManualText::item(std::string_view term, std::string_view argument, std::string_view text) {
    begins_ = false;
    text_ += ".TP\n\\fB" + escaped(term) + "\\fR";
    if (!argument.empty()) text_ += " \\fI" + escaped(argument) + "\\fR";
    text_ += "\n";
    line(text);
}

void ManualText::example(std::string_view lines) {
    begin_paragraph();
    text_ += ".RS 4\n.EX\n";
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        line(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    text_ += ".EE\n.RE\n";
}

} // namespace loong::cli
