#include "task_clock.hpp"

#include "descriptor.hpp"
#include "json.hpp"
#include "loong/value.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <limits>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

// The wall clock is kept right by running it a little faster or slower; that is no setting of it.
constexpr Microseconds unnoticed_skew = std::chrono::milliseconds(10);

// So much of the past the clock may show again where the machine's own clock is wrong after a start.
constexpr Microseconds shown_precision = std::chrono::minutes(1);

constexpr Microseconds no_anchor{std::numeric_limits<std::int64_t>::min()};

/// Microseconds of the task clock at the monotonic clock's zero.
std::atomic<Microseconds> process_anchor{no_anchor};

Microseconds monotonic_now() {
    return std::chrono::duration_cast<Microseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
}

std::string read_small(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY));
    std::array<char, 512> buffer{};
    if (!file) return {};
    ssize_t count = 0;
    do {
        count = ::read(file.get(), buffer.data(), buffer.size());
    } while (count < 0 && errno == EINTR);
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

/// Whole or not at all. Never synced: what a loss of power takes belongs to a boot that is over.
void replace_small(const std::string& path, const std::string& text) {
    const std::string fresh = path + "." + std::to_string(::getpid());
    const Descriptor file(::open(
        fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600));
    if (!file) return;
    ssize_t count = 0;
    do {
        count = ::write(file.get(), text.data(), text.size());
    } while (count < 0 && errno == EINTR);
    const bool whole = count == static_cast<ssize_t>(text.size());
    if (!whole || ::rename(fresh.c_str(), path.c_str()) != 0) ::unlink(fresh.c_str());
}

Time steady_time(Microseconds anchor) { return Time(anchor + monotonic_now()); }

} // namespace

SystemClocks system_clocks() {
    std::string boot_id = read_small("/proc/sys/kernel/random/boot_id");
    boot_id.erase(std::find(boot_id.begin(), boot_id.end(), '\n'), boot_id.end());
    return {std::move(boot_id), wall_now(), monotonic_now()};
}

ClockAnchor anchor_for(const std::optional<ClockAnchor>& kept, const SystemClocks& clocks) {
    ClockAnchor anchor;
    anchor.boot_id = clocks.boot_id;
    if (kept && kept->boot_id == clocks.boot_id) {
        anchor.zero = kept->zero;
        anchor.shown = kept->shown;
        const Time shows = anchor.zero + clocks.monotonic;
        if (shows - anchor.shown >= shown_precision) anchor.shown = shows;
        return anchor;
    }
    anchor.shown = kept ? std::max(clocks.wall, kept->shown) : clocks.wall;
    anchor.zero = anchor.shown - clocks.monotonic;
    return anchor;
}

std::string write_anchor(const ClockAnchor& anchor) {
    Value value;
    value.set("boot_id", anchor.boot_id);
    value.set("zero_us", static_cast<std::int64_t>(anchor.zero.time_since_epoch().count()));
    value.set("shown_us", static_cast<std::int64_t>(anchor.shown.time_since_epoch().count()));
    std::string text;
    append_json(text, value);
    return text + "\n";
}

std::optional<ClockAnchor> read_anchor(std::string_view text) {
    const Result<Value> value = parse_json(text);
    if (!value) return std::nullopt;
    const Value* zero = value->find("zero_us");
    const Value* shown = value->find("shown_us");
    if (zero == nullptr || shown == nullptr) return std::nullopt;
    if (zero->as_integer() == nullptr || shown->as_integer() == nullptr) return std::nullopt;
    ClockAnchor anchor{value->string_or("boot_id", ""), Time(Microseconds(*zero->as_integer())),
                       Time(Microseconds(*shown->as_integer()))};
    // Times that could not be printed, let alone added to, are damage.
    const bool sane = parse_time(format_time(anchor.zero)) == anchor.zero &&
                      parse_time(format_time(anchor.shown)) == anchor.shown;
    return sane && !anchor.boot_id.empty() ? std::optional(std::move(anchor)) : std::nullopt;
}

void use_task_clock(const std::string& directory) {
    static std::once_flag once;
    std::call_once(once, [&] {
        const SystemClocks clocks = system_clocks();
        if (clocks.boot_id.empty()) return;
        const std::string path = directory + "/clock";
        const std::optional<ClockAnchor> kept = read_anchor(read_small(path));
        ClockAnchor anchor = anchor_for(kept, clocks);
        if (!kept || anchor != *kept) {
            replace_small(path, write_anchor(anchor));
            // Of several that started the clock at once the last one counts, for all of them.
            const std::optional<ClockAnchor> now_kept = read_anchor(read_small(path));
            if (!now_kept || now_kept->boot_id != clocks.boot_id) return;
            anchor = *now_kept;
        }
        process_anchor = anchor.zero.time_since_epoch();
    });
}

Time wall_now() {
    return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
}

Time now() {
    const Microseconds anchor = process_anchor;
    const Time wall = wall_now();
    if (anchor == no_anchor) return wall;
    const Time steady = steady_time(anchor);
    return std::chrono::abs(wall - steady) < unnoticed_skew ? wall : steady;
}

Microseconds clock_skew() {
    const Microseconds anchor = process_anchor;
    if (anchor == no_anchor) return Microseconds(0);
    const Microseconds skew = wall_now() - steady_time(anchor);
    return std::chrono::abs(skew) < unnoticed_skew ? Microseconds(0) : skew;
}

} // namespace loong
