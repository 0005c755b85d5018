#pragma once
/// Small texts that stand in files: times, names of machines, JSON members.

#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loong::store_common {

/// RFC 3339, UTC, microseconds: `2026-01-02T03:04:05.000006Z`.
[[nodiscard]] std::string format_time(Time time);
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

[[nodiscard]] Time now();

/// The machine's lasting id; empty where it has none (a container, say).
[[nodiscard]] std::string machine_id();

/// Another one after every start of the machine; empty where the kernel does not tell.
[[nodiscard]] std::string boot_id();

[[nodiscard]] std::string host_name();

/// 32 random hexadecimal digits.
[[nodiscard]] std::string random_id();

/// The member `name` of a flat JSON object that this store has written: the text of a string
/// without its quotes, or the digits of a number. Absent where it is not there or not whole.
[[nodiscard]] std::optional<std::string_view> json_member(std::string_view object,
                                                          std::string_view name);
[[nodiscard]] std::optional<std::uint64_t> json_number(std::string_view object,
                                                       std::string_view name);

} // namespace loong::store_common
