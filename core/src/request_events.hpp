#pragma once
/// The part of evolve() that is about requests.

#include "task_state.hpp"

namespace loong {

/// Folds an event about a request in, and what follows from it: the counts, the oldest open request
/// and the clock of the timeout.
void fold_request_event(TaskState& state, const Event& event);

/// Withdraws whatever is open: the session that asked has ended.
void withdraw_requests(TaskState& state, const Event& event);

} // namespace loong
