#include "text.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <sys/random.h>
#include <unistd.h>

namespace loong {

namespace {

constexpr std::uint64_t largest_time = (std::uint64_t{1} << 48) - 1;

/// 128 bits: 48 of time in milliseconds, 80 of randomness.
struct Ulid {
    std::uint64_t time = 0;
    std::uint16_t random_high = 0;
    std::uint64_t random_low = 0;
};

/// Weak numbers, for a system that gives no better ones: the ids stay unlikely to meet.
std::uint64_t number_of_clock_and_process() {
    static std::uint64_t seed = 0;
    const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
    seed += 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(ticks) +
            (static_cast<std::uint64_t>(getpid()) << 32);
    std::uint64_t mixed = seed;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31);
}

std::uint64_t random_number() {
    std::uint64_t number = 0;
    ssize_t got = 0;
    // So few bytes come all at once or not at all.
    do {
        got = getrandom(&number, sizeof number, 0);
    } while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(sizeof number) ? number : number_of_clock_and_process();
}

void increment(Ulid& ulid) {
    if (++ulid.random_low != 0) return;
    if (++ulid.random_high != 0) return;
    ulid.time = std::min(ulid.time + 1, largest_time);
}

std::string encode(const Ulid& ulid) {
    constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::string text(26, '0');
    std::uint64_t time = ulid.time;
    for (std::size_t i = 10; i-- > 0; time >>= 5) text[i] = alphabet[time & 31U];
    std::uint64_t low = ulid.random_low;
    std::uint64_t high = ulid.random_high;
    for (std::size_t i = 26; i-- > 10;) {
        text[i] = alphabet[low & 31U];
        low = (low >> 5) | (high << 59);
        high >>= 5;
    }
    return text;
}

} // namespace

std::string new_ulid(Time now) {
    static std::mutex mutex;
    static Ulid last;
    static pid_t process = 0;
    const std::lock_guard lock(mutex);
    const auto since_epoch = std::chrono::floor<Milliseconds>(now).time_since_epoch().count();
    const std::uint64_t time =
        std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(since_epoch, 0)), largest_time);
    // A forked child must not go on where its parent goes on too.
    const bool forked = process != getpid();
    if (forked || time > last.time) {
        process = getpid();
        last.time = std::max(time, last.time);
        last.random_low = random_number();
        last.random_high = static_cast<std::uint16_t>(random_number());
    } else {
        increment(last);
    }
    return encode(last);
}

} // namespace loong
