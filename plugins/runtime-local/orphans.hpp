#pragma once
/// What a killed keeper leaves to its worker. The worker is a subreaper, too, so the keeper's
/// descendants become its children, also those that do not carry the session's id any more.
///
/// They are told from the worker's own children by their session: a keeper and a command each
/// start a session of their own, and a process never comes back into another one.

#include "processes.hpp"

#include <string>
#include <vector>

namespace loong::local {

/// Makes this process a subreaper.
void adopt_orphans();

/// The orphans that still run, besides those that carry other tasks. `store_io`: that cannot be told.
[[nodiscard]] Result<std::vector<FoundProcess>> find_orphans(const std::string& session_id);

/// Reaps the orphans that have ended.
void reap_orphans();

} // namespace loong::local
