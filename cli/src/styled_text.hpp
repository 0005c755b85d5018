#pragma once
/// Text that carries its colours in it, as `coloured` makes it and OutputFilter lets it through.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

/// What a colour sequence (SGR) leaves in force.
struct TextStyle {
    bool strong = false;
    bool faint = false;
    bool underlined = false;
    bool reversed = false;
    /// 0 to 15, the user's palette; -1: the terminal's own.
    int foreground = -1;
    int background = -1;

    friend bool operator==(const TextStyle&, const TextStyle&) = default;
};

struct StyledPiece {
    TextStyle style;
    /// Refers to the text that was taken apart; holds no sequences.
    std::string_view text;
};

/// The pieces of a line, none of them empty. Of the colours the sixteen are known; sequences for
/// others are left out.
[[nodiscard]] std::vector<StyledPiece> styled_pieces(std::string_view line);

/// Columns, sequences left out.
[[nodiscard]] std::size_t styled_width(std::string_view line);

/// The line as lines of at most `width` columns (at least 1), each with the colours that are in
/// force where it starts; broken behind a blank where one is near. Tabs become blanks. At least one
/// line.
[[nodiscard]] std::vector<std::string> wrap_styled(std::string_view line, std::size_t width);

/// The first `width` columns.
[[nodiscard]] std::string cut_styled(std::string_view line, std::size_t width);

} // namespace loong::cli
