#include "json.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace loong::acp {
namespace {

/// The library's own limit of 32 is less than agents write; some limit has to be, because values are
/// destroyed recursively.
constexpr std::size_t deepest = 512;

} // namespace

std::optional<json::value> parse_json(std::string_view text, std::string& why) {
    json::parse_options options;
    options.max_depth = deepest;
    boost::system::error_code failed;
    json::value value = json::parse(text, failed, {}, options);
    if (!failed) return value;
    why = failed.message();
    return std::nullopt;
}

const json::value* find(const json::value& value, std::string_view key) {
    const json::object* object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text_of(const json::value& value, std::string_view key) {
    const json::value* member = find(value, key);
    const json::string* text = member == nullptr ? nullptr : member->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::optional<std::int64_t> number_of(const json::value& value, std::string_view key) {
    const json::value* member = find(value, key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    if (const double* fraction = member->if_double()) {
        if (*fraction < -9e15 || *fraction > 9e15) return std::nullopt;
        return static_cast<std::int64_t>(*fraction);
    }
    boost::system::error_code failed;
    const auto number = member->to_number<std::int64_t>(failed);
    if (failed) return std::nullopt;
    return number;
}

bool has_ability(const json::value& value, std::string_view key) {
    const json::value* member = find(value, key);
    return member != nullptr && (member->is_object() || (member->is_bool() && member->get_bool()));
}

const json::array& items_of(const json::value& value, std::string_view key) {
    static const json::array none;
    const json::value* member = find(value, key);
    const json::array* items = member == nullptr ? nullptr : member->if_array();
    return items == nullptr ? none : *items;
}

std::string cut(std::string_view text, std::size_t size) {
    if (text.size() <= size) return std::string(text);
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) --size;
    return std::string(text.substr(0, size));
}

std::string one_line(std::string_view text, std::size_t size) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() <= size) return std::string(line);
    return cut(line, size - 3) + "...";
}

} // namespace loong::acp
