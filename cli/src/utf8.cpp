#include "utf8.hpp"

#include <array>

namespace loong::cli {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t count>
bool in_any(char32_t code, const std::array<Range, count>& ranges) noexcept {
    for (const Range& range : ranges) {
        if (code >= range.first && code <= range.last) return true;
    }
    return false;
}

// The blocks that matter for names and messages; single odd characters may be a column off.
constexpr std::array<Range, 8> zero_width = {{{0x0300, 0x036f},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05bd},
                                              {0x0610, 0x061a},
                                              {0x064b, 0x065f},
                                              {0x200b, 0x200f},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f}}};
constexpr std::array<Range, 10> double_width = {{{0x1100, 0x115f},
                                                 {0x2e80, 0x303e},
                                                 {0x3041, 0xa4cf},
                                                 {0xac00, 0xd7a3},
                                                 {0xf900, 0xfaff},
                                                 {0xfe30, 0xfe6f},
                                                 {0xff00, 0xff60},
                                                 {0xffe0, 0xffe6},
                                                 {0x1f300, 0x1f9ff},
                                                 {0x20000, 0x3fffd}}};

std::size_t width_of(char32_t code) noexcept {
    if (code < 0x300) return 1;
    if (in_any(code, zero_width)) return 0;
    return in_any(code, double_width) ? 2 : 1;
}

std::size_t length_from_lead(unsigned char lead) noexcept {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    if (lead >= 0xf0 && lead <= 0xf4) return 4;
    return 0;
}

bool is_allowed(char32_t code, std::size_t length) noexcept {
    if (length == 3 && code < 0x800) return false;
    if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return false;
    return code < 0xd800 || code > 0xdfff;
}

} // namespace

Character first_character(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_from_lead(lead);
    if (length == 1) return {lead, 1, true, false};
    const Character invalid{0xfffd, 1, false, false};
    if (length == 0) return invalid;
    char32_t code = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size()) return {0xfffd, 1, false, true};
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80U) return invalid;
        code = (code << 6U) | (next & 0x3fU);
    }
    return is_allowed(code, length) ? Character{code, length, true, false} : invalid;
}

std::size_t display_width(std::string_view text) noexcept {
    std::size_t width = 0;
    while (!text.empty()) {
        const Character character = first_character(text);
        width += width_of(character.code);
        text.remove_prefix(character.length);
    }
    return width;
}

std::string_view fitting_part(std::string_view text, std::size_t width) noexcept {
    std::size_t used = 0;
    std::size_t end = 0;
    while (end < text.size()) {
        const Character character = first_character(text.substr(end));
        const std::size_t more = width_of(character.code);
        if (used + more > width) break;
        used += more;
        end += character.length;
    }
    return text.substr(0, end);
}

} // namespace loong::cli
