#pragma once
/// The channel as narrowed work sees it; inside_channel.hpp has the other end.

#include "inside_message.hpp"
#include "loong/error.hpp"

#include <optional>
#include <string>

namespace loong::inside {

/// The directory of the channel, from the environment; empty where this is no narrowed work.
[[nodiscard]] std::string channel_directory();

/// What is not among report, ask and create.
[[nodiscard]] Error not_inside(const std::string& what);

/// Leaves a request and waits for its answer, however long no worker is there to give one; at most
/// `limit`, then absent: the request stays, and the next worker obeys it. Absent too where the
/// `interrupt_descriptor` becomes readable. `store_io`, and whatever the worker answers.
[[nodiscard]] Result<std::optional<Answered>> call(const std::string& directory,
                                                   const Request& request,
                                                   std::optional<Milliseconds> limit,
                                                   int interrupt_descriptor = -1);

} // namespace loong::inside
