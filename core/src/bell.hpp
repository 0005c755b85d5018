#pragma once
/// A descriptor that becomes readable when somebody rings, for use with poll().

#include "descriptor.hpp"
#include "loong/error.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>

namespace loong {

/// [any-thread] once made.
class Bell {
public:
    Bell() = default;

    static Result<Bell> make(const std::string& whose) {
        Bell bell;
        bell.descriptor_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (bell.descriptor_) return bell;
        return Error{ErrorCode::store_io,
                     whose + ": no event descriptor could be made: " + std::strerror(errno),
                     "raise the limit on open files"};
    }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }

    /// A write fails only where the counter is full, and then it rings already.
    bool ring() const noexcept {
        const std::uint64_t one = 1;
        return ::write(descriptor_.get(), &one, sizeof one) == sizeof one;
    }

    /// True where it had been rung since the last time.
    bool silence() const noexcept {
        std::uint64_t count = 0;
        return ::read(descriptor_.get(), &count, sizeof count) == sizeof count;
    }

private:
    Descriptor descriptor_;
};

} // namespace loong
