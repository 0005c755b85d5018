#pragma once
/// Structured data that has no fixed shape: event `data`, plugin settings, what a runtime returns.
///
/// A `Value` is what JSON can say, with two differences: an object keeps the order of its keys, and
/// integers are 64 bits wide and never become doubles by themselves. A value that was read from a
/// file knows its place there, so that whoever refuses it can say where.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace loong {

/// Where in a text a value stands. Lines and columns count from 1; 0 means unknown.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

class Value {
public:
    using Array = std::vector<Value>;
    using Member = std::pair<std::string, Value>;
    /// Members in the order in which they were written. Keys are unique.
    using Object = std::vector<Member>;

    Value() = default;
    Value(std::nullptr_t) {}
    Value(bool value) : content_(value) {}
    Value(std::int64_t value) : content_(value) {}
    Value(std::uint64_t value) : content_(static_cast<std::int64_t>(value)) {}
    Value(int value) : content_(static_cast<std::int64_t>(value)) {}
    Value(double value) : content_(value) {}
    Value(std::string value) : content_(std::move(value)) {}
    Value(std::string_view value) : content_(std::string(value)) {}
    Value(const char* value) : content_(std::string(value)) {}
    Value(Array value) : content_(std::move(value)) {}
    Value(Object value) : content_(std::move(value)) {}

    [[nodiscard]] bool is_null() const noexcept { return content_.index() == 0; }

    /// The content if it is of that kind, else null. The pointer lives as long as the value.
    [[nodiscard]] const bool* as_bool() const noexcept { return std::get_if<bool>(&content_); }
    [[nodiscard]] const std::int64_t* as_integer() const noexcept {
        return std::get_if<std::int64_t>(&content_);
    }
    [[nodiscard]] const double* as_double() const noexcept {
        return std::get_if<double>(&content_);
    }
    [[nodiscard]] const std::string* as_string() const noexcept {
        return std::get_if<std::string>(&content_);
    }
    [[nodiscard]] const Array* as_array() const noexcept { return std::get_if<Array>(&content_); }
    [[nodiscard]] const Object* as_object() const noexcept {
        return std::get_if<Object>(&content_);
    }
    [[nodiscard]] Array* as_array() noexcept { return std::get_if<Array>(&content_); }
    [[nodiscard]] Object* as_object() noexcept { return std::get_if<Object>(&content_); }

    /// The member of that name, or null where there is none or this is no object.
    [[nodiscard]] const Value* find(std::string_view key) const noexcept {
        const Object* object = as_object();
        if (object == nullptr) return nullptr;
        for (const Member& member : *object) {
            if (member.first == key) return &member.second;
        }
        return nullptr;
    }

    /// The member of that name if it is of the kind asked for, else `otherwise`.
    [[nodiscard]] std::string string_or(std::string_view key, std::string_view otherwise) const {
        const Value* member = find(key);
        const std::string* text = member == nullptr ? nullptr : member->as_string();
        return text == nullptr ? std::string(otherwise) : *text;
    }
    [[nodiscard]] std::int64_t integer_or(std::string_view key,
                                          std::int64_t otherwise) const noexcept {
        const Value* member = find(key);
        const std::int64_t* number = member == nullptr ? nullptr : member->as_integer();
        return number == nullptr ? otherwise : *number;
    }
    [[nodiscard]] bool bool_or(std::string_view key, bool otherwise) const noexcept {
        const Value* member = find(key);
        const bool* flag = member == nullptr ? nullptr : member->as_bool();
        return flag == nullptr ? otherwise : *flag;
    }

    /// Sets a member, keeping its position where the key is there already. Makes a null value an
    /// object; requires a null or an object.
    void set(std::string_view key, Value value) {
        if (is_null()) content_ = Object{};
        Object& object = std::get<Object>(content_);
        for (Member& member : object) {
            if (member.first == key) {
                member.second = std::move(value);
                return;
            }
        }
        object.emplace_back(std::string(key), std::move(value));
    }

    [[nodiscard]] Place place() const noexcept { return place_; }
    void set_place(Place place) noexcept { place_ = place; }

    /// Equal content; the place does not count.
    friend bool operator==(const Value& left, const Value& right) {
        return left.content_ == right.content_;
    }

private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> content_ =
        nullptr;
    Place place_;
};

/// The part of a configuration that belongs to one plugin. `values` is an object; `file` is the
/// configuration it was read from, empty where it came from nowhere (all defaults).
/// Error messages about a value name `file` and the value's place().
struct Settings {
    Value values = Value::Object{};
    std::string file;
};

} // namespace loong
