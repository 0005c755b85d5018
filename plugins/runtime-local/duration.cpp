#include "duration.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace loong::local {
namespace {

constexpr std::array<std::pair<char, std::int64_t>, 4> units{
    {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t longest = std::int64_t{100} * 366 * 86400;

} // namespace

std::optional<Seconds> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    // The units have to come in falling order, each once.
    std::size_t unit = 0;
    const bool plain = text.find_first_not_of("0123456789") == std::string_view::npos;
    while (!text.empty()) {
        std::int64_t number = 0;
        std::size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
            number = number * 10 + (text[digits] - '0');
            if (number > longest) return std::nullopt;
            ++digits;
        }
        if (digits == 0) return std::nullopt;
        text.remove_prefix(digits);
        if (plain) {
            total = number;
            break;
        }
        if (text.empty()) return std::nullopt;
        while (unit < units.size() && units[unit].first != text.front()) ++unit;
        if (unit == units.size()) return std::nullopt;
        total += number * units[unit].second;
        ++unit;
        text.remove_prefix(1);
    }
    if (total <= 0 || total > longest) return std::nullopt;
    return Seconds(total);
}

std::string format_duration(Seconds duration) {
    std::int64_t left = duration.count();
    std::string text;
    for (const auto& [letter, seconds] : units) {
        if (left < seconds) continue;
        text += std::to_string(left / seconds) + letter;
        left %= seconds;
    }
    return text.empty() ? "0s" : text;
}

} // namespace loong::local
