#include "lines.hpp"

#include <gtest/gtest.h>

namespace loong::acp {
namespace {

TEST(LinesTest, come_in_pieces) {
    Lines lines;
    lines.add("on");
    EXPECT_FALSE(lines.next());
    lines.add("e\r\n\ntwo\nth");
    EXPECT_EQ(lines.next(), "one");
    EXPECT_EQ(lines.next(), "");
    EXPECT_EQ(lines.next(), "two");
    EXPECT_FALSE(lines.next());
    lines.add("ree\n");
    EXPECT_EQ(lines.next(), "three");
}

TEST(LinesTest, one_that_never_ends_is_dropped_and_the_next_is_there) {
    Lines lines(10);
    std::string given;
    for (int i = 0; i < 5; ++i) {
        lines.add("0123456789");
        while (auto line = lines.next()) {
            EXPECT_TRUE(lines.overlong());
            given += *line + "|";
        }
    }
    EXPECT_EQ(given, "0123456789|");
    lines.add("rest\nnext\n");
    EXPECT_EQ(lines.next(), "next");
    EXPECT_FALSE(lines.overlong());
}

TEST(LinesTest, many_in_one_burst) {
    Lines lines;
    std::string burst;
    for (int i = 0; i < 10'000; ++i) burst += std::to_string(i) + "\n";
    lines.add(burst);
    int count = 0;
    while (auto line = lines.next()) EXPECT_EQ(*line, std::to_string(count++));
    EXPECT_EQ(count, 10'000);
}

} // namespace
} // namespace loong::acp
