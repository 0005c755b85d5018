#include "command_rules.hpp"

#include <gtest/gtest.h>

namespace loong::local {
namespace {

using Texts = std::vector<std::string>;

Step text(const std::string& script) {
    Step step;
    step.run = script;
    return step;
}

TEST(CommandRules, every_place_where_a_command_begins) {
    EXPECT_EQ(simple_commands("make -j4 && git push"), (Texts{"make -j4 ", "git push"}));
    EXPECT_EQ(simple_commands("a; b | c & d\ne"), (Texts{"a", "b ", "c ", "d", "e"}));
    EXPECT_EQ(simple_commands("echo $(git push) `git pull`"),
              (Texts{"echo $", "git push", "git pull"}));
    EXPECT_EQ(simple_commands("if true; then git push; fi"), (Texts{"true", "git push", "fi"}));
    EXPECT_EQ(simple_commands("A=1 B=2 git push"), Texts{"git push"});
    EXPECT_EQ(simple_commands("'git' pu\"sh\""), Texts{"git push"});
    EXPECT_EQ(simple_commands("g\\it push"), Texts{"git push"});
    EXPECT_EQ(simple_commands("  \n ; "), Texts());
}

TEST(CommandRules, the_strictest_command_decides) {
    const std::vector<ToolRule> rules{{"shell.exec", ToolDecision::allow, ""},
                                      {"shell.exec", ToolDecision::ask, "git push"},
                                      {"shell.exec", ToolDecision::deny, "rm"}};
    EXPECT_EQ(rule_about(rules, text("make")).decision, ToolDecision::allow);
    const CommandRuling asks = rule_about(rules, text("make && /usr/bin/git push origin"));
    EXPECT_EQ(asks.decision, ToolDecision::ask);
    EXPECT_EQ(asks.rule, "ask shell.exec:git push");
    EXPECT_EQ(rule_about(rules, text("git push; rm -rf x")).decision, ToolDecision::deny);
    Step step;
    step.run = Texts{"git", "push", "rm"};
    EXPECT_EQ(rule_about(rules, step).decision, ToolDecision::ask);
}

TEST(CommandRules, a_closed_list_lets_nothing_else_through) {
    const std::vector<ToolRule> rules{{"shell.exec", ToolDecision::deny, ""},
                                      {"shell.exec", ToolDecision::allow, "make"}};
    for (const char* allowed : {"make", "make test; make install", "FOO=1 make"}) {
        EXPECT_EQ(rule_about(rules, text(allowed)).decision, ToolDecision::allow) << allowed;
    }
    for (const char* denied : {"rm x", "make; rm x", "make $(rm x)", "make `rm x`", "make&rm x",
                               "make\nrm x", "{ rm x; }", "(rm x)", "make | sh", "maker"}) {
        EXPECT_EQ(rule_about(rules, text(denied)).decision, ToolDecision::deny) << denied;
    }
}

} // namespace
} // namespace loong::local
