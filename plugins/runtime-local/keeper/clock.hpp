#pragma once
#include <cstdint>
#include <ctime>

namespace loong::keeper {

inline std::int64_t microseconds(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

/// For records; may be set back and forward.
inline std::int64_t wall_clock() { return microseconds(CLOCK_REALTIME); }

/// For deadlines.
inline std::int64_t steady_clock() { return microseconds(CLOCK_MONOTONIC); }

} // namespace loong::keeper
