#pragma once
/// Gives the terminal back as it was, whatever ends or stops the process.

#include "descriptor.hpp"
#include "loong/error.hpp"

#include <string>
#include <termios.h>

namespace loong::cli {

/// While it lives, the terminal is this process's to draw on, and signals are taken care of:
///
/// - SIGINT, SIGTERM: the terminal is given back, and the process ends with 130.
/// - SIGHUP, SIGQUIT and those of a crash: the terminal is given back, and the process ends by the
///   signal.
/// - SIGTSTP: the terminal is given back until the process is continued.
/// - SIGWINCH, SIGCONT: descriptor() becomes readable; the screen has to be drawn again.
///
/// All of that is done by the handlers alone, with nothing that a handler must not call, so it does
/// not matter what the process is doing. One at a time.
class TerminalGuard {
public:
    /// What is written to the terminal to give it back, and to take it again; at most 512 bytes
    /// each.
    struct Sequences {
        std::string leave;
        std::string enter;
    };

    /// Remembers how the terminal at descriptor 0 is set. `store_io` where that cannot be told.
    static Result<TerminalGuard> install(const Sequences& sequences);

    TerminalGuard(TerminalGuard&& other) noexcept;
    TerminalGuard& operator=(TerminalGuard&&) = delete;
    /// The settings are as they were. What was written to the screen is the caller's to undo.
    ~TerminalGuard();

    /// From here on handlers write the sequences, and come back to the settings that hold now.
    static void taken();
    /// From here on there is nothing to give back but the settings.
    static void given_back();

    [[nodiscard]] int descriptor() const noexcept { return read_end_.get(); }
    /// Makes the descriptor unreadable until there is more.
    void clear() const;

private:
    TerminalGuard(Descriptor read_end, Descriptor write_end)
        : read_end_(std::move(read_end)),
          write_end_(std::move(write_end)) {}

    Descriptor read_end_;
    Descriptor write_end_;
    bool installed_ = true;
};

} // namespace loong::cli
