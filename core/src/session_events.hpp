#pragma once
/// The part of evolve() that is about sessions: how they are made, carried and ended.

#include "task_state.hpp"

namespace loong {

/// The current session where it is in that state and the event is about it, else null.
[[nodiscard]] SessionFacts* current_session_in(TaskState& state, const Event& event,
                                               SessionState wanted);

/// Folds an event about a session in.
void fold_session_event(TaskState& state, const Event& event);

} // namespace loong
