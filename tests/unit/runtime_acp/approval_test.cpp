#include "approval.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

namespace loong::acp {
namespace {

const char* const four_options = R"({"options":[
    {"optionId":"a!","name":"For good","kind":"allow_always"},
    {"optionId":"one","name":"Once","kind":"allow_once"},
    {"optionId":"one","name":"Once, otherwise","kind":"allow_once"},
    {"optionId":"no","name":"No","kind":"reject_once"},
    {"optionId":"odd","name":"Odd","kind":"perhaps"}]})";

std::string chosen(RequestState state, const std::string& option_id, bool always = false) {
    RequestStatus answer;
    answer.state = state;
    answer.option_id = option_id;
    answer.always = always;
    return json::serialize(outcome_for(answer, read_options(json::parse(four_options))));
}

std::string selected(const std::string& id) {
    return R"({"outcome":{"outcome":"selected","optionId":")" + id + "\"}}";
}
const std::string cancelled = R"({"outcome":{"outcome":"cancelled"}})";

TEST(ApprovalTest, options_keep_apart_what_the_agent_calls_alike) {
    const auto options = read_options(json::parse(four_options));
    ASSERT_EQ(options.size(), 4U);
    EXPECT_EQ(options[1].shown.id, "one");
    EXPECT_EQ(options[2].shown.id, "option-3");
    EXPECT_EQ(options[2].id, "one");
    EXPECT_EQ(options[3].shown.kind, RequestOption::Kind::deny_once);
}

TEST(ApprovalTest, answers_are_told_by_the_option_that_was_chosen) {
    EXPECT_EQ(chosen(RequestState::allowed, "a!", true), selected("a!"));
    EXPECT_EQ(chosen(RequestState::allowed, "one"), selected("one"));
    EXPECT_EQ(chosen(RequestState::denied, "no"), selected("no"));
    EXPECT_EQ(chosen(RequestState::denied, "one"), selected("no"));
}

TEST(ApprovalTest, without_an_option_nothing_is_for_good) {
    EXPECT_EQ(chosen(RequestState::allowed, ""), selected("one"));
    EXPECT_EQ(chosen(RequestState::allowed, "gone"), selected("one"));
    EXPECT_EQ(chosen(RequestState::allowed, "", true), selected("a!"));
    EXPECT_EQ(chosen(RequestState::denied, "", true), selected("no"));
}

TEST(ApprovalTest, everything_else_is_cancelled) {
    EXPECT_EQ(chosen(RequestState::expired, ""), cancelled);
    EXPECT_EQ(chosen(RequestState::withdrawn, "one"), cancelled);
    EXPECT_EQ(chosen(RequestState::open, "one"), cancelled);
}

TEST(ApprovalTest, the_same_question_has_the_same_fingerprint) {
    ToolCall call;
    call.title = "Run";
    call.kind = "execute";
    call.raw_input = json::parse(R"({"command":"ls"})");
    ToolCall again = call;
    again.id = "another";
    EXPECT_EQ(fingerprint_of(call), fingerprint_of(again));
    again.raw_input = json::parse(R"({"command":"rm"})");
    EXPECT_NE(fingerprint_of(call), fingerprint_of(again));
}

TEST(ApprovalTest, long_texts_are_cut_between_characters) {
    ToolCall call;
    for (int i = 0; i < 3000; ++i) call.title += "\xc3\xa4";
    const NewRequest request = request_for(call, {}, {});
    EXPECT_LE(request.question.size(), 4096U);
    EXPECT_EQ(static_cast<unsigned char>(request.question.back()), 0xa4U);
}

TEST(ApprovalTest, forms) {
    const auto form = [](const std::string& properties) {
        return json::parse(R"({"message":"m","requestedSchema":{"properties":)" + properties +
                           "}}");
    };
    std::string why;
    const auto content = [&](const std::string& properties, const std::string& text) {
        const auto made = content_for(form(properties), text, why);
        return made ? json::serialize(*made) : "not: " + why;
    };
    EXPECT_EQ(content(R"({"a":{"type":"string"}})", "x y"), R"({"a":"x y"})");
    EXPECT_EQ(content(R"({"a":{"type":"boolean"}})", "yes"), R"({"a":true})");
    EXPECT_EQ(content(R"({"a":{"type":"integer"}})", "1.5"), "not: a number");
    why.clear();
    EXPECT_EQ(content(R"({"a":{"enum":["x","y"]}})", "z"), "not: one of: x, y");
    EXPECT_EQ(content(R"({"a":{},"b":{}})", R"({"a":1})"), R"({"a":1})");
    EXPECT_EQ(content(R"({"a":{},"b":{}})", "1"), "not: a JSON object");
    EXPECT_EQ(content("{}", "anything"), "{}");
}

} // namespace
} // namespace loong::acp
