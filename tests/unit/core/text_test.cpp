#include "loong/ids.hpp"
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace loong {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

Time at(int y, unsigned m, unsigned d, Microseconds clock) {
    return sys_days(year(y) / std::chrono::month(m) / std::chrono::day(d)) + clock;
}

TEST(Text, TimesAreWrittenWithMicrosecondsInUtc) {
    EXPECT_EQ(format_time(at(2026, 1, 2, 3h + 4min + 5s + 6us)), "2026-01-02T03:04:05.000006Z");
    EXPECT_EQ(format_time(Time{}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(format_time(Time(-1us)), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(at(2024, 2, 29, 23h + 59min + 59s)), "2024-02-29T23:59:59.000000Z");
    EXPECT_EQ(format_time(Time::max()), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(Time::min()), "0000-01-01T00:00:00.000000Z");
}

TEST(Text, TimesAreReadBack) {
    const std::vector<std::pair<std::string, Time>> cases = {
        {"2026-01-02T03:04:05.000006Z", at(2026, 1, 2, 3h + 4min + 5s + 6us)},
        {"2026-01-02t03:04:05z", at(2026, 1, 2, 3h + 4min + 5s)},
        {"2026-01-02 03:04:05Z", at(2026, 1, 2, 3h + 4min + 5s)},
        {"2026-01-02T03:04:05.5Z", at(2026, 1, 2, 3h + 4min + 5s + 500ms)},
        {"2026-01-02T03:04:05.123456789Z", at(2026, 1, 2, 3h + 4min + 5s + 123456us)},
        {"2026-01-02T03:04:05+02:00", at(2026, 1, 2, 1h + 4min + 5s)},
        {"2026-01-01T23:34:05-04:30", at(2026, 1, 2, 4h + 4min + 5s)},
        {"2016-12-31T23:59:60Z", at(2017, 1, 1, 0s)},
        {"9999-12-31T23:59:59.999999Z", at(9999, 12, 31, 24h - 1us)},
    };
    for (const auto& [text, time] : cases) EXPECT_EQ(parse_time(text), time) << text;
    for (const auto& [text, time] : cases) EXPECT_EQ(parse_time(format_time(time)), time) << text;
}

TEST(Text, WhatIsNoTimeIsRefused) {
    for (const char* text : {"",
                             "2026",
                             "2026-01-02",
                             "2026-01-02T03:04Z",
                             "2026-01-02T03:04:05",
                             "2026-02-29T00:00:00Z",
                             "2026-13-01T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-01-32T00:00:00Z",
                             "2026-01-02T24:00:00Z",
                             "2026-01-02T03:60:00Z",
                             "2026-01-02T03:04:61Z",
                             "2026-01-02T03:04:05.Z",
                             "2026-01-02T03:04:05Z ",
                             "2026-01-02T03:04:05+0200",
                             "2026-01-02T03:04:05+24:00",
                             "2026-01-02T03:04:05+02:60",
                             "+026-01-02T03:04:05Z",
                             "26-01-02T03:04:05Z",
                             "now"}) {
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    }
}

TEST(Text, DurationsAreRead) {
    const std::vector<std::pair<std::string, Seconds>> cases = {
        {"0", 0s},        {"90", 90s},         {"30s", 30s},           {"10m", 10min},
        {"1h30m", 90min}, {"2d", 48h},         {"1d1h1m1s", 90061s},   {"1d1s", 86401s},
        {"007s", 7s},     {"36525d", 876600h}, {"3155760000", 876600h}};
    for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_duration(text), seconds) << text;
}

TEST(Text, WhatIsNoDurationIsRefused) {
    for (const char* text : {"",
                             "s",
                             "-1",
                             "-1s",
                             "+1s",
                             "1.5h",
                             "1m1h",
                             "1s1s",
                             "1h30",
                             "10 m",
                             " 10m",
                             "10m ",
                             "10M",
                             "1w",
                             "10ms",
                             "forever",
                             "36526d",
                             "36525d1s",
                             "99999999999999999999",
                             "18446744073709551616s",
                             "9223372036854775807d"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(Text, DurationsAreWrittenForPeople) {
    const std::vector<std::pair<Microseconds, std::string>> cases = {
        {0us, "0 s"},
        {999us, "0 s"},
        {250ms, "250 ms"},
        {999'999us, "999 ms"},
        {1s, "1 s"},
        {45'900ms, "45 s"},
        {60s, "1 min"},
        {200s, "3 min 20 s"},
        {2h, "2 h"},
        {2h + 5min + 9s, "2 h 5 min"},
        {2h + 9s, "2 h"},
        {76h + 59min, "3 d 4 h"},
        {24h, "1 d"},
        {-5s, "0 s"},
        {Microseconds::max(), "106751991 d 4 h"}};
    for (const auto& [duration, text] : cases) EXPECT_EQ(format_duration(duration), text);
}

TEST(Text, SizesAreRead) {
    const std::vector<std::pair<std::string, std::uint64_t>> cases = {
        {"0", 0},
        {"1024", 1024},
        {"12B", 12},
        {"10KiB", 10240},
        {"1GiB", std::uint64_t{1} << 30},
        {"5MB", 5'000'000},
        {"3kB", 3000},
        {"2TiB", std::uint64_t{1} << 41},
        {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()}};
    for (const auto& [text, size] : cases) EXPECT_EQ(parse_size(text), size) << text;
    for (const char* text : {"", "B", "-1", "1.5GiB", "1 GiB", "1gib", "1G", "1GiBs", "KiB",
                             "18446744073709551616", "18014398509481984KiB"}) {
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
    }
}

const std::vector<std::pair<std::string, std::string>> quoted_words = {
    {"", "''"},
    {"plain-word_1.2", "plain-word_1.2"},
    {"a/b:c@d%e+f,g", "a/b:c@d%e+f,g"},
    {"--label=x", "--label=x"},
    {"KEY=value", "'KEY=value'"},
    {"two words", "'two words'"},
    {"it's", R"('it'\''s')"},
    {"'", R"(''\''')"},
    {"$HOME `id` \"x\" \\ !", R"('$HOME `id` "x" \ !')"},
    {"~root", "'~root'"},
    {"a*b?[c]{d}", "'a*b?[c]{d}'"},
    {"line\nbreak", "'line\nbreak'"},
    {"#no comment", "'#no comment'"},
    {"größe", "'größe'"},
    {"\xff", "'\xff'"},
};

TEST(Text, WordsAreQuotedForAShell) {
    for (const auto& [word, quoted] : quoted_words) EXPECT_EQ(shell_quote(word), quoted);
}

TEST(Text, AShellReadsQuotedWordsBack) {
    std::string command = "printf '%s\\0'";
    std::string expected;
    for (const auto& [word, quoted] : quoted_words) {
        command += ' ' + shell_quote(word);
        expected += word + '\0';
    }
    // popen runs sh -c, which is the shell that is meant.
    std::FILE* const pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> buffer{};
    const std::size_t length = std::fread(buffer.data(), 1, buffer.size(), pipe);
    EXPECT_EQ(pclose(pipe), 0);
    EXPECT_EQ(std::string(buffer.data(), length), expected);
}

TEST(Text, WhatATerminalWouldObeyIsEscaped) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", ""},
        {"plain text, ünïcödé 漢字 🐉", "plain text, ünïcödé 漢字 🐉"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"},
        {"\x1b]52;c;QQ==\x07", "\\x1b]52;c;QQ==\\x07"},
        {std::string("\0\x01\x1f", 3), "\\x00\\x01\\x1f"},
        {"\x7f", "\\x7f"},
        {"\u0080\u009b31m\u009f", "\\u0080\\u009b31m\\u009f"},
        {"\u00a0", "\u00a0"},
        {"\x9b", "\\x9b"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xc0\x80", "\\xc0\\x80"},
        {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},
        {"\xf0\x80\x80\x8a", "\\xf0\\x80\\x80\\x8a"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xe2\x1b[0m", "\\xe2\\x1b[0m"},
        {"\u202a\u202b\u202c\u202d\u202e", "\\u202a\\u202b\\u202c\\u202d\\u202e"},
        {"\u2066\u2067\u2068\u2069", "\\u2066\\u2067\\u2068\\u2069"},
        {"\u200e\u200f\u061c", "\\u200e\\u200f\\u061c"},
        {"\u200d", "\u200d"},
        {"\u2028\u2029", "\\u2028\\u2029"},
    };
    for (const auto& [text, shown] : cases) EXPECT_EQ(escape_controls(text), shown);
}

TEST(Text, EscapingLeavesNoControlCharacterWhateverTheBytes) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const std::string bytes{static_cast<char>(first), static_cast<char>(second)};
            const std::string shown = escape_controls(bytes);
            ASSERT_TRUE(is_utf8(shown)) << first << ' ' << second;
            ASSERT_EQ(escape_controls(shown), shown) << first << ' ' << second;
            for (const char c : shown) ASSERT_FALSE((c >= 0 && c < 0x20) || c == 0x7f);
        }
    }
}

TEST(Text, Utf8IsToldFromOtherBytes) {
    for (const char* text :
         {"", "abc", "ü", "漢", "🐉", "\x7f", "\u0080", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_utf8(text)) << text;
    }
    for (const char* text :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xbf\xbf",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "ok\xff"}) {
        EXPECT_FALSE(is_utf8(text)) << escape_controls(text);
    }
}

TEST(Text, LongTextIsCutAtACharacter) {
    const std::vector<std::tuple<std::string, std::size_t, std::string>> cases = {
        {"short", 5, "short"}, {"longer", 5, "lo…"}, {"longer", 3, "…"}, {"longer", 2, "lo"},
        {"longer", 0, ""},     {"üüüü", 7, "üü…"},   {"üüüü", 6, "ü…"},  {"üüüü", 8, "üüüü"},
        {"🐉🐉🐉", 10, "🐉…"},     {"🐉🐉", 5, "…"},       {"🐉", 2, ""},
    };
    for (const auto& [text, limit, cut] : cases) {
        EXPECT_EQ(shorten(text, limit), cut) << text << ' ' << limit;
        EXPECT_LE(shorten(text, limit).size(), limit);
    }
    EXPECT_LE(shorten(std::string(100, '\x80'), 50).size(), 50U);
}

TEST(Text, TheNearestWordIsFound) {
    const std::vector<std::string> words = {"workers",     "runtime",    "runtimes", "store",
                                            "environment", "delegation", "on"};
    const std::vector<std::pair<std::string, std::optional<std::string>>> cases = {
        {"wrokers", "workers"},
        {"worker", "workers"},
        {"Workers", "workers"},
        {"runtme", "runtime"},
        {"runtimess", "runtimes"},
        {"sotre", "store"},
        {"env", "environment"},
        {"no", "on"},
        {"zzz", std::nullopt},
        {"", std::nullopt},
        {"x", std::nullopt},
        {"completely-else", std::nullopt},
        {std::string(1'000'000, 'w'), std::nullopt}};
    for (const auto& [word, nearest] : cases) EXPECT_EQ(nearest_word(word, words), nearest);
}

TEST(Text, ASuggestionNamesOneWordOrAll) {
    EXPECT_EQ(suggest("sotre", {"store", "runtime"}), "did you mean 'store'?");
    EXPECT_EQ(suggest("xyz", {"store", "runtime"}), "one of: store, runtime");
    EXPECT_EQ(suggest("xyz", {}), "");
}

TEST(Text, UlidsAreWellFormedAndCarryTheTime) {
    const std::string first = new_ulid(Time{});
    EXPECT_TRUE(is_ulid(first)) << first;
    // Five bits a character: 2^40 is a one followed by eight characters of nought.
    const std::string later = new_ulid(Time(std::chrono::milliseconds(std::int64_t{1} << 40)));
    EXPECT_EQ(later.substr(0, 10), "0100000000") << later;
    EXPECT_LT(first, later);
}

TEST(Text, UlidsGrowAlsoWhenTheClockIsSetBack) {
    const Time start = std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
    std::string before = new_ulid(start);
    for (int i = 0; i < 10'000; ++i) {
        const std::string next = new_ulid(start - std::chrono::seconds(i % 100));
        ASSERT_LT(before, next);
        ASSERT_TRUE(is_ulid(next)) << next;
        before = next;
    }
    EXPECT_TRUE(is_ulid(new_ulid(Time::min())));
}

TEST(Text, UlidsOfThreadsAreUnique) {
    const Time now = std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
    std::array<std::vector<std::string>, 4> made;
    {
        std::vector<std::jthread> threads;
        for (auto& mine : made) {
            threads.emplace_back([&mine, now] {
                for (int i = 0; i < 1'000; ++i) mine.push_back(new_ulid(now));
            });
        }
    }
    std::set<std::string> all;
    for (const auto& mine : made) {
        EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
        all.insert(mine.begin(), mine.end());
    }
    EXPECT_EQ(all.size(), 4'000U);
}

TEST(Text, AForkedChildMakesOtherUlids) {
    const Time now = std::chrono::floor<Microseconds>(std::chrono::system_clock::now());
    static_cast<void>(new_ulid(now));
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const std::string ulid = new_ulid(now);
        const bool written =
            write(ends[1], ulid.data(), ulid.size()) == static_cast<ssize_t>(ulid.size());
        _exit(written ? 0 : 1);
    }
    close(ends[1]);
    std::string theirs(ulid_length, '\0');
    EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
    close(ends[0]);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_NE(new_ulid(now), theirs);
}

} // namespace
} // namespace loong
