#pragma once
/// Two descriptors as one, for a call that takes one.

#include "descriptor.hpp"

#include <sys/epoll.h>

namespace loong::cli {

/// Readable when one of the two is. Either may be -1.
class EitherDescriptor {
public:
    EitherDescriptor(int first, int second) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
        for (const int descriptor : {first, second}) {
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.fd = descriptor;
            if (descriptor >= 0) epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
        }
    }
    [[nodiscard]] int get() const noexcept { return epoll_.get(); }

private:
    Descriptor epoll_;
};

} // namespace loong::cli
