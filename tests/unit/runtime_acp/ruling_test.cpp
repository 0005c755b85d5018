#include "ruling.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace loong::acp {
namespace {

using What = Ruling::What;

ToolCall call_of(const char* text) {
    ToolCall call;
    overlay(call, json::parse(text));
    return call;
}

What what(const std::vector<ToolRule>& rules, const char* text) {
    return rule_about(rules, call_of(text), "/work").what;
}

const std::vector<ToolRule> git_only{{"shell.exec", ToolDecision::deny, ""},
                                     {"shell.exec", ToolDecision::allow, "git"},
                                     {"shell.exec", ToolDecision::ask, "git push"}};

TEST(RulingTest, without_a_rule_it_is_asked) {
    EXPECT_EQ(what({}, R"({"kind":"execute","rawInput":{"command":"ls"}})"), What::ask);
    EXPECT_EQ(what(git_only, R"({"kind":"edit"})"), What::ask);
    EXPECT_EQ(what(git_only, R"({"kind":"think"})"), What::ask);
    EXPECT_EQ(what(git_only, "{}"), What::ask);
}

TEST(RulingTest, the_strictest_part_of_a_command_decides) {
    const auto command = [](const std::string& text) {
        return what(git_only,
                    (R"({"kind":"execute","rawInput":{"command":")" + text + "\"}}").c_str());
    };
    EXPECT_EQ(command("git status"), What::allow);
    EXPECT_EQ(command("/usr/bin/git log | git grep x"), What::allow);
    EXPECT_EQ(command("git status && git push"), What::ask);
    EXPECT_EQ(command("git status; rm -rf /"), What::deny);
    EXPECT_EQ(command("git log $(curl x)"), What::deny);
}

TEST(RulingTest, a_command_that_is_not_told_is_not_allowed) {
    EXPECT_EQ(what(git_only, R"({"kind":"execute","title":"git status"})"), What::deny);
    const std::vector<ToolRule> rules{{"shell.exec", ToolDecision::allow, ""},
                                      {"shell.exec", ToolDecision::deny, "rm"}};
    EXPECT_EQ(what(rules, R"({"kind":"execute","title":"rm x"})"), What::ask);
}

TEST(RulingTest, as_words) {
    EXPECT_EQ(what(git_only, R"({"kind":"execute","rawInput":{"command":["git","push"]}})"),
              What::ask);
}

TEST(RulingTest, files_by_all_that_is_named) {
    const std::vector<ToolRule> rules{{"fs.write", ToolDecision::deny, ""},
                                      {"fs.write", ToolDecision::allow, "/work"}};
    EXPECT_EQ(what(rules, R"({"kind":"edit","locations":[{"path":"/work/a"}]})"), What::allow);
    EXPECT_EQ(what(rules, R"({"kind":"edit","locations":[{"path":"a/b"}]})"), What::allow);
    EXPECT_EQ(what(rules, R"({"kind":"edit","locations":[{"path":"/work/../etc/a"}]})"),
              What::deny);
    EXPECT_EQ(what(rules, R"({"kind":"move","locations":[{"path":"/work/a"},{"path":"/etc/a"}]})"),
              What::deny);
    EXPECT_EQ(what(rules, R"({"kind":"edit","locations":[{"path":"/work/a"}],
                              "content":[{"type":"diff","path":"/etc/a","newText":""}]})"),
              What::deny);
    EXPECT_EQ(what(rules, R"({"kind":"read","locations":[{"path":"/etc/a"}]})"), What::ask);
}

TEST(RulingTest, later_words_of_a_call_are_laid_over_earlier_ones) {
    ToolCall call = call_of(R"({"toolCallId":"c","title":"A","kind":"edit","status":"pending"})");
    overlay(call, json::parse(R"({"toolCallId":"c","status":"completed","title":null})"));
    EXPECT_EQ(call.title, "A");
    EXPECT_EQ(call.status, "completed");
}

} // namespace
} // namespace loong::acp
