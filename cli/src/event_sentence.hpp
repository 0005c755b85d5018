#pragma once
/// Events as somebody would tell them.

#include "loong/event.hpp"

#include <string>

namespace loong::cli {

/// What happened, in a few words without an end: `started by worker 42 on box`. Control characters
/// escaped. A kind without words of its own is named.
[[nodiscard]] std::string event_sentence(const Event& event);

} // namespace loong::cli
