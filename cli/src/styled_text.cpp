#include "styled_text.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace loong::cli {
namespace {

constexpr std::size_t tab_width = 8;

/// The length of the colour sequence that the text starts with, or 0.
std::size_t sequence_length(std::string_view text) {
    if (!text.starts_with("\x1b[")) return 0;
    const std::size_t end = text.find_first_not_of("0123456789;:", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

void apply(TextStyle& style, int code) {
    if (code == 0) style = TextStyle{};
    if (code == 1) style.strong = true;
    if (code == 2) style.faint = true;
    if (code == 4) style.underlined = true;
    if (code == 7) style.reversed = true;
    if (code == 22) style.strong = style.faint = false;
    if (code == 24) style.underlined = false;
    if (code == 27) style.reversed = false;
    if (code >= 30 && code <= 37) style.foreground = code - 30;
    if (code == 39) style.foreground = -1;
    if (code >= 40 && code <= 47) style.background = code - 40;
    if (code == 49) style.background = -1;
    if (code >= 90 && code <= 97) style.foreground = code - 90 + 8;
    if (code >= 100 && code <= 107) style.background = code - 100 + 8;
}

/// `parameters` is what stands between `ESC [` and `m`.
void apply_all(TextStyle& style, std::string_view parameters) {
    while (true) {
        int code = 0;
        const auto read =
            std::from_chars(parameters.data(), parameters.data() + parameters.size(), code);
        // What follows 38 and 48 are the parts of one colour beyond the sixteen.
        if (code == 38 || code == 48) return;
        apply(style, code);
        parameters.remove_prefix(static_cast<std::size_t>(read.ptr - parameters.data()));
        if (parameters.empty()) return;
        parameters.remove_prefix(1);
    }
}

/// Collects the lines that one line is broken into.
class Wrapping {
public:
    explicit Wrapping(std::size_t width) : width_(std::max<std::size_t>(width, 1)) {}

    void sequence(std::string_view text) {
        line_ += text;
        const bool is_reset = text == "\x1b[0m" || text == "\x1b[m";
        if (is_reset) {
            in_force_.clear();
        } else {
            in_force_ += text;
        }
    }

    void character(std::string_view text, std::size_t columns) {
        if (used_ + columns > width_ && used_ > 0) break_line();
        line_ += text;
        used_ += columns;
        if (text == " ") {
            blank_end_ = line_.size();
            blank_used_ = used_;
            blank_in_force_ = in_force_;
        }
    }

    void tab() {
        const std::size_t blanks = tab_width - used_ % tab_width;
        for (std::size_t i = 0; i < blanks && used_ < width_; ++i) character(" ", 1);
    }

    std::vector<std::string> take() {
        lines_.push_back(std::move(line_));
        return std::move(lines_);
    }

private:
    void break_line() {
        // A word that would leave more than half of the line empty is broken instead.
        const bool at_blank = blank_end_ > 0 && blank_used_ * 2 >= width_ && blank_used_ < used_;
        if (at_blank) {
            std::string rest = blank_in_force_ + line_.substr(blank_end_);
            used_ -= blank_used_;
            line_.resize(blank_end_);
            lines_.push_back(std::exchange(line_, std::move(rest)));
        } else {
            lines_.push_back(std::exchange(line_, in_force_));
            used_ = 0;
        }
        while (!lines_.back().empty() && lines_.back().back() == ' ') lines_.back().pop_back();
        blank_end_ = 0;
        blank_used_ = 0;
    }

    std::size_t width_;
    std::vector<std::string> lines_;
    std::string line_;
    std::size_t used_ = 0;
    std::string in_force_;
    std::size_t blank_end_ = 0;
    std::size_t blank_used_ = 0;
    std::string blank_in_force_;
};

} // namespace

std::vector<StyledPiece> styled_pieces(std::string_view line) {
    std::vector<StyledPiece> pieces;
    TextStyle style;
    while (!line.empty()) {
        if (const std::size_t length = sequence_length(line); length > 0) {
            apply_all(style, line.substr(2, length - 3));
            line.remove_prefix(length);
            continue;
        }
        const std::size_t end = std::min(line.find('\x1b', 1), line.size());
        pieces.push_back({style, line.substr(0, end)});
        line.remove_prefix(end);
    }
    return pieces;
}

std::size_t styled_width(std::string_view line) {
    std::size_t width = 0;
    for (const StyledPiece& piece : styled_pieces(line)) width += display_width(piece.text);
    return width;
}

std::vector<std::string> wrap_styled(std::string_view line, std::size_t width) {
    Wrapping wrapping(width);
    while (!line.empty()) {
        std::size_t length = sequence_length(line);
        if (length > 0) {
            wrapping.sequence(line.substr(0, length));
        } else if (line.front() == '\t') {
            length = 1;
            wrapping.tab();
        } else {
            length = first_character(line).length;
            const std::string_view text = line.substr(0, length);
            wrapping.character(text, display_width(text));
        }
        line.remove_prefix(length);
    }
    return wrapping.take();
}

std::string cut_styled(std::string_view line, std::size_t width) {
    std::string cut;
    std::size_t used = 0;
    while (!line.empty()) {
        std::size_t length = sequence_length(line);
        if (length == 0) {
            length = first_character(line).length;
            used += display_width(line.substr(0, length));
            if (used > width) break;
        }
        cut += line.substr(0, length);
        line.remove_prefix(length);
    }
    return cut;
}

} // namespace loong::cli
