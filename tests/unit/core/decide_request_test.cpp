#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::TaskMachine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Requests : public ::testing::Test {
protected:
    Requests() { task.create(), task.start(); }

    std::string open(const NewRequest& request) {
        return task.apply(command::OpenRequest{task.session(), request});
    }
    static NewRequest approval() {
        NewRequest request;
        request.key = "step publish/1";
        request.tool = "shell.exec";
        request.question = "Publish?";
        return request;
    }

    TaskMachine task;
};

TEST_F(Requests, TheFirstAnswerWins) {
    open(approval());
    EXPECT_EQ(task.resolve("r1", RequestState::denied, "not today"), "");
    EXPECT_THAT(task.last, ElementsAre("approval_resolved"));
    EXPECT_EQ(task.resolve("r1", RequestState::allowed), "request_already_resolved");
    EXPECT_EQ(task.error.message, "request r1: it was denied already");
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::denied);
    EXPECT_EQ(find_request(task.state, "r1")->text, "not today");
    EXPECT_EQ(find_request(task.state, "r1")->option_id, "deny");
}

TEST_F(Requests, OneThatTheStateDoesNotKnowIsForgottenOnTheRecord) {
    EXPECT_EQ(task.apply(command::ForgetRequest{"r7", "session-of-nobody"}), "");
    EXPECT_THAT(task.last, ElementsAre("request_withdrawn"));
    EXPECT_EQ(find_request(task.state, "r7"), nullptr);
    open(approval());
    EXPECT_EQ(task.apply(command::ForgetRequest{"r1", task.session()}), "conflict");
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::open);
}

TEST_F(Requests, AnUnknownOneIsNotFound) {
    EXPECT_EQ(task.resolve("r1", RequestState::allowed), "request_not_found");
    EXPECT_THAT(task.error.message, HasSubstr(task.summary().task_id));
    EXPECT_EQ(task.apply(command::WithdrawRequest{"r9", ""}), "request_not_found");
}

TEST_F(Requests, AKeyIsOpenedOnce) {
    open(approval());
    open(approval());
    EXPECT_THAT(task.last, IsEmpty());
    EXPECT_EQ(task.state.requests.size(), 1U);
    task.resolve("r1", RequestState::allowed);
    EXPECT_EQ(open(approval()), "");
    EXPECT_THAT(task.last, IsEmpty());
    EXPECT_EQ(find_request_by_key(task.state, "step publish/1")->state, RequestState::allowed);
}

TEST_F(Requests, AResumedSessionFindsItsAnswer) {
    open(approval());
    task.resolve("r1", RequestState::allowed);
    task.apply(command::Supersede{"resumed", "goes on", "gone", true});
    task.start();
    EXPECT_EQ(open(approval()), "");
    EXPECT_THAT(task.last, IsEmpty());
}

TEST_F(Requests, AResumedSessionAsksAgainWhatNobodyAnswered) {
    open(approval());
    task.apply(command::Supersede{"resumed", "goes on", "gone", true});
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::withdrawn);
    task.start();
    EXPECT_EQ(open(approval()), "");
    EXPECT_THAT(task.last, ElementsAre("approval_requested"));
    EXPECT_EQ(find_request_by_key(task.state, "step publish/1")->request_id, "r2");
    EXPECT_EQ(task.resolve("r1", RequestState::allowed), "request_already_resolved");
    EXPECT_EQ(task.error.message, "request r1: it was withdrawn");
}

TEST_F(Requests, AnswersAreOfTheRightKind) {
    open(approval());
    task.open("name", RequestKind::input);
    EXPECT_EQ(task.resolve("r1", RequestState::answered, "yes"), "invalid_argument");
    EXPECT_EQ(task.error.message, "request r1: it asks for an approval and takes no text");
    EXPECT_EQ(task.error.hint, "`loong tasks approve " + task.summary().task_id +
                                   " --request r1` or `loong tasks deny " + task.summary().task_id +
                                   " --request r1`");
    EXPECT_EQ(task.resolve("r2", RequestState::allowed), "invalid_argument");
    EXPECT_THAT(task.error.hint, HasSubstr("loong tasks answer"));
    EXPECT_EQ(task.resolve("r2", RequestState::withdrawn), "invalid_argument");
    EXPECT_EQ(task.resolve("r2", RequestState::answered, std::string(65537, 'x')),
              "invalid_argument");
    EXPECT_EQ(task.resolve("r2", RequestState::answered, "Ada"), "");
    EXPECT_THAT(task.last, ElementsAre("input_answered"));
    EXPECT_EQ(find_request(task.state, "r2")->text, "Ada");
}

