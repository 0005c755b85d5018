#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace loong {

namespace {

struct Character {
    char32_t code = 0;
    /// Bytes; 0 where no valid character starts here.
    std::size_t length = 0;
};

std::size_t length_by_first_byte(unsigned char byte) {
    if (byte < 0x80) return 1;
    if (byte >= 0xc2 && byte <= 0xdf) return 2;
    if (byte >= 0xe0 && byte <= 0xef) return 3;
    if (byte >= 0xf0 && byte <= 0xf4) return 4;
    return 0;
}

/// The first character. Refuses overlong forms, surrogates and what lies beyond U+10FFFF.
Character first_character(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = length_by_first_byte(first);
    if (length == 1) return {first, 1};
    if (length == 0 || text.size() < length) return {};
    char32_t code = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0U) != 0x80) return {};
        code = (code << 6) | (byte & 0x3fU);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    if (overlong || surrogate || code > 0x10ffff) return {};
    return {code, length};
}

/// Characters that a terminal obeys, or that make text read otherwise than it is written.
bool must_be_escaped(char32_t code) {
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true;
    const bool direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x206f);
    const bool separator = code == 0x2028 || code == 0x2029;
    return direction || separator;
}

std::string escaped(char32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\t') return "\\t";
    if (code == '\r') return "\\r";
    const auto number = static_cast<unsigned>(code);
    return code < 0x80 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
}

bool is_plain_in_shell(char c) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || std::string_view("_@%+:,./-").find(c) != std::string_view::npos;
}

} // namespace

std::string shell_quote(std::string_view word) {
    // NAME=value would be an assignment where it stands first; --option=value never is.
    const bool option = word.starts_with('-');
    const auto plain = [&](char c) { return is_plain_in_shell(c) || (c == '=' && option); };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
    std::string quoted = "'";
    for (const char c : word) {
        if (c == '\'') {
            quoted += R"('\'')";
        } else {
            quoted += c;
        }
    }
    quoted += '\'';
    return quoted;
}

std::string escape_controls(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.length == 0) {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
            continue;
        }
        if (must_be_escaped(character.code)) {
            result += escaped(character.code);
        } else {
            result += text.substr(0, character.length);
        }
        text.remove_prefix(character.length);
    }
    return result;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.length == 0) return false;
        text.remove_prefix(character.length);
    }
    return true;
}

std::string shorten(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return std::string(text);
    constexpr std::string_view ellipsis = "…";
    const bool room = limit >= ellipsis.size();
    std::size_t end = room ? limit - ellipsis.size() : limit;
    // At most three bytes follow the first one of a character; what has more is no UTF-8 anyway.
    for (int i = 0; i < 3 && end > 0; ++i) {
        if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80) break;
        --end;
    }
    std::string result(text.substr(0, end));
    if (room) result += ellipsis;
    return result;
}

} // namespace loong
