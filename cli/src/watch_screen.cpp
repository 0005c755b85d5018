#include "watch_screen.hpp"

#include "styled_text.hpp"
#include "terminal_capabilities.hpp"
#include "utf8.hpp"

#define NCURSES_NOMACROS 1
#define NCURSES_WIDECHAR 1
#include <clocale>
#include <cwchar>
#include <map>
#include <ncurses.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace loong::cli {
namespace {

Error refusal(const std::string& why, const std::string& hint) {
    return {ErrorCode::unsupported, "list --watch: " + why, hint};
}

TerminalGuard::Sequences sequences() {
    TerminalGuard::Sequences found;
    const std::string leave_screen = terminal_capability("rmcup");
    // A terminal that has one screen only gets it back empty.
    found.leave = terminal_capability("sgr0") + terminal_capability("op") +
                  terminal_capability("rmkx") + terminal_capability("cnorm") +
                  (leave_screen.empty() ? terminal_capability("clear") : leave_screen);
    found.enter =
        terminal_capability("smcup") + terminal_capability("smkx") + terminal_capability("civis");
    return found;
}

// The C locale would show every character beyond ASCII as several.
void use_locale(bool utf8) {
    std::setlocale(LC_CTYPE, "");
    if (utf8 && MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::string ascii_of(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const Character character = first_character(text);
        constexpr char32_t ellipsis = 0x2026;
        if (character.code < 0x80) {
            plain += static_cast<char>(character.code);
        } else {
            plain += character.code == ellipsis ? '.' : '?';
        }
        text.remove_prefix(character.length);
    }
    return plain;
}

std::string utf8_of(wint_t code) {
    std::string text;
    const auto value = static_cast<char32_t>(code);
    const auto tail = [&](unsigned shift) {
        text += static_cast<char>(0x80U | ((value >> shift) & 0x3fU));
    };
    if (value < 0x80) {
        text += static_cast<char>(value);
    } else if (value < 0x800) {
        text += static_cast<char>(0xc0U | (value >> 6U));
        tail(0);
    } else if (value < 0x10000) {
        text += static_cast<char>(0xe0U | (value >> 12U));
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xf0U | (value >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
    return text;
}

Key key_of_code(wint_t code) {
    switch (code) {
    case KEY_UP: return {KeyKind::up, {}};
    case KEY_DOWN: return {KeyKind::down, {}};
    case KEY_PPAGE: return {KeyKind::page_up, {}};
    case KEY_NPAGE: return {KeyKind::page_down, {}};
    case KEY_HOME: return {KeyKind::home, {}};
    case KEY_END: return {KeyKind::end, {}};
    case KEY_ENTER: return {KeyKind::enter, {}};
    case KEY_BACKSPACE: return {KeyKind::backspace, {}};
    default: return {};
    }
}

Key key_of_character(wint_t code) {
    constexpr wint_t escape = 0x1b;
    constexpr wint_t backspace = 0x08;
    constexpr wint_t erase = 0x7f;
    if (code == L'\r' || code == L'\n') return {KeyKind::enter, {}};
    if (code == L'\t') return {KeyKind::tab, {}};
    if (code == escape) return {KeyKind::escape, {}};
    if (code == backspace || code == erase) return {KeyKind::backspace, {}};
    if (code < 0x20) return {};
    return {KeyKind::character, utf8_of(code)};
}

} // namespace

/// ncurses' own state, of which there is one.
class WatchScreen::Painter {
public:
    Painter(SCREEN* screen, const Terminal& terminal) : screen_(screen), terminal_(terminal) {
        cbreak();
        noecho();
        nonl();
        keypad(stdscr, true);
        nodelay(stdscr, true);
        curs_set(0);
        constexpr int escape_delay_ms = 25;
        set_escdelay(escape_delay_ms);
        if (terminal_.colours && has_colors()) {
            start_color();
            use_default_colors();
            colours_ = true;
        }
        fit_size();
    }
    Painter(const Painter&) = delete;
    Painter& operator=(const Painter&) = delete;
    ~Painter() {
        endwin();
        delscreen(screen_);
    }

    void fit_size() {
        winsize now{};
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0) {
            resizeterm(now.ws_row, now.ws_col);
        }
    }

    void paint(const WatchFrame& frame) {
        werase(stdscr);
        int y = 0;
        for (const ScreenLine& line : frame.lines) paint_line(y++, line);
        wattrset(stdscr, A_NORMAL);
        wrefresh(stdscr);
    }

private:
    void paint_line(int y, const ScreenLine& line) {
        wmove(stdscr, y, 0);
        // A character that was wider than it should be has run over into this line.
        wclrtoeol(stdscr);
        const attr_t extra = line.selected ? A_REVERSE : A_NORMAL;
        std::size_t used = 0;
        for (const StyledPiece& piece : styled_pieces(line.text)) {
            // A bar in one colour is easier to read than one in several.
            set_style(line.selected ? TextStyle{} : piece.style, extra);
            add(piece.text);
            used += display_width(piece.text);
        }
        if (!line.selected) return;
        wattr_set(stdscr, extra, 0, nullptr);
        const auto columns = static_cast<std::size_t>(getmaxx(stdscr));
        if (used < columns) add(std::string(columns - used, ' '));
    }

    void add(std::string_view text) const {
        if (terminal_.utf8) {
            waddnstr(stdscr, text.data(), static_cast<int>(text.size()));
        } else {
            const std::string plain = ascii_of(text);
            waddnstr(stdscr, plain.data(), static_cast<int>(plain.size()));
        }
    }

    void set_style(const TextStyle& style, attr_t extra) {
        attr_t attributes = extra;
        if (style.strong) attributes |= A_BOLD;
        if (style.faint) attributes |= A_DIM;
        if (style.underlined) attributes |= A_UNDERLINE;
        if (style.reversed) attributes ^= A_REVERSE;
        wattr_set(stdscr, attributes, pair_of(style), nullptr);
    }

    short pair_of(const TextStyle& style) {
        const bool plain = style.foreground < 0 && style.background < 0;
        if (!colours_ || plain) return 0;
        // Where there are eight colours the bright ones are those.
        const auto known = [](int colour) {
            return static_cast<short>(colour >= COLORS ? colour % 8 : colour);
        };
        const std::pair colours{known(style.foreground), known(style.background)};
        const auto found = pairs_.find(colours);
        if (found != pairs_.end()) return found->second;
        const auto next = static_cast<short>(pairs_.size() + 1);
        if (next >= COLOR_PAIRS) return 0;
        init_pair(next, colours.first, colours.second);
        pairs_.emplace(colours, next);
        return next;
    }

    SCREEN* screen_;
    Terminal terminal_;
    bool colours_ = false;
    std::map<std::pair<short, short>, short> pairs_;
};

Result<WatchScreen> WatchScreen::open(const Terminal& terminal) {
    const std::string elsewhere =
        "`loong tasks list` shows the same once; `loong tasks wait` is for scripts";
    if (isatty(STDOUT_FILENO) != 1) {
        return refusal("standard output is not a terminal", elsewhere);
    }
    if (isatty(STDIN_FILENO) != 1) {
        return refusal("standard input is not a terminal", elsewhere);
    }
    use_locale(terminal.utf8);
    if (!load_terminal_capabilities() || terminal_capability("cup").empty()) {
        return refusal("this terminal cannot be drawn on, or TERM does not say what it is",
                       elsewhere);
    }
    // Before ncurses looks for handlers: it leaves alone what is there.
    Result<TerminalGuard> guard = TerminalGuard::install(sequences());
    if (!guard) return std::move(guard).error();
    SCREEN* screen = newterm(nullptr, stdout, stdin);
    if (screen == nullptr) return refusal("this terminal cannot be drawn on", elsewhere);
    auto painter = std::make_unique<Painter>(screen, terminal);
    TerminalGuard::taken();
    return WatchScreen(std::move(*guard), std::move(painter));
}

WatchScreen::WatchScreen(TerminalGuard guard, std::unique_ptr<Painter> painter)
    : guard_(std::move(guard)),
      painter_(std::move(painter)) {}

WatchScreen::WatchScreen(WatchScreen&&) noexcept = default;

WatchScreen::~WatchScreen() {
    // A signal between the two gives back what is given back already, which does no harm.
    if (painter_) painter_.reset();
}

ScreenSize WatchScreen::size() const {
    return {static_cast<std::size_t>(std::max(getmaxx(stdscr), 1)),
            static_cast<std::size_t>(std::max(getmaxy(stdscr), 1))};
}

void WatchScreen::show(const WatchFrame& frame) { painter_->paint(frame); }

std::optional<Key> WatchScreen::read_key() {
    wint_t code = 0;
    switch (wget_wch(stdscr, &code)) {
    case OK: return key_of_character(code);
    case KEY_CODE_YES: return key_of_code(code);
    default: return std::nullopt;
    }
}

bool WatchScreen::is_gone() const {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, 0) != 1) return false;
    int waiting = 0;
    const bool has_bytes = ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0;
    return (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 || !has_bytes;
}

void WatchScreen::renew() {
    guard_.clear();
    painter_->fit_size();
    clearok(curscr, true);
}

} // namespace loong::cli
