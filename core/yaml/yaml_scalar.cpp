#include "yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

namespace loong {

namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_digits(std::string_view text, std::string_view digits) {
    return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// Absent where it is no whole number by the core schema. `in_range` tells whether 64 bits hold it.
std::optional<Value> read_integer(std::string_view text, bool& in_range) {
    int base = 10;
    std::string digits;
    if (text.starts_with("0x") && all_digits(text.substr(2), "0123456789abcdefABCDEF")) {
        base = 16;
        digits = text.substr(2);
    } else if (text.starts_with("0o") && all_digits(text.substr(2), "01234567")) {
        base = 8;
        digits = text.substr(2);
    } else {
        const bool has_sign = text.starts_with('-') || text.starts_with('+');
        if (!all_digits(text.substr(has_sign ? 1 : 0), "0123456789")) return std::nullopt;
        digits = text.substr(text.starts_with('+') ? 1 : 0);
    }
    std::int64_t number = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    in_range = error == std::errc{} && end == digits.data() + digits.size();
    return Value(number);
}

std::optional<Value> read_double(std::string_view text) {
    if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return Value(std::nan(""));
    const bool negative = text.starts_with('-');
    std::string_view digits = text;
    if (negative || text.starts_with('+')) digits.remove_prefix(1);
    if (is_one_of(digits, {".inf", ".Inf", ".INF"})) {
        const double infinity = std::numeric_limits<double>::infinity();
        return Value(negative ? -infinity : infinity);
    }
    const bool starts_well =
        !digits.empty() &&
        (all_digits(digits.substr(0, 1), "0123456789") ||
         (digits.front() == '.' && all_digits(digits.substr(1, 1), "0123456789")));
    if (!starts_well) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number,
                                              std::chars_format::general);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return Value(negative ? -number : number);
}

} // namespace

std::optional<Value> resolve_plain_scalar(std::string_view text) {
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Value(nullptr);
    if (is_one_of(text, {"true", "True", "TRUE"})) return Value(true);
    if (is_one_of(text, {"false", "False", "FALSE"})) return Value(false);
    bool in_range = true;
    if (auto number = read_integer(text, in_range)) {
        if (!in_range) return std::nullopt;
        return number;
    }
    if (auto number = read_double(text)) return number;
    return Value(text);
}

} // namespace loong
