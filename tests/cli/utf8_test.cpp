#include "table.hpp"
#include "utf8.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

TEST(Utf8, RefusesWhatIsNotUtf8) {
    for (const char* bytes :
         {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
        EXPECT_FALSE(first_character(bytes).valid);
        EXPECT_FALSE(first_character(bytes).unfinished);
        EXPECT_EQ(first_character(bytes).length, 1U);
    }
}

TEST(Utf8, KnowsWhatMayBecomeACharacter) {
    EXPECT_TRUE(first_character("\xe2\x82").unfinished);
    EXPECT_TRUE(first_character("\xe2\x82\xac").valid);
    EXPECT_EQ(first_character("\xe2\x82\xac").code, U'\u20ac');
}

TEST(Utf8, WidthsOfWideAndCombiningCharacters) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("\u4e2d\u6587"), 4U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
}

TEST(Utf8, FitKeepsWithinTheWidth) {
    EXPECT_EQ(fit("abcdef", 6), "abcdef");
    EXPECT_EQ(fit("abcdefg", 6), "abcde…");
    EXPECT_EQ(fit("\u4e2d\u6587\u5b57", 4), "\u4e2d…");
}

} // namespace
} // namespace loong::cli
