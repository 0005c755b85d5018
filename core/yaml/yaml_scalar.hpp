#pragma once
/// What a YAML scalar without quotes means.

#include "loong/value.hpp"

#include <optional>
#include <string_view>

namespace loong {

/// Null, boolean, number or text by the core schema of YAML 1.2, where `yes` and `on` are texts.
/// Absent for a whole number that 64 bits do not hold.
[[nodiscard]] std::optional<Value> resolve_plain_scalar(std::string_view text);

} // namespace loong