TEST_F(Requests, OptionsDecideWhatAnAnswerMeans) {
    NewRequest request = approval();
    request.options = {{"once", "Once", RequestOption::Kind::allow_once},
                       {"ever", "For good", RequestOption::Kind::allow_always},
                       {"never", "Never", RequestOption::Kind::deny_always}};
    open(request);
    command::ResolveRequest answer{"r1", RequestState::allowed, "never", {}, false};
    EXPECT_EQ(task.apply(answer), "invalid_argument");
    EXPECT_THAT(task.error.message, HasSubstr("'never' is no option to allow it"));
    answer.option_id = "onc";
    EXPECT_EQ(task.apply(answer), "invalid_argument");
    EXPECT_EQ(task.error.hint, "did you mean 'once'?");
    // To deny for good has to be said.
    EXPECT_EQ(task.resolve("r1", RequestState::denied), "invalid_argument");
    EXPECT_EQ(task.error.hint, "add --always if that is meant");
    EXPECT_EQ(task.apply(command::ResolveRequest{"r1", RequestState::allowed, {}, {}, true}), "");
    EXPECT_EQ(find_request(task.state, "r1")->option_id, "ever");
    EXPECT_TRUE(find_request(task.state, "r1")->always);
}

TEST_F(Requests, AnAnswerForGoodHoldsForItsRuleInThisTask) {
    NewRequest push = approval();
    push.rule = "shell.exec git push";
    open(push);
    EXPECT_EQ(task.apply(command::ResolveRequest{"r1", RequestState::allowed, {}, "fine", true}),
              "");
    push.key = "step publish/2";
    EXPECT_EQ(open(push), "");
    EXPECT_THAT(task.last, ElementsAre("approval_requested", "approval_resolved"));
    const RequestFacts& second = *find_request(task.state, "r2");
    EXPECT_EQ(second.state, RequestState::allowed);
    EXPECT_TRUE(second.always);
    EXPECT_EQ(second.because_of, "r1");
    EXPECT_EQ(task.summary().open_approvals, 0);

    push.key = "step publish/3";
    push.rule = "shell.exec git";
    open(push);
    EXPECT_THAT(task.last, ElementsAre("approval_requested"));
    EXPECT_EQ(task.summary().open_approvals, 1);
}

TEST_F(Requests, AnAnswerForGoodAlsoResolvesWhatIsOpenBesideIt) {
    NewRequest push = approval();
    push.rule = "shell.exec git push";
    for (const char* key : {"one", "two", "three"}) {
        push.key = key;
        open(push);
    }
    push.key = "four";
    push.rule = "another";
    open(push);
    EXPECT_EQ(task.apply(command::ResolveRequest{"r2", RequestState::denied, {}, {}, true}), "");
    EXPECT_THAT(task.last,
                ElementsAre("approval_resolved", "approval_resolved", "approval_resolved"));
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::denied);
    EXPECT_EQ(find_request(task.state, "r1")->because_of, "r2");
    EXPECT_EQ(find_request(task.state, "r3")->state, RequestState::denied);
    EXPECT_EQ(find_request(task.state, "r4")->state, RequestState::open);
}

TEST_F(Requests, OnlyAnAnswerForGoodHoldsForMoreThanItsRequest) {
    NewRequest push = approval();
    push.rule = "shell.exec git push";
    open(push);
    task.resolve("r1", RequestState::allowed);
    push.key = "again";
    open(push);
    EXPECT_EQ(find_request(task.state, "r2")->state, RequestState::open);
    push.rule.clear();
    push.key = "without a rule";
    task.apply(command::ResolveRequest{"r2", RequestState::allowed, {}, {}, true});
    open(push);
    EXPECT_EQ(find_request(task.state, "r3")->state, RequestState::open);
}

TEST_F(Requests, WhatNoRuleAsksCannotBeAnsweredForGood) {
    open(approval());
    for (const RequestState how : {RequestState::allowed, RequestState::denied}) {
        EXPECT_EQ(task.apply(command::ResolveRequest{"r1", how, {}, {}, true}), "invalid_argument");
    }
    EXPECT_EQ(task.error.hint, "leave --always out");
    task.open("name", RequestKind::input);
    EXPECT_EQ(task.apply(command::ResolveRequest{"r2", RequestState::answered, {}, "Ada", true}),
              "invalid_argument");
}

