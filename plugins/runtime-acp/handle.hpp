#pragma once
/// What is saved to take an agent's session up again when the worker is gone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::acp {

/// An approval that the agent waits for. The agent's own id means nothing in another process, so it is
/// known by what is asked.
struct PendingRequest {
    std::string key;
    std::string fingerprint;
};

struct Handle {
    /// The agent's program, for messages.
    std::string agent;
    /// Empty while there is none yet.
    std::string session_id;
    std::string directory;
    std::string mode;
    /// How the agent said that the session can be taken up: `resume`, `load`, or empty.
    std::string method;
    /// The prompt was sent, or was about to be.
    bool prompted = false;
    /// Requests opened so far.
    std::int64_t asked = 0;
    std::vector<PendingRequest> pending;

    [[nodiscard]] bool can_be_taken_up() const { return !session_id.empty() && !method.empty(); }
};

[[nodiscard]] std::string format_handle(const Handle& handle);

/// Absent where the text is no handle, or one of a newer format.
[[nodiscard]] std::optional<Handle> parse_handle(std::string_view text);

} // namespace loong::acp
