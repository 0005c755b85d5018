#pragma once
/// Walking through text that may not be UTF-8.

#include <cstddef>
#include <string_view>

namespace loong::cli {

struct Character {
    char32_t code = 0;
    /// Bytes that it takes, at least 1.
    std::size_t length = 1;
    bool valid = false;
    /// The text ends in the middle of what may become a valid character.
    bool unfinished = false;
};

/// The character at the start of `text`, which is not empty. Overlong forms, surrogates and values
/// beyond U+10FFFF are not valid; an invalid byte is one character.
[[nodiscard]] Character first_character(std::string_view text) noexcept;

/// How many columns of a terminal the text takes: wide characters two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;

/// As much of the start of the text as fits into `width` columns.
[[nodiscard]] std::string_view fitting_part(std::string_view text, std::size_t width) noexcept;

} // namespace loong::cli
