/// A turn: what it tells, how it ends, how it is ended.

#include "fixture.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

namespace loong::acp {
namespace {

using Kind = OutcomeKind;

class TurnTest : public AcpTest {};

TEST_F(TurnTest, an_agent_that_asks_nothing) {
    const Outcome outcome = run("hello");
    EXPECT_EQ(outcome.kind, Kind::completed) << outcome.message;
    EXPECT_EQ(outcome.result, "hello");
    EXPECT_EQ(said(), "hello");
    EXPECT_NE(told().find(R"("protocolVersion": 1)"), std::string::npos);
    EXPECT_NE(told().find(R"("readTextFile": false)"), std::string::npos);
    EXPECT_NE(told().find(R"("terminal": false)"), std::string::npos);
    EXPECT_NE(told().find(R"("mcpServers": [])"), std::string::npos);
    EXPECT_NE(told().find("session/close"), std::string::npos);
    EXPECT_EQ(told().find("authenticate"), std::string::npos);
}

TEST_F(TurnTest, the_raw_protocol_is_kept) {
    run("hello");
    const std::string kept = transcript();
    EXPECT_NE(kept.find(R"("from":"loong","message":{"jsonrpc":"2.0","id":0,)"), std::string::npos)
        << kept;
    EXPECT_NE(kept.find(R"("from":"agent","message":{"jsonrpc": "2.0")"), std::string::npos);
}

TEST_F(TurnTest, what_an_agent_tells) {
    const Outcome outcome = run("tells");
    EXPECT_EQ(outcome.kind, Kind::completed);
    EXPECT_EQ(said(), "~ let me\n~ think\n\n[read] Read a file: completed\n[edit] Edit it: failed\n"
                      "\nThe answer is 42.");
    EXPECT_EQ(outcome.result, "The answer is 42.");
    EXPECT_EQ(outcome.message, "used 1200 of 200000 tokens, 0.0450 USD");
    EXPECT_EQ(context.written(OutputStream::standard_error), "warming up\nwarning: low on space\n");
    ASSERT_FALSE(context.progress().empty());
    EXPECT_EQ(context.progress().back().done, 1);
    EXPECT_EQ(context.progress().back().total, 3);
}

TEST_F(TurnTest, updates_after_the_answer) {
    EXPECT_EQ(run("afterwards").kind, Kind::completed);
    EXPECT_EQ(said(), "done (afterthought)");
}

TEST_F(TurnTest, other_sessions_are_not_ours) { EXPECT_EQ(run("other_session").result, "ours"); }

TEST_F(TurnTest, the_mode_is_set) {
    set("mode", "default");
    EXPECT_EQ(run("hello").kind, Kind::completed);
    EXPECT_NE(told().find(R"("modeId": "default")"), std::string::npos) << told();
}

TEST_F(TurnTest, the_mode_is_an_option) {
    set("mode", "default");
    EXPECT_EQ(run("mode_option").kind, Kind::completed);
    EXPECT_NE(told().find(R"("configId": "how", "value": "default")"), std::string::npos) << told();
}

TEST_F(TurnTest, without_the_mode_it_does_not_start) {
    set("mode", "careful");
    const Outcome outcome = run("hello");
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_EQ(outcome.message, "scripted 1.0: it has no mode careful; it has auto, default");
    EXPECT_EQ(told().find("session/prompt"), std::string::npos);
}

TEST_F(TurnTest, cancel_while_a_permission_is_open_whatever_the_agent_calls_it) {
    for (const char* scenario : {"cancel_end_turn", "cancel_withdraws"}) {
        context.on_request = [this](const NewRequest&) { context.signal({.cancel = true}); };
        EXPECT_EQ(run(scenario).kind, Kind::cancelled) << scenario;
        const std::string heard = told();
        const std::size_t cancel = heard.find("session/cancel");
        const std::size_t answer = heard.find(R"("outcome": "cancelled")");
        ASSERT_NE(cancel, std::string::npos) << heard;
        ASSERT_NE(answer, std::string::npos) << heard;
        EXPECT_LT(cancel, answer);
    }
}

TEST_F(TurnTest, cancel_while_it_talks) {
    auto running = start("stream");
    wait_until([this] { return said().find("line 2") != std::string::npos; });
    context.signal({.cancel = true});
    EXPECT_EQ(running.get().kind, Kind::cancelled);
    EXPECT_NE(said().find("one more"), std::string::npos);
}

TEST_F(TurnTest, timeout_is_told_as_such) {
    auto running = start("stream");
    wait_until([this] { return said().find("line 2") != std::string::npos; });
    context.signal({.timeout = true});
    EXPECT_EQ(running.get().kind, Kind::timed_out);
}

TEST_F(TurnTest, an_agent_that_does_not_hear_the_cancel) {
    spec().limits.grace = Milliseconds(200);
    auto running = start("deaf");
    wait_until([this] { return said().find("trying") != std::string::npos; });
    context.signal({.cancel = true});
    const Outcome outcome = running.get();
    EXPECT_EQ(outcome.kind, Kind::cancelled);
    EXPECT_NE(outcome.message.find("did not answer the cancel"), std::string::npos);
}

TEST_F(TurnTest, force_does_not_wait) {
    auto running = start("deaf");
    wait_until([this] { return said().find("trying") != std::string::npos; });
    context.signal({.cancel = true, .force = true});
    EXPECT_EQ(running.get().kind, Kind::cancelled);
}

TEST_F(TurnTest, silence_ends_a_turn) {
    set("watchdogs", Value::Object{{"silence", "100ms"}});
    spec().limits.grace = Milliseconds(100);
    const Outcome outcome = run("deaf");
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_NE(outcome.message.find("watchdogs.silence"), std::string::npos) << outcome.message;
}

TEST_F(TurnTest, a_turn_may_be_too_long) {
    set("watchdogs", Value::Object{{"turn", "100ms"}});
    spec().limits.grace = Milliseconds(100);
    const Outcome outcome = run("deaf");
    EXPECT_NE(outcome.message.find("watchdogs.turn"), std::string::npos) << outcome.message;
}

TEST_F(TurnTest, errors_of_all_kinds) {
    for (const char* code : {"-32603", "400", "401", "1001", "0"}) {
        const Outcome outcome = run("error", {code});
        EXPECT_EQ(outcome.kind, Kind::failed);
        EXPECT_EQ(outcome.message,
                  std::string("scripted 1.0: bad request: the model said no (code ") + code + ")");
        EXPECT_FALSE(outcome.transient);
    }
    EXPECT_TRUE(run("error", {"503"}).transient);
    EXPECT_EQ(run("error", {"-32800"}).kind, Kind::failed);
}

TEST_F(TurnTest, reasons_to_stop) {
    for (const char* reason : {"refusal", "max_tokens", "max_turn_requests", "bored"}) {
        const Outcome outcome = run("stop", {reason});
        EXPECT_EQ(outcome.kind, Kind::failed) << reason;
        EXPECT_NE(outcome.message.find(reason), std::string::npos) << outcome.message;
    }
    EXPECT_EQ(run("no_reason").kind, Kind::failed);
}

TEST_F(TurnTest, a_login_is_asked_for_and_tried_again) {
    for (const char* scenario : {"login", "error"}) {
        context.on_request = [this](const NewRequest& request) {
            std::ofstream(work / "logged-in") << "yes\n";
            context.resolve(request.key, RequestState::answered, "done");
        };
        const Outcome outcome = run(scenario, {"-32000"});
        EXPECT_EQ(outcome.kind, Kind::completed) << outcome.message;
        EXPECT_EQ(outcome.result, "hello");
        ASSERT_FALSE(context.requests().empty());
        const NewRequest asked = context.requests().back();
        EXPECT_EQ(asked.kind, RequestKind::input);
        EXPECT_NE(asked.question.find("Log in on the web, API key"), std::string::npos);
        EXPECT_EQ(told().find("authenticate"), std::string::npos);
        std::filesystem::remove(work / "logged-in");
    }
}

} // namespace
} // namespace loong::acp
