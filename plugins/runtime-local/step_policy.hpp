#pragma once
/// The policy of one step: the task's, narrowed by what the step says.

#include "plan.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <string>

namespace loong::local {

/// `invalid_argument`: the step says something unknown, or would widen the task's policy. Nothing
/// that the step names is looked for: an earlier step may make it.
[[nodiscard]] Result<ToolPolicy> policy_of(const SessionSpec& spec, const Step& step);

/// Whether anything that a plan runs is held to a policy.
[[nodiscard]] bool is_narrowed(const SessionSpec& spec, const Plan& plan);

} // namespace loong::local
