#pragma once
/// How a request is named: `TASK/R`, or by its task alone where that says enough.

#include "loong/error.hpp"
#include "task_state.hpp"

#include <string>

namespace loong {

struct RequestName {
    std::string task;
    /// Empty where none was named.
    std::string request_id;
};

/// Reads `TASK` or `TASK/R`, beside a request that may have been named apart. `invalid_argument`
/// where the two differ.
[[nodiscard]] Result<RequestName> read_request_name(const std::string& text,
                                                    const std::string& request_id);

/// The id of the one request of this kind that is open. `ambiguous_id` names those that are;
/// `request_already_resolved` where the newest was answered already; `request_not_found`.
[[nodiscard]] Result<std::string> only_open(const TaskState& state, RequestKind kind);

/// The request of this id; without one, the only one that is open, or the only one at all.
/// `request_not_found`, `ambiguous_id`.
[[nodiscard]] Result<const RequestFacts*> find_named(const TaskState& state,
                                                     const std::string& request_id);

/// `request R of task X: none`.
[[nodiscard]] Error no_such_request(const TaskState& state, const std::string& request_id);

/// What a resolved request is called in a sentence: `it was allowed already`.
[[nodiscard]] std::string how_resolved(const RequestFacts& request);

} // namespace loong
