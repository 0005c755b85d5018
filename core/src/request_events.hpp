#pragma once
/// The part of evolve() that is about requests.

#include "task_state.hpp"

#include <optional>

namespace loong {

/// Folds an event about a request in, and what follows from it: the counts, the oldest open request
/// and the clock of the timeout.
void fold_request_event(TaskState& state, const Event& event);

/// The session waits for a slot, or no longer does.
void set_slot_awaited(TaskState& state, const Event& event, bool awaited);

/// What is left of the running session's timeout, whose clock may stand still; absent where it has
/// none.
[[nodiscard]] std::optional<Microseconds> timeout_left(const TaskState& state, Time now);

/// Withdraws whatever is open: the session that asked has ended.
void withdraw_requests(TaskState& state, const Event& event);

} // namespace loong
