#pragma once
/// Open-file-description locks. They belong to the open file, not to the process: closing another
/// descriptor of the same file does not drop them, two objects of one process exclude each other,
/// and the kernel drops them when the last descriptor of that opening is closed, by death too.
///
/// Asking (`ask`) never takes anything, so it cannot make a taker fail.

#include "loong/error.hpp"
#include "loong/time.hpp"

#include <chrono>
#include <optional>
#include <sys/types.h>

namespace loong::store_common {

enum class LockKind { shared, exclusive };

/// `length` 0 means: to the end, however long the file becomes.
struct LockRange {
    off_t start = 0;
    off_t length = 0;
};

/// Tries to lock, without waiting: 0, EAGAIN where another holds it, or another error number.
[[nodiscard]] int try_lock(int file, LockKind kind, LockRange range);

void unlock(int file, LockRange range);

/// As try_lock, but tries again for up to `limit`, pausing a little longer each time. EAGAIN then.
[[nodiscard]] int wait_lock(int file, LockKind kind, LockRange range, Milliseconds limit);

/// Where the lock of somebody else begins that stands in the way of `kind`.
struct LockAnswer {
    int error_number = 0;
    std::optional<off_t> locked_from;
};
[[nodiscard]] LockAnswer ask_lock(int file, LockKind kind, LockRange range);

/// How long any lock of another writer is waited for before `store_busy`.
inline constexpr Milliseconds lock_limit{10'000};

/// Pauses between tries: short at first, so that a lock that is held for microseconds costs
/// microseconds, and longer later, so that waiting costs nothing.
class Pause {
public:
    explicit Pause(Milliseconds limit, std::chrono::microseconds longest = Milliseconds(5));
    /// Sleeps; false where the limit is over already.
    bool next();

private:
    std::chrono::steady_clock::time_point end_;
    std::chrono::microseconds longest_;
    std::chrono::microseconds length_{20};
};

} // namespace loong::store_common
