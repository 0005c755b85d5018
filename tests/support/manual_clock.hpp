#pragma once
/// Wall-clock time that moves only when a test says so.

#include <loong/time.hpp>

#include <chrono>
#include <mutex>

namespace loong::test {

/// [any-thread]. Can be called, so that it fits wherever a function that tells the time is asked
/// for; pass it by std::ref.
class ManualClock {
public:
    explicit ManualClock(Time now = Time(Seconds(1'767'322'000))) : now_(now) {}

    [[nodiscard]] Time now() const {
        const std::lock_guard lock(mutex_);
        return now_;
    }
    Time operator()() const { return now(); }

    void advance(Microseconds by) {
        const std::lock_guard lock(mutex_);
        now_ += by;
    }
    void set(Time now) {
        const std::lock_guard lock(mutex_);
        now_ = now;
    }

private:
    mutable std::mutex mutex_;
    Time now_;
};

} // namespace loong::test
