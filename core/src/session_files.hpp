#pragma once
/// What core itself keeps in a session's directory, besides the output.

#include "loong/error.hpp"

#include <string>
#include <string_view>

namespace loong::session_files {

/// Saves the runtime's handle durably: whole or not at all.
[[nodiscard]] Result<void> save_handle(const std::string& directory, std::string_view handle);

/// The handle saved last: `recorded`, which was saved with the start of the session and may be empty,
/// where none was saved since.
[[nodiscard]] Result<std::string> load_handle(const std::string& directory,
                                              const std::string& recorded);

/// Appends a line to the session's log; failures are ignored, for a log is never worth a session.
void append_log(const std::string& directory, std::string_view line) noexcept;

} // namespace loong::session_files
