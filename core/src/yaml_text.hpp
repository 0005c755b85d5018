#pragma once
/// Scalars and values as YAML that people like to read. Written by hand, because a document is made
/// for each task that is created and the emitters of libraries take longer than everything else together.

#include "loong/value.hpp"

#include <string>
#include <string_view>

namespace loong {

/// Appends a scalar that YAML reads back as exactly this text: plain where that is safe, else double
/// quoted; `!!binary` where it is no UTF-8. On one line.
void append_yaml_scalar(std::string& out, std::string_view text);

/// Appends a key with its colon, indented by `indent`; in YAML's long form where it is too long for
/// the short one.
void append_yaml_key(std::string& out, std::string_view key, int indent);

/// Appends a text as the value of a key, with the newline after it: a literal block of `indent`
/// spaces where it has several lines and YAML would keep each character of them, else a scalar.
void append_yaml_text(std::string& out, std::string_view text, int indent);

/// Appends a value in block style, each line indented by `indent`, as what follows `key:`; with the
/// newline at its end. Text is quoted wherever YAML could take it for something else.
void append_yaml_value(std::string& out, const Value& value, int indent);

} // namespace loong
