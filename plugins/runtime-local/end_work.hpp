#pragma once
/// Ending what is left of a session's work without its worker.

#include "handle.hpp"
#include <loong/runtime.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace loong::local {

using Deadline = std::chrono::steady_clock::time_point;

/// Who ends what is left: the session's own worker has the orphans as its children.
enum class Ender : std::uint8_t { worker, stranger };

/// Ends every process of this user that carries the session's id, and where the worker asks, its
/// orphans: TERM first, KILL from `force_at` on. True: none is left.
bool end_leftovers(const std::string& session_id, Ender ender, Deadline force_at,
                   Deadline give_up_at);

/// As DurableRuntime::end(). An empty handle is looked for by the session's id alone.
[[nodiscard]] Result<bool> end_work(const LostSession& session, const std::optional<Handle>& handle,
                                    EndHow how);

} // namespace loong::local
