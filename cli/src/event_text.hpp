#pragma once
/// Events for people.

#include "loong/event.hpp"
#include "loong/outcome.hpp"
#include "loong/time.hpp"
#include "terminal.hpp"

#include <optional>
#include <string>

namespace loong::cli {

/// One line without its newline: id, time, kind, and the data as `key=value`; control characters
/// escaped. The time is relative to `now`; without it, exact: for lines that are still there when
/// time has passed, and for the raw record.
[[nodiscard]] std::string event_text(const Event& event, const Terminal& terminal,
                                     std::optional<Time> now = std::nullopt);

/// `exit code 3`, `signal 9 (KILL)`, or nothing.
[[nodiscard]] std::string end_text(const std::optional<int>& exit_code,
                                   const std::optional<int>& signal);

} // namespace loong::cli