TEST_F(Requests, TheNewestAnswerForGoodCounts) {
    NewRequest push = approval();
    push.rule = "shell.exec git push";
    push.key = "one";
    open(push);
    push.key = "two";
    push.options = {{"once", "Once", RequestOption::Kind::allow_once},
                    {"never", "Never", RequestOption::Kind::deny_always}};
    open(push);
    task.apply(command::ResolveRequest{"r1", RequestState::allowed, {}, {}, true});
    EXPECT_EQ(find_request(task.state, "r2")->state, RequestState::allowed);
    push.key = "three";
    push.options = {{"ever", "For good", RequestOption::Kind::allow_always}};
    open(push);
    EXPECT_EQ(find_request(task.state, "r3")->option_id, "ever");
    // What has no option that means the answer has to be asked.
    push.key = "four";
    push.options = {{"never", "Never", RequestOption::Kind::deny_always}};
    open(push);
    EXPECT_EQ(find_request(task.state, "r4")->state, RequestState::open);
    task.apply(command::ResolveRequest{"r4", RequestState::denied, {}, {}, true});
    push.key = "five";
    push.options.clear();
    open(push);
    EXPECT_EQ(find_request(task.state, "r5")->state, RequestState::denied);
    EXPECT_EQ(find_request(task.state, "r5")->because_of, "r4");
}

TEST_F(Requests, ExpireAsDeniedOrUnanswered) {
    NewRequest request = approval();
    request.expires_after = 60s;
    open(request);
    request.key = "name";
    request.kind = RequestKind::input;
    request.options.clear();
    open(request);
    task.advance(60s);
    EXPECT_EQ(task.resolve("r1", RequestState::allowed), "request_already_resolved");
    EXPECT_EQ(task.error.message, "request r1: it has expired");
    EXPECT_EQ(task.resolve("r1", RequestState::expired), "");
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::expired);
    EXPECT_EQ(task.resolve("r2", RequestState::expired), "");
    EXPECT_THAT(task.last, ElementsAre("request_withdrawn"));
    EXPECT_EQ(find_request(task.state, "r2")->state, RequestState::expired);
    task.open("endless");
    EXPECT_EQ(task.resolve("r3", RequestState::expired), "invalid_argument");
}

TEST_F(Requests, WithdrawingLeavesWhatIsResolvedAsItIs) {
    open(approval());
    EXPECT_EQ(task.apply(command::WithdrawRequest{"r1", "expired"}), "");
    EXPECT_EQ(find_request(task.state, "r1")->state, RequestState::withdrawn);
    EXPECT_EQ(task.apply(command::WithdrawRequest{"r1", "again"}), "");
    EXPECT_THAT(task.last, IsEmpty());
}

TEST_F(Requests, KeepTheirLimits) {
    const auto refused = [this](auto change) {
        NewRequest request = approval();
        change(request);
        const std::string code = open(request);
        return code == "invalid_argument" ? task.error.message : "not refused: " + code;
    };
    using R = NewRequest;
    EXPECT_THAT(refused([](R& r) { r.key.clear(); }), HasSubstr("without a key"));
    EXPECT_THAT(refused([](R& r) { r.key.assign(129, 'k'); }), HasSubstr("128 bytes"));
    EXPECT_THAT(refused([](R& r) { r.key = "\xff"; }), HasSubstr("UTF-8"));
    EXPECT_THAT(refused([](R& r) { r.question.clear(); }), HasSubstr("without a question"));
    EXPECT_THAT(refused([](R& r) { r.question.assign(4097, 'q'); }), HasSubstr("4096 bytes"));
    EXPECT_THAT(refused([](R& r) { r.rule.assign(1025, 'r'); }), HasSubstr("1024 bytes"));
    EXPECT_THAT(refused([](R& r) { r.rule = "\xff"; }), HasSubstr("UTF-8"));
    EXPECT_THAT(refused([](R& r) { r.kind = RequestKind::input, r.rule = "r"; }),
                HasSubstr("only approvals"));
    EXPECT_THAT(refused([](R& r) { r.detail.assign(65537, 'd'); }), HasSubstr("65536 bytes"));
    EXPECT_THAT(refused([](R& r) { r.options.resize(33); }), HasSubstr("32 options"));
    EXPECT_THAT(refused([](R& r) { r.options.resize(1); }), HasSubstr("option's id"));
    EXPECT_THAT(refused([](R& r) {
                    r.options = {{"a", "A", RequestOption::Kind::allow_once},
                                 {"a", "B", RequestOption::Kind::deny_once}};
                }),
                HasSubstr("have the id 'a'"));
    EXPECT_THAT(refused([](R& r) {
                    r.kind = RequestKind::input;
                    r.options = {{"a", "A", RequestOption::Kind::allow_once}};
                }),
                HasSubstr("only approvals"));
    EXPECT_EQ(task.summary().open_approvals, 0);
}

TEST_F(Requests, AnswerableUntilTheSessionEnds) {
    open(approval());
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(task.last, ElementsAre("delegate_failed", "request_withdrawn"));
    EXPECT_EQ(task.resolve("r1", RequestState::allowed), "request_already_resolved");
    EXPECT_EQ(task.summary().open_approvals, 0);
    EXPECT_FALSE(task.summary().oldest_request.has_value());
}

} // namespace
} // namespace loong
