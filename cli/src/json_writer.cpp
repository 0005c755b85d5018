#include "json_writer.hpp"

#include "utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace loong::cli {
namespace {

class Writer {
public:
    explicit Writer(bool pretty) : pretty_(pretty) {}

    std::string write(const Value& value) {
        write_value(value, 0);
        text_ += '\n';
        return std::move(text_);
    }

private:
    void write_value(const Value& value, std::size_t depth) {
        if (const bool* flag = value.as_bool()) {
            text_ += *flag ? "true" : "false";
        } else if (const std::int64_t* integer = value.as_integer()) {
            text_ += std::to_string(*integer);
        } else if (const double* number = value.as_double()) {
            write_double(*number);
        } else if (const std::string* text = value.as_string()) {
            write_string(*text);
        } else if (const Value::Array* items = value.as_array()) {
            write_array(*items, depth);
        } else if (const Value::Object* members = value.as_object()) {
            write_object(*members, depth);
        } else {
            text_ += "null";
        }
    }

    // JSON has no word for what is no number.
    void write_double(double number) {
        if (!std::isfinite(number)) {
            text_ += "null";
            return;
        }
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        text_.append(digits.data(), end.ptr);
    }

    void write_array(const Value::Array& items, std::size_t depth) {
        text_ += '[';
        bool first = true;
        for (const Value& item : items) {
            begin_item(first, depth + 1);
            write_value(item, depth + 1);
        }
        end_items(first, depth, ']');
    }

    void write_object(const Value::Object& members, std::size_t depth) {
        text_ += '{';
        bool first = true;
        for (const Value::Member& member : members) {
            begin_item(first, depth + 1);
            write_string(member.first);
            text_ += pretty_ ? ": " : ":";
            write_value(member.second, depth + 1);
        }
        end_items(first, depth, '}');
    }

    void begin_item(bool& first, std::size_t depth) {
        if (!first) text_ += ',';
        first = false;
        new_line(depth);
    }

    void end_items(bool empty, std::size_t depth, char bracket) {
        if (!empty) new_line(depth);
        text_ += bracket;
    }

    void new_line(std::size_t depth) {
        if (!pretty_) return;
        text_ += '\n';
        text_.append(2 * depth, ' ');
    }

    void write_string(std::string_view text) {
        text_ += '"';
        while (!text.empty()) {
            const Character character = first_character(text);
            write_character(character, text.substr(0, character.length));
            text.remove_prefix(character.length);
        }
        text_ += '"';
    }

    void write_character(const Character& character, std::string_view bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        if (!character.valid) {
            text_ += "\xef\xbf\xbd";
        } else if (character.code == '"' || character.code == '\\') {
            text_ += '\\';
            text_ += bytes;
        } else if (character.code == '\n') {
            text_ += "\\n";
        } else if (character.code == '\t') {
            text_ += "\\t";
        } else if (character.code == '\r') {
            text_ += "\\r";
        } else if (character.code < 0x20 || character.code == 0x7f) {
            text_ += "\\u00";
            text_ += digits[character.code >> 4U];
            text_ += digits[character.code & 0xfU];
        } else {
            text_ += bytes;
        }
    }

    bool pretty_;
    std::string text_;
};

} // namespace

std::string to_json(const Value& value) { return Writer(true).write(value); }

std::string to_json_line(const Value& value) { return Writer(false).write(value); }

} // namespace loong::cli
