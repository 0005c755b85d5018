#pragma once
/// JSON as agents write it: deep, large, with fields that nobody knows. Whatever is not there, or of
/// another kind than expected, is absent and never an error.

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loong::acp {

namespace json = boost::json;

/// Absent where it is none; `why` says what is wrong with it then.
[[nodiscard]] std::optional<json::value> parse_json(std::string_view text, std::string& why);

/// The member of that name; null where there is none or `value` is no object.
[[nodiscard]] const json::value* find(const json::value& value, std::string_view key);
/// The same along several names.
template <typename... Keys>
[[nodiscard]] const json::value* find(const json::value& value, std::string_view key,
                                      Keys... keys) {
    const json::value* member = find(value, key);
    return member == nullptr ? nullptr : find(*member, keys...);
}

/// A text, or empty.
[[nodiscard]] std::string text_of(const json::value& value, std::string_view key);
/// A whole number, also one that is written as a fraction.
[[nodiscard]] std::optional<std::int64_t> number_of(const json::value& value, std::string_view key);
/// True where the member is `true`, or an object: the way in which abilities are told.
[[nodiscard]] bool has_ability(const json::value& value, std::string_view key);
/// The items of an array; none where the member is no array.
[[nodiscard]] const json::array& items_of(const json::value& value, std::string_view key);

/// The beginning of a text, at most `size` bytes, cut between characters.
[[nodiscard]] std::string cut(std::string_view text, std::size_t size);
/// Its first line, at most that long.
[[nodiscard]] std::string one_line(std::string_view text, std::size_t size);

} // namespace loong::acp
