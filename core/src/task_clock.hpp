#pragma once
/// The clock by which loong decides what is due, late or over.
///
/// People set wall clocks, forward and back. Nothing may become overdue by that, and no attempt may
/// have to wait for it. So whatever is compared with "now" (when an attempt may start, when a
/// session is overdue, when a request expires, since when a session is in its state) is told by the
/// task clock: it showed the same as the wall clock when loong was first used after the machine
/// started, and has gone on steadily since, as the kernel's monotonic clock does. Like the timers
/// of a running session it stands still while the machine is suspended.
///
/// All processes of one state directory have the same task clock: its file `clock` says what it
/// showed when the kernel's clock was at zero. After a start of the machine it begins with the
/// wall clock again, but never before a moment that it had shown already (to a minute).

#include "loong/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace loong {

/// What the system's clocks say; a value, so that tests can set them.
struct SystemClocks {
    /// Differs after each start of the machine.
    std::string boot_id;
    Time wall{};
    /// Since some moment at or after the start of the machine.
    Microseconds monotonic{};
};

[[nodiscard]] SystemClocks system_clocks();

/// What the file `clock` keeps.
struct ClockAnchor {
    std::string boot_id;
    /// What the task clock showed when the monotonic clock was at zero.
    Time zero{};
    /// A moment that it has shown already.
    Time shown{};

    friend bool operator==(const ClockAnchor&, const ClockAnchor&) = default;
};

/// The anchor that holds from now on: the kept one while the machine runs on, else a new one.
[[nodiscard]] ClockAnchor anchor_for(const std::optional<ClockAnchor>& kept,
                                     const SystemClocks& clocks);

[[nodiscard]] std::string write_anchor(const ClockAnchor& anchor);
/// Absent where the text is none: the clock then starts anew.
[[nodiscard]] std::optional<ClockAnchor> read_anchor(std::string_view text);

/// Sets this process's task clock from `directory`, an existing directory, and keeps the file there
/// up. Where that cannot be done the wall clock alone is what this process has; that is no error.
/// A process has one task clock: the first directory counts. [any-thread]
void use_task_clock(const std::string& directory);

/// What the task clock shows; before use_task_clock() the wall clock. [any-thread]
[[nodiscard]] Time now();

/// How far the wall clock is ahead of the task clock; zero where they differ by no more than clocks
/// that are kept right do. [any-thread]
[[nodiscard]] Microseconds clock_skew();

/// The wall clock, for what people and other programs read. [any-thread]
[[nodiscard]] Time wall_now();

/// The same moment on the wall clock as it is set now.
[[nodiscard]] inline std::optional<Time> on_wall_clock(std::optional<Time> moment) {
    return moment ? std::optional(*moment + clock_skew()) : std::nullopt;
}

} // namespace loong
