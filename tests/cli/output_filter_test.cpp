#include "output_filter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace loong::cli {
namespace {

std::string filtered(const std::string& text) {
    OutputFilter filter;
    const std::string shown = filter.pass(text);
    return shown + filter.finish();
}

TEST(OutputFilter, TextNewlinesAndTabsPass) {
    EXPECT_EQ(filtered("a\tb\n\xc3\xa9\n"), "a\tb\n\xc3\xa9\n");
}

TEST(OutputFilter, ColoursPassAndAreEnded) {
    EXPECT_EQ(filtered("\x1b[1;31mred"), "\x1b[1;31mred\x1b[0m");
    EXPECT_EQ(filtered("\x1b[38:2:1:2:3mx\x1b[m"), "\x1b[38:2:1:2:3mx\x1b[m\x1b[0m");
}

TEST(OutputFilter, EverythingElseIsShown) {
    EXPECT_EQ(filtered("\x1b[2J"), "\\x1b[2J");
    EXPECT_EQ(filtered("\x1b]0;title\a"), "\\x1b]0;title\\x07");
    EXPECT_EQ(filtered("\x1b[?25l"), "\\x1b[?25l");
    EXPECT_EQ(filtered("a\rb"), "a\\rb");
    EXPECT_EQ(filtered("\x1b"), "\\x1b");
}

TEST(OutputFilter, AVeryLongSequenceIsNoColour) {
    const std::string text = "\x1b[" + std::string(200, '1') + "m";
    EXPECT_EQ(filtered(text), "\\x1b[" + std::string(200, '1') + "m");
}

// However the bytes are divided, the same is shown.
TEST(OutputFilter, AnyDivisionShowsTheSame) {
    const std::string text = "a\x1b[31mb\xc3\xa9\xe2\x82\xac\x1b[2K\r\n\xff\xe2\x82z\x1b[0m\x1b";
    const std::string expected = filtered(text);
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            OutputFilter filter;
            std::string shown = filter.pass(text.substr(0, first));
            shown += filter.pass(text.substr(first, second - first));
            shown += filter.pass(text.substr(second));
            shown += filter.finish();
            EXPECT_EQ(shown, expected) << first << " " << second;
        }
    }
}

} // namespace
} // namespace loong::cli
