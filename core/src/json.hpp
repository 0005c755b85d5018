#pragma once
/// JSON as records and summaries need it: one line, members in their order, integers kept exactly.

#include "loong/error.hpp"
#include "loong/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace loong {

/// How deep arrays and objects may lie in each other; what is deeper is written as null and refused
/// when read.
inline constexpr int max_json_depth = 200;

/// The text with every byte that is no part of valid UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string make_utf8(std::string_view text);

/// Appends the text as a JSON string, which is a YAML double-quoted scalar as well. Always valid
/// UTF-8 on one line: bytes that are no UTF-8 are replaced, and control characters, DEL, C1 controls
/// and Unicode's own line separators are escaped.
void append_json(std::string& out, std::string_view text);
void append_json(std::string& out, std::int64_t number);
/// Read back as exactly this double, never as an integer; null where it is not finite.
void append_json(std::string& out, double number);
void append_json(std::string& out, const Value& value);

/// One JSON text with nothing after it. Keys of an object are unique. An integer beyond 64 bits
/// becomes a double. The error is `store_corrupt` and tells the byte where reading stopped.
[[nodiscard]] Result<Value> parse_json(std::string_view text);

} // namespace loong
