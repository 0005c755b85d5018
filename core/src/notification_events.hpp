#pragma once
/// Folding what is owed to the operator, and what became of it, into a task's state.

#include "task_state.hpp"

namespace loong {

/// What an event is compared with, to see what it has made different.
struct StandingBefore {
    bool is_terminal = false;
    bool says_blocked = false;
};

[[nodiscard]] StandingBefore standing_of(const TaskState& state);

/// Called for every event, after everything else was folded in. An event that ends the task or makes
/// it need the operator is owed from then on, if the task's document says so; what has become
/// pointless is owed no longer.
void fold_notification_event(TaskState& state, const Event& event, const StandingBefore& before);

} // namespace loong
