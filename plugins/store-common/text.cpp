#include "text.hpp"

#include "file_system.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace loong::store_common {

namespace {

std::string first_line(const char* path) {
    const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
    std::string text;
    if (!file.is_open() || read_at(file.get(), 0, 256, text) != 0) return {};
    const std::size_t newline = text.find('\n');
    if (newline != std::string::npos) text.resize(newline);
    return text;
}

template <typename Number>
bool read_digits(std::string_view text, std::size_t at, std::size_t count, Number& number) {
    const char* begin = text.data() + at;
    const std::from_chars_result read = std::from_chars(begin, begin + count, number);
    return read.ec == std::errc() && read.ptr == begin + count;
}

} // namespace

std::string format_time(Time time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
        static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<Time> parse_time(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00.000000Z";
    if (text.size() != form.size()) return {};
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == '0' ? !digit : text[i] != form[i]) return {};
    }
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int micro = 0;
    if (!read_digits(text, 0, 4, year) || !read_digits(text, 5, 2, month) ||
        !read_digits(text, 8, 2, day) || !read_digits(text, 11, 2, hour) ||
        !read_digits(text, 14, 2, minute) || !read_digits(text, 17, 2, second) ||
        !read_digits(text, 20, 6, micro))
        return {};
    using namespace std::chrono;
    const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                              std::chrono::day(day)};
    if (!date.ok()) return {};
    return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + microseconds(micro);
}

Time now() { return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now()); }

std::string machine_id() {
    const std::string id = first_line("/etc/machine-id");
    return id == "uninitialized" ? std::string() : id;
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    std::string safe(name.data());
    for (char& c : safe) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-';
        if (!plain) c = '_';
    }
    return safe;
}

std::string random_id() {
    std::array<unsigned char, 16> bytes{};
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t count = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
        if (count > 0) have += static_cast<std::size_t>(count);
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::optional<std::string_view> json_member(std::string_view object, std::string_view name) {
    std::string key = "\"";
    key.append(name).append("\":");
    const std::size_t at = object.find(key);
    if (at == std::string_view::npos) return {};
    std::string_view rest = object.substr(at + key.size());
    if (rest.starts_with('"')) {
        rest.remove_prefix(1);
        const std::size_t end = rest.find('"');
        if (end == std::string_view::npos) return {};
        return rest.substr(0, end);
    }
    const std::size_t end = rest.find_first_of(",}");
    if (end == std::string_view::npos) return {};
    return rest.substr(0, end);
}

std::optional<std::uint64_t> json_number(std::string_view object, std::string_view name) {
    const std::optional<std::string_view> digits = json_member(object, name);
    if (!digits) return {};
    std::uint64_t number = 0;
    const char* end = digits->data() + digits->size();
    const std::from_chars_result read = std::from_chars(digits->data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return {};
    return number;
}

} // namespace loong::store_common
