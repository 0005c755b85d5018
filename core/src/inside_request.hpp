#pragma once
/// What a question from inside the work becomes, by whatever way it comes.

#include "loong/error.hpp"
#include "loong/tasks.hpp"
#include "task_state.hpp"

#include <string_view>

namespace loong {

/// The request that `ask` opens. A key of the caller's own is one of this attempt: a session that
/// goes on from an earlier one finds what was answered there, and a retry asks again. Without one,
/// `unique` makes it a request of its own. `invalid_argument` where the key is too long or no UTF-8;
/// the other limits are decide()'s.
[[nodiscard]] Result<NewRequest> inside_request(const TaskState& state, const AskRequest& ask,
                                                std::string_view unique);

/// How a request stands, as whoever asked is told.
[[nodiscard]] RequestStatus status_of(const RequestFacts& facts);

} // namespace loong
