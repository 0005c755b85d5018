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

/// Held by the process that tells the operator what is owed.
inline constexpr const char* notifier = "notifier";

[[nodiscard]] inline std::string slot(int number) { return "slot-" + std::to_string(number); }

/// Held by a worker whose session waits for the operator and has given its slot away, until it has
/// one again.
[[nodiscard]] inline std::string waiting(int number) { return "waiting-" + std::to_string(number); }

/// Held by a worker whose session was answered and wants a slot; those go ahead of new claims.
[[nodiscard]] inline std::string returning(int number) {
    return "returning-" + std::to_string(number);
}

/// The same for a slot of a runtime with a limit of its own.
[[nodiscard]] inline std::string runtime_returning(const std::string& runtime, int number) {
    return "runtime-" + runtime + "-returning-" + std::to_string(number);
}

[[nodiscard]] inline std::string runtime_slot(const std::string& runtime, int number) {
    return "runtime-" + runtime + "-slot-" + std::to_string(number);
}

} // namespace loong::lease_names
