#include "json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <exception>
#include <utility>
#include <vector>

namespace loong {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

/// Length of the valid UTF-8 sequence that `text` starts with, 0 where there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&text](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto continues = [&](std::size_t at) {
        return at < text.size() && (byte(at) & 0xc0U) == 0x80U;
    };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4 || !continues(1)) return 0;
    if (first < 0xe0) return 2;
    const unsigned char second = byte(1);
    if (!continues(2)) return 0;
    if (first < 0xf0) {
        const bool overlong = first == 0xe0 && second < 0xa0;
        const bool surrogate = first == 0xed && second > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (!continues(3)) return 0;
    const bool overlong = first == 0xf0 && second < 0x90;
    const bool too_large = first == 0xf4 && second > 0x8f;
    return overlong || too_large ? 0 : 4;
}

void append_escape(std::string& out, unsigned code) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[(code >> shift) & 0xfU];
}

void append_ascii(std::string& out, char c) {
    switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
        append_escape(out, code);
    } else {
        out += c;
    }
}

/// C1 controls, the line and paragraph separators, and the byte order mark: valid in JSON, and a line
/// end or a surprise for whatever else reads the file.
void append_sequence(std::string& out, std::string_view sequence) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(sequence[at]); };
    if (sequence.size() == 2 && byte(0) == 0xc2 && byte(1) < 0xa0) {
        append_escape(out, byte(1));
    } else if (sequence == "\xe2\x80\xa8") {
        append_escape(out, 0x2028);
    } else if (sequence == "\xe2\x80\xa9") {
        append_escape(out, 0x2029);
    } else if (sequence == "\xef\xbb\xbf") {
        append_escape(out, 0xfeff);
    } else {
        out += sequence;
    }
}

bool is_plain_in_json(char c) {
    const auto code = static_cast<unsigned char>(c);
    return code >= 0x20 && code < 0x7f && c != '"' && c != '\\';
}

void append_value(std::string& out, const Value& value, int depth);

void append_array(std::string& out, const Value::Array& array, int depth) {
    out += '[';
    bool first = true;
    for (const Value& item : array) {
        if (!std::exchange(first, false)) out += ',';
        append_value(out, item, depth);
    }
    out += ']';
}

void append_object(std::string& out, const Value::Object& object, int depth) {
    out += '{';
    bool first = true;
    for (const auto& [key, item] : object) {
        if (!std::exchange(first, false)) out += ',';
        append_json(out, std::string_view(key));
        out += ':';
        append_value(out, item, depth);
    }
    out += '}';
}

void append_value(std::string& out, const Value& value, int depth) {
    const bool is_room = depth < max_json_depth;
    if (const bool* flag = value.as_bool()) {
        out += *flag ? "true" : "false";
    } else if (const std::int64_t* integer = value.as_integer()) {
        append_json(out, *integer);
    } else if (const double* number = value.as_double()) {
        append_json(out, *number);
    } else if (const std::string* text = value.as_string()) {
        append_json(out, std::string_view(*text));
    } else if (const Value::Array* array = value.as_array(); array != nullptr && is_room) {
        append_array(out, *array, depth + 1);
    } else if (const Value::Object* object = value.as_object(); object != nullptr && is_room) {
        append_object(out, *object, depth + 1);
    } else {
        out += "null";
    }
}

using ErrorCodeRef = boost::json::error_code&;

