#pragma once
/// Waiting for a store's watch and for a caller who does not want to wait any longer.

#include "loong/store.hpp"
#include "loong/tasks.hpp"

#include <algorithm>
#include <array>
#include <poll.h>

namespace loong {

/// Once, at most `patience`. A watch without a descriptor is asked in turn with the interrupt.
inline Result<TaskWatch::Woken> wait_for_watch(Watch& watch, Milliseconds patience,
                                               int interrupt_descriptor) {
    constexpr Milliseconds patience_without_descriptor(200);
    const int descriptor = watch.descriptor();
    if (descriptor < 0) patience = std::min(patience, patience_without_descriptor);
    std::array<pollfd, 2> watched{pollfd{descriptor, POLLIN, 0},
                                  pollfd{interrupt_descriptor, POLLIN, 0}};
    // Interrupted by a signal is the same as a time that ran out: the caller looks again.
    ::poll(watched.data(), watched.size(), static_cast<int>(patience.count()));
    if (watched[1].revents != 0) return TaskWatch::Woken::interrupted;
    Result<bool> changed = watch.wait(Milliseconds(0));
    if (!changed) return std::move(changed).error();
    return *changed ? TaskWatch::Woken::changed : TaskWatch::Woken::timeout;
}

} // namespace loong
