#pragma once
#include <loong/time.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace loong::local {

/// `30s`, `10m`, `1h30m`, `2d`, or a plain number of seconds. Absent where it is none of these, is
/// zero, or is longer than a hundred years.
[[nodiscard]] std::optional<Seconds> parse_duration(std::string_view text);

/// The other way round.
[[nodiscard]] std::string format_duration(Seconds duration);

} // namespace loong::local
