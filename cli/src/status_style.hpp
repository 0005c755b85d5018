#pragma once
/// How statuses look: a symbol and a colour each, and the word itself always beside them.

#include "loong/status.hpp"
#include "loong/time.hpp"
#include "terminal.hpp"

#include <string>
#include <string_view>

namespace loong::cli {

/// One column wide.
[[nodiscard]] std::string_view status_symbol(Status status, bool utf8) noexcept;
[[nodiscard]] Colour status_colour(Status status) noexcept;

/// Symbol and display, in colour where there is any.
[[nodiscard]] std::string styled_status(const TaskStatus& status, const Terminal& terminal);

/// The end of an id that commands accept in its place.
[[nodiscard]] std::string_view short_id(std::string_view task_id) noexcept;

/// Now, as people count ages from.
[[nodiscard]] Time wall_clock();

/// How long ago, in one unit: `12 s`, `3 min`, `5 h`, `2 d`; a time in the future counts as now.
[[nodiscard]] std::string age(Time now, Time then);

/// `2026-01-02 03:04:05 UTC`, for people.
[[nodiscard]] std::string clock_time(Time time);

} // namespace loong::cli
