#pragma once
/// YAML that people wrote, as a tree in which everything knows its place: keys too, which
/// `Value` alone cannot tell.
///
/// Safe on any input: the size of the text, the depth of the tree and what aliases expand to have
/// limits; duplicate keys, keys that are no text and unknown tags are refused.

#include "loong/error.hpp"
#include "loong/value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace loong {

struct YamlMember;

struct YamlNode {
    enum class Kind { scalar, sequence, mapping };
    Kind kind = Kind::scalar;
    Place place;
    /// Of a scalar: null, boolean, number or text by the core schema of YAML 1.2.
    Value scalar;
    /// Of a scalar, as it was written: what `scalar` tells of a number is less than that.
    std::string text;
    std::vector<YamlNode> items;
    /// In the order of the file; keys are unique.
    std::vector<YamlMember> members;

    [[nodiscard]] bool is_null() const { return kind == Kind::scalar && scalar.is_null(); }
};

struct YamlMember {
    std::string key;
    Place place;
    YamlNode value;
};

/// Reads one document; an empty text is a null. The error's message starts with
/// `<what> FILE:LINE:COLUMN: `, its code is `code`.
[[nodiscard]] Result<YamlNode> read_yaml(std::string_view text, const std::string& what,
                                         const std::string& file, ErrorCode code);

/// The same as a value, places included.
[[nodiscard]] Value to_value(const YamlNode& node);

/// `FILE:LINE:COLUMN`.
[[nodiscard]] std::string describe_place(const std::string& file, Place place);

} // namespace loong
