#pragma once
/// Values as JSON text.

#include "loong/value.hpp"

#include <string>

namespace loong::cli {

/// Two spaces a level, one member a line, a newline at the end. Empty objects and arrays stay on
/// their line. Bytes that are no UTF-8 become U+FFFD, so that the text is always valid JSON.
[[nodiscard]] std::string to_json(const Value& value);

/// The same on one line, with the newline.
[[nodiscard]] std::string to_json_line(const Value& value);

} // namespace loong::cli
