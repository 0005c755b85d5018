/// Counting on the text of a ULID.

#include "neighbour_ids.hpp"
#include <loong/ids.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace loong::store_common {
namespace {

struct Pair {
    const char* task;
    const char* session;
};

TEST(NeighbourIdsTest, count_up_and_down_with_carry) {
    for (const auto& [task, session] : std::array<Pair, 8>{{
             {"00000000000000000000000000", "00000000000000000000000001"},
             {"01jgzz5k7m9q2w4x6y8a0b1c29", "01jgzz5k7m9q2w4x6y8a0b1c2a"},
             {"01jgzz5k7m9q2w4x6y8a0b1c2h", "01jgzz5k7m9q2w4x6y8a0b1c2j"},
             {"01jgzz5k7m9q2w4x6y8a0b1c2z", "01jgzz5k7m9q2w4x6y8a0b1c30"},
             {"01jgzz5k7m9q2w4x6y8a0bzzzz", "01jgzz5k7m9q2w4x6y8a0c0000"},
             {"01jgzz5k7mzzzzzzzzzzzzzzzz", "01jgzz5k7n0000000000000000"},
             {"0zzzzzzzzzzzzzzzzzzzzzzzzz", "10000000000000000000000000"},
             {"7zzzzzzzzzzzzzzzzzzzzzzzzy", "7zzzzzzzzzzzzzzzzzzzzzzzzz"},
         }}) {
        const std::string task_id = std::string(task_id_prefix) + task;
        const std::string session_id = std::string(child_session_id_prefix) + session;
        EXPECT_EQ(session_after(task_id), session_id);
        EXPECT_EQ(task_before(session_id), task_id);
    }
}

TEST(NeighbourIdsTest, the_last_has_none_after_it_and_the_first_none_before) {
    EXPECT_EQ(session_after("task-7zzzzzzzzzzzzzzzzzzzzzzzzz"), std::nullopt);
    EXPECT_EQ(task_before("session-00000000000000000000000000"), std::nullopt);
}

TEST(NeighbourIdsTest, what_is_no_id_has_no_neighbour) {
    for (const char* text : {
             "",
             "task-",
             "session-",
             "01jgzz5k7m9q2w4x6y8a0b1c29",
             "default",
             "task-01jgzz5k7m9q2w4x6y8a0b1c2",
             "task-01jgzz5k7m9q2w4x6y8a0b1c299",
             "task-01JGZZ5K7M9Q2W4X6Y8A0B1C29",
             "task-01jgzz5k7m9q2w4x6y8a0b1c2u",
             "task-81jgzz5k7m9q2w4x6y8a0b1c29",
             "session-01jgzz5k7m9q2w4x6y8a0b1c2",
             "session-01jgzz5k7m9q2w4x6y8a0b1c2i",
             "session-81jgzz5k7m9q2w4x6y8a0b1c29",
         }) {
        EXPECT_EQ(session_after(text), std::nullopt) << text;
        EXPECT_EQ(task_before(text), std::nullopt) << text;
    }
    EXPECT_EQ(session_after("session-01jgzz5k7m9q2w4x6y8a0b1c29"), std::nullopt);
    EXPECT_EQ(task_before("task-01jgzz5k7m9q2w4x6y8a0b1c29"), std::nullopt);
}

} // namespace
} // namespace loong::store_common