/// Builds a Value from what the parser meets. Keys and items wait on a stack until their object or
/// array ends and tells how many of them are its own.
struct ValueHandler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    std::vector<Value> values;
    std::vector<std::string> keys;
    std::string text;

    void clear() {
        values.clear();
        keys.clear();
        text.clear();
    }
    // In place: GCC 12 sees uninitialised members in a Value that is moved from a temporary.
    template <typename Content>
    bool push(Content&& content) {
        values.emplace_back(std::forward<Content>(content));
        return true;
    }
    bool append(boost::json::string_view part) {
        text.append(part.data(), part.size());
        return true;
    }
    std::string take(boost::json::string_view last) {
        if (text.empty()) return std::string(last.data(), last.size());
        append(last);
        return std::exchange(text, {});
    }

    bool on_document_begin(ErrorCodeRef) { return true; }
    bool on_document_end(ErrorCodeRef) { return true; }
    bool on_object_begin(ErrorCodeRef) { return true; }
    bool on_object_end(std::size_t count, ErrorCodeRef error) {
        Value::Object object;
        object.reserve(count);
        const std::size_t first_value = values.size() - count;
        const std::size_t first_key = keys.size() - count;
        for (std::size_t at = 0; at < count; ++at) {
            object.emplace_back(std::move(keys[first_key + at]),
                                std::move(values[first_value + at]));
        }
        values.erase(values.begin() + static_cast<std::ptrdiff_t>(first_value), values.end());
        keys.resize(first_key);
        if (has_duplicates(object)) {
            error = boost::json::error::extra_data;
            return false;
        }
        return push(std::move(object));
    }
    bool on_array_begin(ErrorCodeRef) { return true; }
    bool on_array_end(std::size_t count, ErrorCodeRef) {
        const auto first = values.end() - static_cast<std::ptrdiff_t>(count);
        Value::Array array(std::make_move_iterator(first), std::make_move_iterator(values.end()));
        values.erase(first, values.end());
        return push(std::move(array));
    }
    bool on_key_part(boost::json::string_view part, std::size_t, ErrorCodeRef) {
        return append(part);
    }
    bool on_key(boost::json::string_view last, std::size_t, ErrorCodeRef) {
        keys.push_back(take(last));
        return true;
    }
    bool on_string_part(boost::json::string_view part, std::size_t, ErrorCodeRef) {
        return append(part);
    }
    bool on_string(boost::json::string_view last, std::size_t, ErrorCodeRef) {
        return push(take(last));
    }
    bool on_number_part(boost::json::string_view part, ErrorCodeRef) { return append(part); }
    bool on_int64(std::int64_t number, boost::json::string_view, ErrorCodeRef) {
        text.clear();
        return push(number);
    }
    bool on_uint64(std::uint64_t number, boost::json::string_view, ErrorCodeRef) {
        text.clear();
        return push(static_cast<double>(number));
    }
    bool on_double(double number, boost::json::string_view last, ErrorCodeRef) {
        // The parser's own conversion may be off in the last bit.
        const std::string digits = take(last);
        double exact = number;
        std::from_chars(digits.data(), digits.data() + digits.size(), exact);
        return push(exact);
    }
    bool on_bool(bool flag, ErrorCodeRef) { return push(flag); }
    bool on_null(ErrorCodeRef) { return push(nullptr); }
    bool on_comment_part(boost::json::string_view, ErrorCodeRef) { return true; }
    bool on_comment(boost::json::string_view, ErrorCodeRef) { return true; }

    static bool has_duplicates(const Value::Object& object) {
        if (object.size() < 2) return false;
        if (object.size() <= 32) {
            for (auto it = object.begin(); it != object.end(); ++it) {
                const auto same = [&](const Value::Member& other) {
                    return other.first == it->first;
                };
                if (std::any_of(std::next(it), object.end(), same)) return true;
            }
            return false;
        }
        std::vector<std::string_view> names;
        names.reserve(object.size());
        for (const Value::Member& member : object) names.emplace_back(member.first);
        std::sort(names.begin(), names.end());
        return std::adjacent_find(names.begin(), names.end()) != names.end();
    }
};

Error not_json(std::size_t at) {
    return {ErrorCode::store_corrupt, "not valid JSON at byte " + std::to_string(at + 1), {}};
}

} // namespace

std::string make_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        out += length == 0 ? replacement : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

void append_json(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const auto* const stop = std::find_if_not(text.begin(), text.end(), is_plain_in_json);
        const auto plain = static_cast<std::size_t>(stop - text.begin());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = sequence_length(text);
        if (length == 0) {
            out += replacement;
        } else if (length == 1) {
            append_ascii(out, text.front());
        } else {
            append_sequence(out, text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out += '"';
}

void append_json(std::string& out, std::int64_t number) {
    std::array<char, 24> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    out.append(buffer.data(), end.ptr);
}

void append_json(std::string& out, double number) {
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    std::array<char, 32> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    const std::string_view digits(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
    out += digits;
    if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_json(std::string& out, const Value& value) { append_value(out, value, 0); }

Result<Value> parse_json(std::string_view text) {
    try {
        boost::json::parse_options options;
        options.max_depth = max_json_depth;
        // Kept for the next text, because its buffers cost more than an ordinary one takes to read.
        thread_local boost::json::basic_parser<ValueHandler> parser(options);
        parser.reset();
        parser.handler().clear();
        boost::json::error_code error;
        const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
        if (error) return not_json(used);
        if (used != text.size()) return not_json(used);
        return std::move(parser.handler().values.back());
    } catch (const std::exception& failure) {
        return Error{
            ErrorCode::store_corrupt, std::string("cannot be read: ") + failure.what(), {}};
    }
}

} // namespace loong
