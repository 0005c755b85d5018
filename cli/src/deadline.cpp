#include "deadline.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

namespace loong::cli {

Deadline::Deadline(std::optional<Seconds> limit) {
    if (!limit) return;
    timer_ = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    itimerspec when{};
    when.it_value.tv_sec = limit->count();
    // All zeros would switch the timer off.
    if (limit->count() == 0) when.it_value.tv_nsec = 1;
    timerfd_settime(timer_, 0, &when, nullptr);
}

Deadline::~Deadline() {
    if (timer_ >= 0) close(timer_);
}

} // namespace loong::cli
