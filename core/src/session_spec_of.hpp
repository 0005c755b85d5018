#pragma once
/// From a task's document to what its runtime is asked to do.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "task_document.hpp"
#include "tool_policy_places.hpp"
#include "workspace.hpp"

#include <string>
#include <vector>

namespace loong {

/// The description for one session. `secrets` join the document's environment; the LOONG_ variables
/// are set so that `loong` inside the work means this task and this state.
[[nodiscard]] SessionSpec session_spec_of(const TaskDocument& document,
                                          const std::string& task_session_id, int attempt,
                                          const std::vector<EnvironmentVariable>& secrets,
                                          const Workspace& workspace,
                                          const ToolPolicyPlaces& places);

} // namespace loong
