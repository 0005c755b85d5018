#pragma once
/// What is saved to find the work again when its worker is gone.

#include "processes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace loong::local {

struct Handle {
    std::string boot_id;
    /// `<step>/<attempt>`; empty while a plan waits for the operator and nothing runs.
    std::string command_id;
    ProcessIdentity keeper;
    int step = 0;
    /// Of the step, from 1.
    int attempt = 1;
    /// boot_clock() when the step was about to start.
    std::int64_t started_at = 0;
};

[[nodiscard]] std::string format_handle(const Handle& handle);

/// Absent where the text is no handle, or one of a newer format.
[[nodiscard]] std::optional<Handle> parse_handle(std::string_view text);

} // namespace loong::local
