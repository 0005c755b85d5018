#pragma once
#include "handle.hpp"
#include "plan.hpp"
#include <loong/runtime.hpp>

namespace loong::local {

/// As DurableRuntime::probe().
[[nodiscard]] Result<Probe> probe_work(const LostSession& session, const Handle& handle,
                                       const Plan& plan);

} // namespace loong::local
