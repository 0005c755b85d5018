#pragma once
/// A descriptor that becomes readable when time has run out.

#include "loong/time.hpp"

#include <optional>

namespace loong::cli {

class Deadline {
public:
    /// No limit: it never becomes readable.
    explicit Deadline(std::optional<Seconds> limit);
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

    [[nodiscard]] int descriptor() const noexcept { return timer_; }

private:
    int timer_ = -1;
};

} // namespace loong::cli
