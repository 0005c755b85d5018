#pragma once
/// The names of the leases that core takes. A session's lease bears the session's id.

#include <string>

namespace loong::lease_names {

/// Held by whoever makes something claimable or frees a slot, until a worker serves it.
inline constexpr const char* hand_over = "hand-over";
/// Held by the worker that waits for what becomes due later.
inline constexpr const char* timekeeper = "timekeeper";
/// Taken and given back for a moment to make live workers look at the queue.
inline constexpr const char* worker_wanted = "worker-wanted";

[[nodiscard]] inline std::string slot(int number) { return "slot-" + std::to_string(number); }

[[nodiscard]] inline std::string runtime_slot(const std::string& runtime, int number) {
    return "runtime-" + runtime + "-slot-" + std::to_string(number);
}

} // namespace loong::lease_names
