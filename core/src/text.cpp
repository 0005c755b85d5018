#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace loong {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes exactly `digits` digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (!is_digit(text[i])) return std::nullopt;
        number = number * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return number;
}

bool take_any(std::string_view& text, std::string_view characters) {
    if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

/// Takes as many digits as there are, at least one. Absent also where the number is too large.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    std::uint64_t number = 0;
    while (!text.empty() && is_digit(text.front())) {
        const auto digit = static_cast<std::uint64_t>(text.front() - '0');
        if (number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
        number = number * 10 + digit;
        text.remove_prefix(1);
    }
    return number;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
    const auto year = take_number(text, 4);
    if (!year || !take_any(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take_any(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

/// Hours, minutes, seconds and a fraction of which six digits count.
std::optional<Microseconds> take_time_of_day(std::string_view& text) {
    const auto hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take_any(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *minutes > 59 || !take_any(text, ":")) return std::nullopt;
    const auto seconds = take_number(text, 2);
    // A leap second is the first moment of the next minute.
    if (!seconds || *seconds > 60) return std::nullopt;
    std::int64_t fraction = 0;
    if (take_any(text, ".")) {
        if (text.empty() || !is_digit(text.front())) return std::nullopt;
        std::int64_t unit = 100'000;
        while (!text.empty() && is_digit(text.front())) {
            fraction += unit * (text.front() - '0');
            unit /= 10;
            text.remove_prefix(1);
        }
    }
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
           std::chrono::seconds(*seconds) + Microseconds(fraction);
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (take_any(text, "Zz")) return std::chrono::minutes(0);
    const bool negative = !text.empty() && text.front() == '-';
    if (!take_any(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take_any(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const std::chrono::minutes offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return negative ? -offset : offset;
}

struct Unit {
    std::string_view name;
    std::uint64_t size;
};

/// From the largest to the smallest: a duration names them in this order.
constexpr std::array<Unit, 4> duration_units{{{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};
/// A hundred years: what is added to a point in time then stays far from overflow.
constexpr std::uint64_t hundred_years = std::uint64_t{36'525} * 86'400;

constexpr std::array<Unit, 11> size_units{{{"", 1},
                                           {"B", 1},
                                           {"KiB", std::uint64_t{1} << 10},
                                           {"MiB", std::uint64_t{1} << 20},
                                           {"GiB", std::uint64_t{1} << 30},
                                           {"TiB", std::uint64_t{1} << 40},
                                           {"kB", 1'000},
                                           {"KB", 1'000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000}}};

} // namespace

std::string format_time(Time time) {
    using namespace std::chrono;
    // Four digits of a year are what the format has room for.
    constexpr Time first = sys_days(year(0) / January / 1);
    constexpr Time last = sys_days(year(9999) / December / 31) + days(1) - Microseconds(1);
    time = std::clamp(time, first, last);
    const auto midnight = floor<days>(time);
    const year_month_day date(midnight);
    const hh_mm_ss clock(time - midnight);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<Time> parse_time(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !take_any(text, "Tt ")) return std::nullopt;
    const auto clock = take_time_of_day(text);
    if (!clock) return std::nullopt;
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    return Time(*date) + *clock - *offset;
}

std::optional<Seconds> parse_duration(std::string_view text) {
    std::uint64_t total = 0;
    const auto* next_unit = duration_units.begin();
    const bool plain =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c); });
    do {
        const auto number = take_number(text);
        if (!number || *number > hundred_years) return std::nullopt;
        if (plain) {
            total = *number;
            break;
        }
        const auto* unit =
            std::find_if(next_unit, duration_units.end(),
                         [&](const Unit& candidate) { return text.starts_with(candidate.name); });
        if (unit == duration_units.end()) return std::nullopt;
        text.remove_prefix(unit->name.size());
        next_unit = unit + 1;
        if (*number > hundred_years / unit->size) return std::nullopt;
        total += *number * unit->size;
    } while (!text.empty());
    if (total > hundred_years) return std::nullopt;
    return Seconds(static_cast<std::int64_t>(total));
}

std::string format_duration(Microseconds duration) {
    // A clock that was set back makes an age negative; it is then taken for none.
    const std::int64_t milliseconds = std::max<std::int64_t>(duration.count() / 1'000, 0);
    if (milliseconds > 0 && milliseconds < 1'000) return fmt::format("{} ms", milliseconds);
    const std::int64_t seconds = milliseconds / 1'000;
    constexpr std::array<std::pair<std::int64_t, const char*>, 4> units{
        {{86'400, "d"}, {3'600, "h"}, {60, "min"}, {1, "s"}}};
    for (std::size_t i = 0; i + 1 < units.size(); ++i) {
        if (seconds < units[i].first) continue;
        const std::int64_t rest = seconds % units[i].first / units[i + 1].first;
        std::string text = fmt::format("{} {}", seconds / units[i].first, units[i].second);
        if (rest > 0) text += fmt::format(" {} {}", rest, units[i + 1].second);
        return text;
    }
    return fmt::format("{} s", seconds);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto* unit = std::find_if(size_units.begin(), size_units.end(),
                                    [&](const Unit& candidate) { return text == candidate.name; });
    if (unit == size_units.end()) return std::nullopt;
    if (*number > std::numeric_limits<std::uint64_t>::max() / unit->size) return std::nullopt;
    return *number * unit->size;
}

} // namespace loong
