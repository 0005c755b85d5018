/// What an agent asks for, and what it hears.

#include "fixture.hpp"

namespace loong::acp {
namespace {

using Kind = OutcomeKind;

class PermissionTest : public AcpTest {
protected:
    std::vector<std::string> question_keys() {
        std::vector<std::string> keys;
        for (const NewRequest& one : context.requests()) keys.push_back(one.key);
        return keys;
    }
    void rule(const std::string& tool, ToolDecision decision, const std::string& prefix = {}) {
        spec().tool_policy.rules.push_back({tool, decision, prefix});
    }
};

TEST_F(PermissionTest, allowed_once_and_never_for_good_by_itself) {
    answer(RequestState::allowed);
    const Outcome outcome = run("ask");
    EXPECT_EQ(outcome.kind, Kind::completed) << outcome.message;
    EXPECT_EQ(outcome.result, "chose yes");
    ASSERT_EQ(context.requests().size(), 1U);
    const NewRequest asked = context.requests().front();
    EXPECT_EQ(asked.kind, RequestKind::approval);
    EXPECT_EQ(asked.question, "Allow this? Run: make test");
    EXPECT_EQ(asked.tool, "shell.exec");
    EXPECT_NE(asked.detail.find("command: make test"), std::string::npos);
    ASSERT_EQ(asked.options.size(), 3U);
    EXPECT_EQ(asked.options[0].kind, RequestOption::Kind::allow_always);
    EXPECT_EQ(asked.options[2].id, "no");
}

TEST_F(PermissionTest, denied) {
    answer(RequestState::denied);
    EXPECT_EQ(run("ask").result, "chose no");
}

TEST_F(PermissionTest, expired_is_the_end_of_the_question) {
    answer(RequestState::expired);
    EXPECT_EQ(run("ask").result, "chose cancelled");
}

TEST_F(PermissionTest, denied_where_no_option_says_so) {
    answer(RequestState::denied);
    EXPECT_EQ(run("only_always").result, "chose cancelled");
}

TEST_F(PermissionTest, nothing_to_choose_from_is_not_asked) {
    EXPECT_EQ(run("no_options").result, "chose cancelled");
    EXPECT_TRUE(context.requests().empty());
}

TEST_F(PermissionTest, a_refused_call_that_is_never_closed_is_closed_by_us) {
    answer(RequestState::denied);
    EXPECT_EQ(run("rejected_open").kind, Kind::completed);
    EXPECT_NE(said().find("[execute] Run: make test: not finished"), std::string::npos) << said();
}

TEST_F(PermissionTest, an_agent_that_stops_by_itself_is_not_cancelled) {
    answer(RequestState::denied);
    const Outcome outcome = run("rejected_stops");
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_NE(outcome.message.find("cancelled by nobody"), std::string::npos) << outcome.message;
}

TEST_F(PermissionTest, before_any_word_of_the_call_and_with_its_diff) {
    answer(RequestState::allowed);
    EXPECT_EQ(run("edit").result, "chose yes");
    const NewRequest asked = context.requests().front();
    EXPECT_EQ(asked.tool, "fs.write");
    EXPECT_NE(asked.detail.find("location: " + (work / "notes.txt")), std::string::npos);
    EXPECT_NE(asked.detail.find("-b\n+a\n+c"), std::string::npos) << asked.detail;
    EXPECT_NE(said().find("[edit] Edit notes.txt: completed"), std::string::npos) << said();
}

TEST_F(PermissionTest, of_two_that_allow_the_first_and_by_its_id) {
    answer(RequestState::allowed);
    EXPECT_EQ(run("two_once").result, "chose one");
}

TEST_F(PermissionTest, ids_collide_and_are_texts) {
    answer(RequestState::allowed);
    EXPECT_EQ(run("ids").result, "yes yes yes");
}

TEST_F(PermissionTest, asked_again_it_is_another_question) {
    answer(RequestState::allowed);
    EXPECT_EQ(run("ask_twice").result, "yes yes");
    const auto keys = question_keys();
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_NE(keys[0], keys[1]);
}

TEST_F(PermissionTest, withdrawn_by_the_agent) {
    EXPECT_EQ(run("withdraw").kind, Kind::completed);
    ASSERT_EQ(context.requests().size(), 1U);
    const auto status = context.request_status("r1");
    ASSERT_TRUE(status);
    EXPECT_EQ(status->state, RequestState::withdrawn);
    EXPECT_NE(told().find(R"("id": "q-9", "result": {"outcome": {"outcome": "cancelled"}})"),
              std::string::npos)
        << told();
}

TEST_F(PermissionTest, the_policy_denies_first) {
    rule("shell.exec", ToolDecision::deny, "make");
    EXPECT_EQ(run("ask").result, "chose no");
    EXPECT_TRUE(context.requests().empty());
}

TEST_F(PermissionTest, the_policy_allows_once) {
    rule("shell.exec", ToolDecision::allow);
    EXPECT_EQ(run("ask").result, "chose yes");
    EXPECT_TRUE(context.requests().empty());
}

TEST_F(PermissionTest, the_policy_does_not_allow_for_good) {
    rule("shell.exec", ToolDecision::allow);
    answer(RequestState::allowed);
    run("only_always");
    EXPECT_EQ(context.requests().size(), 1U);
}

TEST_F(PermissionTest, the_rule_that_asks_is_told) {
    rule("shell.exec", ToolDecision::ask, "make test");
    answer(RequestState::allowed);
    EXPECT_EQ(run("ask").result, "chose yes");
    EXPECT_EQ(context.requests().front().rule, "ask shell.exec:make test");
}

TEST_F(PermissionTest, an_elicitation_is_an_input) {
    context.on_request = [this](const NewRequest& request) {
        // The first answer is no number, and is asked for again.
        const bool again = request.question.find("has to be a number") != std::string::npos;
        context.resolve(request.key, RequestState::answered, again ? "12" : "many");
    };
    EXPECT_EQ(run("elicit").result, R"({"action": "accept", "content": {"count": 12}})");
    ASSERT_EQ(context.requests().size(), 2U);
    EXPECT_EQ(context.requests()[0].kind, RequestKind::input);
    EXPECT_EQ(context.requests()[0].question, "How many?");
}

TEST_F(PermissionTest, an_elicitation_that_nobody_answers) {
    answer(RequestState::expired);
    EXPECT_EQ(run("elicit").result, R"({"action": "cancel"})");
}

} // namespace
} // namespace loong::acp
