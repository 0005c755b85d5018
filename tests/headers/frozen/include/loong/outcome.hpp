#pragma once
/// How a session ended.

#include "loong/time.hpp"
#include "loong/value.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace loong {

enum class OutcomeKind : std::uint8_t {
    completed,
    failed,
    cancelled,
    timed_out,
    /// The work goes on without this worker, which was told to let go of it. Only a runtime with a
    /// saved handle may return it; the session stays running and becomes recoverable.
    detached,
};

[[nodiscard]] constexpr std::string_view to_string(OutcomeKind kind) noexcept {
    switch (kind) {
    case OutcomeKind::completed: return "completed";
    case OutcomeKind::failed: return "failed";
    case OutcomeKind::cancelled: return "cancelled";
    case OutcomeKind::timed_out: return "timed_out";
    case OutcomeKind::detached: return "detached";
    }
    return "failed";
}

/// What the work used, all of its processes together.
struct ResourceUse {
    Microseconds user_cpu{};
    Microseconds system_cpu{};
    /// Largest resident size of one process, in bytes.
    std::uint64_t max_resident_bytes = 0;
};

struct Outcome {
    OutcomeKind kind = OutcomeKind::failed;
    /// 0 to 255; of the work itself, where it has one.
    std::optional<int> exit_code;
    /// The signal number that ended the work, where one did.
    std::optional<int> signal;
    /// One sentence for the operator; may be empty for `completed`.
    std::string message;
    /// What the work returned, as text; at most 64 KiB are kept.
    std::string result;
    /// A failure that another attempt may well not meet (a lost connection, say). Automatic
    /// retries happen for every failure; this only shortens their back-off.
    bool transient = false;
    /// When the work itself started and ended; absent where it never started.
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    std::optional<ResourceUse> resource_use;
};

} // namespace loong
