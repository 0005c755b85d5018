#include "command_line.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using Words = std::vector<std::string>;

CommandLine split(const Words& words) { return split_command_line(words, {"worker"}); }

TEST(CommandLine, NounVerbAndTheRest) {
    const CommandLine line = split({"tasks", "create", "--after", "T", "make"});
    EXPECT_EQ(line.noun, "tasks");
    EXPECT_EQ(line.verb, "create");
    EXPECT_EQ(line.words, (Words{"--after", "T", "make"}));
    EXPECT_FALSE(line.behind);
}

TEST(CommandLine, EverythingBehindTheFirstDashesIsTaken) {
    const CommandLine line = split({"tasks", "create", "--", "make", "--json", "--", "-j4"});
    EXPECT_EQ(line.behind, (Words{"make", "--json", "--", "-j4"}));
    EXPECT_TRUE(line.words.empty());
    EXPECT_FALSE(line.json);
}

TEST(CommandLine, OptionsWithValuesBeforeTheNoun) {
    const CommandLine line = split({"--config", "tasks", "--session", "list", "tasks", "status"});
    EXPECT_EQ(line.noun, "tasks");
    EXPECT_EQ(line.verb, "status");
    EXPECT_EQ(line.words, (Words{"--config", "tasks", "--session", "list"}));
}

TEST(CommandLine, JsonIsSeenAnywhereBeforeTheDashes) {
    EXPECT_TRUE(split({"tasks", "--json", "lst"}).json);
    EXPECT_TRUE(split({"tasks", "list", "--bogus", "--json"}).json);
}

TEST(CommandLine, HelpIsNoWordForTheVerb) {
    const CommandLine line = split({"tasks", "create", "-h"});
    EXPECT_TRUE(line.help);
    EXPECT_TRUE(line.words.empty());
}

TEST(CommandLine, ANounThatIsAVerbTakesNoSecondWord) {
    const CommandLine line = split({"worker", "stray"});
    EXPECT_EQ(line.verb, "");
    EXPECT_EQ(line.words, Words{"stray"});
}

} // namespace
} // namespace loong::cli
