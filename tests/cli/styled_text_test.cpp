#include "styled_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using testing::ElementsAre;

TEST(StyledText, IsTakenApartWithTheStyleOfEachPiece) {
    const auto pieces = styled_pieces("a\x1b[1;31mb\x1b[0mc\x1b[2;7md\x1b[94;42me");
    ASSERT_EQ(pieces.size(), 5U);
    EXPECT_EQ(pieces[0].text, "a");
    EXPECT_EQ(pieces[0].style, TextStyle());
    EXPECT_EQ(pieces[1].text, "b");
    EXPECT_TRUE(pieces[1].style.strong);
    EXPECT_EQ(pieces[1].style.foreground, 1);
    EXPECT_EQ(pieces[2].style, TextStyle());
    EXPECT_TRUE(pieces[3].style.faint);
    EXPECT_TRUE(pieces[3].style.reversed);
    EXPECT_EQ(pieces[4].style.foreground, 12);
    EXPECT_EQ(pieces[4].style.background, 2);
}

TEST(StyledText, ColoursBeyondTheSixteenAreLeftOut) {
    for (const char* line : {"\x1b[38;5;196mx", "\x1b[38;2;1;31;1mx", "\x1b[48:5:1mx"}) {
        const auto pieces = styled_pieces(line);
        ASSERT_EQ(pieces.size(), 1U) << line;
        EXPECT_EQ(pieces[0].text, "x");
        EXPECT_EQ(pieces[0].style, TextStyle());
    }
}

TEST(StyledText, OtherEscapesArePartOfTheText) {
    const auto pieces = styled_pieces("a\x1b[2Jb");
    ASSERT_EQ(pieces.size(), 2U);
    EXPECT_EQ(pieces[1].text, "\x1b[2Jb");
    EXPECT_EQ(styled_width("\x1b[31mab\x1b[m"), 2U);
}

TEST(StyledText, BreaksBehindABlankOrInTheMiddleOfALongWord) {
    EXPECT_THAT(wrap_styled("", 5), ElementsAre(""));
    EXPECT_THAT(wrap_styled("abcd", 4), ElementsAre("abcd"));
    EXPECT_THAT(wrap_styled("abc def ghi", 8), ElementsAre("abc def", "ghi"));
    EXPECT_THAT(wrap_styled("abcdefghij", 4), ElementsAre("abcd", "efgh", "ij"));
    EXPECT_THAT(wrap_styled("a bcdefghijkl", 8), ElementsAre("a bcdefg", "hijkl"));
    EXPECT_THAT(wrap_styled("abc", 1), ElementsAre("a", "b", "c"));
    EXPECT_THAT(wrap_styled("日本語", 4), ElementsAre("日本", "語"));
    EXPECT_THAT(wrap_styled("日本", 1), ElementsAre("日", "本"));
    EXPECT_THAT(wrap_styled("a\tb", 20), ElementsAre("a       b"));
}

TEST(StyledText, ALineThatIsBrokenKeepsItsColours) {
    EXPECT_THAT(wrap_styled("\x1b[31mabcdef\x1b[0mg", 4),
                ElementsAre("\x1b[31mabcd", "\x1b[31mef\x1b[0mg"));
    EXPECT_THAT(wrap_styled("\x1b[31mab cd\x1b[0m", 4),
                ElementsAre("\x1b[31mab", "\x1b[31mcd\x1b[0m"));
}

TEST(StyledText, IsCutWithoutItsSequencesCounting) {
    EXPECT_EQ(cut_styled("\x1b[31mabc\x1b[0m", 2), "\x1b[31mab");
    EXPECT_EQ(cut_styled("日本", 3), "日");
    EXPECT_EQ(cut_styled("abc", 0), "");
}

} // namespace
} // namespace loong::cli
