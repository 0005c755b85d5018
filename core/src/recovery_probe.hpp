#pragma once
/// Asking a runtime about work whose worker is gone.

#include "loong/runtime.hpp"
#include "loong/status.hpp"
#include "task_store.hpp"
#include "workspace.hpp"

#include <string>

namespace loong {

/// The description of a lost session, as its runtime needs it.
[[nodiscard]] Result<LostSession> lost_session(Workspace& workspace, const LoadedTask& task);

/// What the runtime finds. A runtime that is not durable has nothing that outlives its worker:
/// `gone`. What cannot be asked is `unreachable`.
[[nodiscard]] Probe probe_work(Workspace& workspace, const LoadedTask& task);

/// Whether the work still lives: `held` for alive, `free` for ended or gone.
[[nodiscard]] Held probe_work(Workspace& workspace, const std::string& task_id);

} // namespace loong
