#pragma once
/// YAML as a tree in which everything knows its place: keys too, which `Value` alone cannot tell.
///
/// Safe on any input: the depth of the tree and what aliases expand to have limits; duplicate keys,
/// keys that are no text and unknown tags are refused.

#include "loong/error.hpp"
#include "loong/value.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace loong {

struct YamlMember;

struct YamlNode {
    enum class Kind { scalar, sequence, mapping };
    Kind kind = Kind::scalar;
    Place place;
    /// Of a scalar: null, boolean, number or text by the core schema of YAML 1.2. Null unless scalars
    /// are resolved.
    Value scalar;
    /// Of a scalar, as it was written: what `scalar` tells of a number is less than that.
    std::string text;
    /// Of a scalar: neither quoted nor in a block, so that it may be more than a text.
    bool is_plain = true;
    std::vector<YamlNode> items;
    /// In the order of the file; keys are unique.
    std::vector<YamlMember> members;

    [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
    [[nodiscard]] bool is_sequence() const { return kind == Kind::sequence; }
    [[nodiscard]] bool is_mapping() const { return kind == Kind::mapping; }
    /// Nothing, `~` or `null` without quotes.
    [[nodiscard]] bool is_null() const;
    /// The value of that key of a mapping, or null.
    [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlMember {
    std::string key;
    Place place;
    YamlNode value;
};

struct YamlRules {
    /// What a text may weigh, aliases expanded: a node weighs one and its text a little.
    std::size_t weight_limit = 200'000;
    /// Whether `scalar` is made, and a number of more than 64 bits refused.
    bool resolve_scalars = true;
    /// Whether `!!binary` may be said of a scalar; its `text` then holds the bytes.
    bool allow_binary = false;
};

/// Why a text cannot be read; the place is that of no line where there is none.
struct YamlProblem {
    Place place;
    std::string why;
};

/// The documents of a text, which are none where there is nothing but white space and comments.
[[nodiscard]] std::variant<std::vector<YamlNode>, YamlProblem> parse_yaml(std::string_view text,
                                                                          const YamlRules& rules);

/// Reads one document; an empty text is a null. The error's message starts with
/// `<what> FILE:LINE:COLUMN: `, its code is `code`.
[[nodiscard]] Result<YamlNode> read_yaml(std::string_view text, const std::string& what,
                                         const std::string& file, ErrorCode code);

/// The same as a value, places included.
[[nodiscard]] Value to_value(const YamlNode& node);

/// `FILE:LINE:COLUMN`.
[[nodiscard]] std::string describe_place(const std::string& file, Place place);

} // namespace loong
