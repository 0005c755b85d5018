#pragma once
/// The terminal of the live view: shows frames, reads keys. The only place that knows ncurses.

#include "loong/error.hpp"
#include "terminal.hpp"
#include "terminal_guard.hpp"
#include "watch_view.hpp"

#include <memory>
#include <optional>

namespace loong::cli {

class WatchScreen {
public:
    /// Takes the terminal over; the destructor gives it back, and so do signals (TerminalGuard).
    /// `unsupported` where standard input or output is no terminal, or one that cannot be drawn on.
    static Result<WatchScreen> open(const Terminal& terminal);

    WatchScreen(WatchScreen&&) noexcept;
    WatchScreen& operator=(WatchScreen&&) = delete;
    ~WatchScreen();

    [[nodiscard]] ScreenSize size() const;

    /// Writes what differs from what is there.
    void show(const WatchFrame& frame);

    /// The next key that was pressed; absent where there is none now.
    [[nodiscard]] std::optional<Key> read_key();

    /// Standard input has ended: the terminal is gone.
    [[nodiscard]] bool is_gone() const;

    /// Readable when the screen has changed its size, or was used by others.
    [[nodiscard]] int descriptor() const noexcept { return guard_.descriptor(); }
    /// After descriptor() became readable: the size anew, and all of the next frame.
    void renew();

private:
    class Painter;
    WatchScreen(TerminalGuard guard, std::unique_ptr<Painter> painter);

    TerminalGuard guard_;
    /// Gives the screen back before the guard gives back the settings.
    std::unique_ptr<Painter> painter_;
};

} // namespace loong::cli
