#pragma once
/// Points in time and how long things take, as every interface of loong gives them.

#include <chrono>

namespace loong {

/// Wall-clock time in UTC with microseconds, as it is stored and printed (RFC 3339). The wall
/// clock may be set back or forward at any moment: order is told by event ids, never by `Time`.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

} // namespace loong
