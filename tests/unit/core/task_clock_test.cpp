#include "support/temporary_directory.hpp"
#include "support/test_ids.hpp"
#include "task_clock.hpp"

#include <gtest/gtest.h>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::test_time;

TEST(TaskClock, BeginsWithTheWallClock) {
    const ClockAnchor anchor = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    EXPECT_EQ(anchor.zero + 40s, test_time(100));
    EXPECT_EQ(anchor.boot_id, "boot-1");
}

TEST(TaskClock, GoesOnSteadilyWhateverTheWallClockShows) {
    const ClockAnchor first = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    for (const Time wall : {test_time(0), test_time(110), test_time(100'000)}) {
        EXPECT_EQ(anchor_for(first, {"boot-1", wall, 50s}), first);
    }
}

TEST(TaskClock, RemembersWhatItHasShownToAMinute) {
    const ClockAnchor first = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    EXPECT_EQ(anchor_for(first, {"boot-1", test_time(0), 40s + 59s}).shown, test_time(100));
    const ClockAnchor later = anchor_for(first, {"boot-1", test_time(0), 40s + 75s});
    EXPECT_EQ(later.shown, test_time(175));
    EXPECT_EQ(later.zero, first.zero);
}

TEST(TaskClock, AfterAStartOfTheMachineItTakesTheWallClockAgain) {
    const ClockAnchor first = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    const ClockAnchor second = anchor_for(first, {"boot-2", test_time(5'000), 7s});
    EXPECT_EQ(second.zero + 7s, test_time(5'000));
    EXPECT_EQ(second.boot_id, "boot-2");
}

TEST(TaskClock, AWrongClockAfterAStartOfTheMachineDoesNotTurnItBack) {
    const ClockAnchor first = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    const ClockAnchor second = anchor_for(first, {"boot-2", Time{}, 7s});
    EXPECT_EQ(second.zero + 7s, test_time(100));
}

TEST(TaskClock, AnAnchorIsTheSameAfterReadingItBack) {
    const ClockAnchor anchor = anchor_for(std::nullopt, {"boot-1", test_time(100), 40s});
    const std::string text = write_anchor(anchor);
    EXPECT_EQ(read_anchor(text), anchor);
    for (std::size_t length = 0; length + 2 < text.size(); ++length) {
        EXPECT_EQ(read_anchor(text.substr(0, length)), std::nullopt) << length;
    }
}

TEST(TaskClock, DamageIsNoAnchor) {
    for (const char* text :
         {"", "{}", "[]", "null", R"({"boot_id":"b","zero_us":"1","shown_us":1})",
          R"({"boot_id":"","zero_us":1,"shown_us":1})", R"({"boot_id":"b","zero_us":1})",
          R"({"boot_id":"b","zero_us":9223372036854775807,"shown_us":1})",
          R"({"boot_id":"b","zero_us":1,"shown_us":-9223372036854775808})"}) {
        EXPECT_EQ(read_anchor(text), std::nullopt) << text;
    }
}

TEST(TaskClock, ADirectoryThatIsNotThereLeavesTheWallClock) {
    const test::TemporaryDirectory place;
    use_task_clock(place.path() + "/missing");
    EXPECT_EQ(clock_skew(), 0s);
    EXPECT_LT(std::chrono::abs(wall_now() - now()), 1s);
}

} // namespace
} // namespace loong
