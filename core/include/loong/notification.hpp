#pragma once
/// Telling the operator: that a task needs attention, or has ended.
///
/// That a task has ended is one fact; that the operator was told is another. A task is created with
/// what is to be told of it (`notify.on` in the configuration). From then on each event that ends it
/// or makes it need the operator *is* what is owed, in the same append, so that no crash falls
/// between the two. What became of the telling are events of their own.
///
/// At least once: a command that was run to its end just before a crash is run again. What has
/// become pointless before it was told (a question that is answered, a failure that is retried) is
/// not told any more.

#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loong {

/// What is told; a word of `notify.on`.
enum class NotifyOn : std::uint8_t { attention, terminal };

[[nodiscard]] constexpr std::string_view to_string(NotifyOn on) noexcept {
    return on == NotifyOn::attention ? "attention" : "terminal";
}

enum class DeliveryState : std::uint8_t {
    /// Not told yet, and tried again.
    owed,
    delivered,
    /// Tried as often as loong tries it; `loong doctor --fix` begins anew.
    given_up,
    /// It became of no interest before it was told.
    withdrawn,
};

[[nodiscard]] constexpr std::string_view to_string(DeliveryState state) noexcept {
    switch (state) {
    case DeliveryState::owed: return "owed";
    case DeliveryState::delivered: return "delivered";
    case DeliveryState::given_up: return "given_up";
    case DeliveryState::withdrawn: return "withdrawn";
    }
    return "withdrawn";
}

/// How often one notification is tried: 1 s after the first failure, then twice as long each time,
/// at most 5 min, which makes about 20 minutes in all.
inline constexpr int most_notification_attempts = 12;

struct NotificationView {
    NotifyOn on = NotifyOn::terminal;
    /// The task's status that is told, for example `failed` or `approval_pending`.
    std::string status;
    /// The event that made it so.
    std::uint64_t event_id = 0;
    DeliveryState state = DeliveryState::owed;
    Time since{};
    /// How often it was tried.
    int attempts = 0;
    std::optional<Time> delivered_at;
    std::optional<Time> next_attempt_at;
    /// Why the last attempt failed; what the command said is among it.
    std::string last_error;
};

struct TaskDetail;

/// What the command is to be told. Valid during the call only.
struct Notification {
    const NotificationView& what;
    const TaskDetail& task;
    /// The session that `task` is seen from, whose operator is told.
    const std::string& session_id;
};

} // namespace loong
