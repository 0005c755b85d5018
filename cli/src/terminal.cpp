#include "terminal.hpp"

#include <charconv>
#include <cstdlib>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace loong::cli {
namespace {

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

bool locale_is_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const std::string value(environment(name));
        if (value.empty()) continue;
        const std::size_t dot = value.find('.');
        if (dot == std::string::npos) return false;
        const std::string charset = value.substr(dot + 1, value.find('@') - dot - 1);
        return strcasecmp(charset.c_str(), "UTF-8") == 0 ||
               strcasecmp(charset.c_str(), "utf8") == 0;
    }
    return false;
}

std::optional<std::size_t> find_width(int descriptor, bool is_terminal) {
    const std::string_view columns = environment("COLUMNS");
    std::size_t number = 0;
    const auto end = std::from_chars(columns.data(), columns.data() + columns.size(), number);
    if (end.ec == std::errc() && end.ptr == columns.data() + columns.size() && number > 0) {
        return number;
    }
    winsize size{};
    if (is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return std::nullopt;
}

// The sixteen colours follow the user's own palette. Good and bad differ in brightness as well.
std::string_view sequence(Colour colour) {
    switch (colour) {
    case Colour::none: return "";
    case Colour::strong: return "\x1b[1m";
    case Colour::faint: return "\x1b[2m";
    case Colour::good: return "\x1b[32m";
    case Colour::bad: return "\x1b[1;31m";
    case Colour::warning: return "\x1b[1;33m";
    case Colour::active: return "\x1b[36m";
    }
    return "";
}

} // namespace

Terminal look_at_terminal(int descriptor) {
    Terminal terminal;
    terminal.is_terminal = isatty(descriptor) == 1;
    const std::string_view kind = environment("TERM");
    terminal.moves = terminal.is_terminal && !kind.empty() && kind != "dumb";
    terminal.colours = terminal.moves && environment("NO_COLOR").empty();
    terminal.utf8 = locale_is_utf8();
    terminal.width = find_width(descriptor, terminal.is_terminal);
    return terminal;
}

std::string coloured(const Terminal& terminal, Colour colour, std::string_view text) {
    if (!terminal.colours || colour == Colour::none) return std::string(text);
    return std::string(sequence(colour)).append(text).append("\x1b[0m");
}

} // namespace loong::cli
