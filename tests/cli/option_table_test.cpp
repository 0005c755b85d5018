#include "option_table.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using Words = std::vector<std::string>;

class OptionTableTest : public testing::Test {
protected:
    OptionTableTest() {
        table_.positionals("TEXT", 1);
        table_.values("--after", "TASK", after_, "");
        table_.value("--priority", "N", priority_, "");
        table_.flag("--hold", hold_, "");
        table_.flag("-q,--quiet", quiet_, "");
    }

    OptionTable table_{"loong test", "tests"};
    Words after_;
    std::optional<std::string> priority_;
    bool hold_ = false;
    bool quiet_ = false;
};

TEST_F(OptionTableTest, ARepeatedOptionTakesOneWordEachTime) {
    const auto words = table_.parse({"--after", "A", "make", "--after=B", "--hold"});
    ASSERT_TRUE(words);
    EXPECT_EQ(*words, Words{"make"});
    EXPECT_EQ(after_, (Words{"A", "B"}));
    EXPECT_TRUE(hold_);
    EXPECT_FALSE(quiet_);
}

TEST_F(OptionTableTest, ValuesMayLookLikeOptions) {
    ASSERT_TRUE(table_.parse({"--priority", "-5", "-q"}));
    EXPECT_EQ(priority_, "-5");
    EXPECT_TRUE(quiet_);
}

TEST_F(OptionTableTest, ASingleDashIsAWord) {
    const auto words = table_.parse({"-"});
    ASSERT_TRUE(words);
    EXPECT_EQ(*words, Words{"-"});
}

TEST_F(OptionTableTest, AnUnknownOptionGetsTheNearestName) {
    const auto words = table_.parse({"--prioirty", "4"});
    ASSERT_FALSE(words);
    EXPECT_EQ(words.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(words.error().message, "unknown option '--prioirty'");
    EXPECT_EQ(words.error().hint, "did you mean '--priority'?");
}

TEST_F(OptionTableTest, AMissingValueAndARepeatedOneAreErrors) {
    const auto missing = table_.parse({"--priority"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message, "option --priority: a value is missing");
    const auto twice = table_.parse({"--priority", "1", "--priority", "2"});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().message, "option --priority: given 2 times");
}

TEST_F(OptionTableTest, WordsBeyondTheLimitAreErrors) {
    EXPECT_TRUE(table_.check_positionals({"one"}));
    const auto checked = table_.check_positionals({"one", "two"});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().message, "unexpected argument 'two'");
}

} // namespace
} // namespace loong::cli
