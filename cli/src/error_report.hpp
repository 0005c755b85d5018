#pragma once
/// Errors as they are printed.

#include "loong/error.hpp"
#include "loong/value.hpp"

#include <string>

namespace loong::cli {

/// `code`, `message`, `hint`, `retryable`.
[[nodiscard]] Value error_value(const Error& error);

/// `error: CODE: message`, and the hint on a line of its own; control characters escaped.
[[nodiscard]] std::string error_text(const Error& error);

/// The one or the other, as it goes to standard error.
[[nodiscard]] std::string error_report(const Error& error, bool json);

} // namespace loong::cli
