#include "status_style.hpp"

#include "text.hpp"

#include <algorithm>

namespace loong::cli {

std::string_view status_symbol(Status status, bool utf8) noexcept {
    switch (status) {
    case Status::completed: return utf8 ? "✓" : "+";
    case Status::failed: return utf8 ? "✗" : "x";
    case Status::timed_out: return utf8 ? "◷" : "t";
    case Status::cancelled: return utf8 ? "⊘" : "/";
    case Status::recoverable: return utf8 ? "↻" : "r";
    case Status::overdue: return "!";
    case Status::cancel_requested: return utf8 ? "⊖" : "-";
    case Status::approval_pending: return "?";
    case Status::blocked: return utf8 ? "■" : "#";
    case Status::waiting: return utf8 ? "…" : ".";
    case Status::running: return utf8 ? "●" : "*";
    case Status::queued: return utf8 ? "○" : "o";
    case Status::unknown: return utf8 ? "¿" : "u";
    }
    return " ";
}

Colour status_colour(Status status) noexcept {
    switch (status) {
    case Status::completed: return Colour::good;
    case Status::failed:
    case Status::timed_out: return Colour::bad;
    case Status::recoverable:
    case Status::overdue:
    case Status::approval_pending:
    case Status::blocked:
    case Status::unknown: return Colour::warning;
    case Status::running: return Colour::active;
    case Status::cancelled:
    case Status::cancel_requested:
    case Status::waiting:
    case Status::queued: return Colour::none;
    }
    return Colour::none;
}

std::string styled_status(const TaskStatus& status, const Terminal& terminal) {
    std::string text(status_symbol(status.status, terminal.utf8));
    text += " ";
    text += status.display.empty() ? std::string(to_string(status.status)) : status.display;
    return coloured(terminal, status_colour(status.status), text);
}

std::string_view short_id(std::string_view task_id) noexcept {
    constexpr std::size_t length = 6;
    return task_id.size() <= length ? task_id : task_id.substr(task_id.size() - length);
}

Time wall_clock() {
    return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
}

std::string age(Time now, Time then) {
    const auto seconds =
        std::max(std::int64_t{0}, std::chrono::duration_cast<Seconds>(now - then).count());
    if (seconds < 60) return std::to_string(seconds) + " s";
    if (seconds < 3600) return std::to_string(seconds / 60) + " min";
    if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
    return std::to_string(seconds / (24 * 3600)) + " d";
}

std::string clock_time(Time time) {
    const std::string text = format_time(time);
    return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

} // namespace loong::cli
