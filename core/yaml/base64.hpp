#pragma once
/// Base64 of RFC 4648 with padding: how YAML carries bytes that are no text.

#include <optional>
#include <string>
#include <string_view>

namespace loong {

[[nodiscard]] std::string encode_base64(std::string_view bytes);

/// White space in between is allowed; absent where it is no base64.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace loong
