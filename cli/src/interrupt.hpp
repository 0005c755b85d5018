#pragma once
/// Being told to stop waiting.

#include "loong/error.hpp"

namespace loong::cli {

/// While one exists, SIGINT and SIGTERM make its descriptor readable instead of ending the process;
/// a second one ends it as usual. Signals that were ignored when the process started stay ignored.
/// At most one at a time.
class Interrupt {
public:
    static Result<Interrupt> install();

    Interrupt(Interrupt&& other) noexcept;
    Interrupt& operator=(Interrupt&&) = delete;
    ~Interrupt();

    /// For poll(): readable once a signal came.
    [[nodiscard]] int descriptor() const noexcept { return read_end_; }
    [[nodiscard]] bool happened() const;

private:
    Interrupt(int read_end, int write_end) : read_end_(read_end), write_end_(write_end) {}

    int read_end_;
    int write_end_;
};

} // namespace loong::cli
