#pragma once
/// Requests as text for people.

#include "loong/tasks.hpp"
#include "terminal.hpp"

#include <string>

namespace loong::cli {

/// `r1: Publish?`, with its age and its end.
[[nodiscard]] std::string request_line(const RequestView& request, Time now);

/// One entry of the inbox: what is asked, by what, since when, and the commands that answer it.
[[nodiscard]] std::string request_entry(const RequestRow& row, const Terminal& terminal, Time now);

/// Everything about one request, and what follows from each answer.
[[nodiscard]] std::string request_detail(const RequestRow& row, const Terminal& terminal, Time now);

} // namespace loong::cli
