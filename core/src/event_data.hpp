#pragma once
/// What stands in an event's `data`, where more than one kind shares it.

#include "loong/event.hpp"
#include "loong/outcome.hpp"
#include "loong/time.hpp"
#include "loong/value.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace loong {

/// How much of a text an event keeps. Together they keep every record below 1 MiB, also where each
/// byte has to be escaped.
namespace limit {
inline constexpr std::size_t line = 1024;
inline constexpr std::size_t message = 4096;
inline constexpr std::size_t question = 4096;
inline constexpr std::size_t long_text = std::size_t{64} * 1024;
inline constexpr std::size_t key = 128;
inline constexpr std::size_t options = 32;
} // namespace limit

/// The text as an event keeps it: valid UTF-8, at most `limit` bytes. Done before an event is folded
/// in, so that the state is the same as after reading it back.
[[nodiscard]] std::string kept_text(std::string_view text, std::size_t limit);

/// kind, exit_code?, signal?, message?, result?, transient?, started_at?, ended_at?,
/// resource_use? {user_cpu_seconds, system_cpu_seconds, max_resident_bytes}
[[nodiscard]] Value outcome_value(const Outcome& outcome);
/// The same back; what is absent or no outcome stays at its default.
[[nodiscard]] Outcome outcome_of(const Value& value);

/// When it happened by the task clock, which decides what is due or late.
[[nodiscard]] inline Time clock_time(const Event& event) { return event.at - event.clock_skew; }

/// A member that is there and of the kind asked for.
[[nodiscard]] std::optional<int> optional_integer(const Value& data, std::string_view key);
[[nodiscard]] std::optional<Time> optional_time(const Value& data, std::string_view key);

} // namespace loong
