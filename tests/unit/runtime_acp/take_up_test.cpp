/// After a lost worker.

#include "child_process.hpp"
#include "fixture.hpp"
#include "handle.hpp"

#include <fstream>

namespace loong::acp {
namespace {

using Kind = OutcomeKind;

class TakeUpTest : public AcpTest {
protected:
    /// A worker that is killed while a permission is open.
    void lose_worker(const std::string& scenario) {
        play(scenario);
        const std::string file = work / "handle";
        {
            test::ChildProcess worker([&](test::LineChannel& channel) {
                context.on_save_handle = [&](std::string_view handle) -> Result<void> {
                    std::ofstream(file, std::ios::binary) << handle;
                    return {};
                };
                context.on_request = [&](const NewRequest& request) { channel.send(request.key); };
                return runtime.run(context) ? 0 : 1;
            });
            const auto key = worker.receive();
            if (!key) throw std::runtime_error("no request was opened");
            asked_ = *key;
            worker.kill();
        }
        std::ifstream in(file, std::ios::binary);
        const std::string handle{std::istreambuf_iterator<char>(in), {}};
        static_cast<void>(context.save_handle(handle));
        std::ofstream(work / "notes");
    }

    void take_up_by_loading(const std::string& scenario) {
        lose_worker(scenario);
        context.resolve(asked_, RequestState::allowed);
        spec().may_redo = true;
        EXPECT_EQ(take_up().result, "chose yes");
        EXPECT_EQ(said().find("old"), std::string::npos) << said();
        EXPECT_NE(told().find("session/load"), std::string::npos);
    }

    std::string asked_;
};

TEST_F(TakeUpTest, resumed_with_a_follow_up_the_approval_is_the_same_request) {
    set("mode", "default");
    lose_worker("resume");
    EXPECT_EQ(runtime.probe(lost())->state, Probe::State::alive);
    // Answered while nobody was there.
    context.resolve(asked_, RequestState::allowed);
    spec().may_redo = true;
    const Outcome outcome = take_up();
    EXPECT_EQ(outcome.kind, Kind::completed) << outcome.message;
    EXPECT_EQ(outcome.result, "chose yes");
    ASSERT_EQ(context.requests().size(), 1U);
    EXPECT_EQ(context.requests()[0].key, asked_);
    EXPECT_NE(told().find("session/resume"), std::string::npos);
    EXPECT_EQ(told().find("session/load"), std::string::npos);
    EXPECT_NE(told().find(R"("modeId": "default")"), std::string::npos) << told();
    EXPECT_NE(told().find("You were interrupted"), std::string::npos);
    EXPECT_EQ(context.progress().front().note,
              "took up the agent's session ses-1 again (session/resume)");
}

TEST_F(TakeUpTest, loaded_and_the_replay_is_swallowed) { take_up_by_loading("load"); }

TEST_F(TakeUpTest, a_replay_that_comes_after_the_answer_is_swallowed_too) {
    take_up_by_loading("late_replay");
}

TEST_F(TakeUpTest, without_leave_it_tells_what_was_lost) {
    lose_worker("resume");
    const Outcome outcome = take_up();
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_NE(outcome.message.find("ses-1"), std::string::npos);
    EXPECT_NE(outcome.message.find("1 approval was not answered"), std::string::npos)
        << outcome.message;
    EXPECT_EQ(told().find("session/prompt"), std::string::npos);
}

TEST_F(TakeUpTest, an_agent_that_has_forgotten) {
    lose_worker("load");
    play("load", {"forgets"});
    spec().may_redo = true;
    const Outcome outcome = take_up();
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_NE(outcome.message.find("(code -32002)"), std::string::npos) << outcome.message;
}

TEST_F(TakeUpTest, one_that_cannot_be_taken_up_is_gone) {
    lose_worker("ask");
    Probe probe = *runtime.probe(lost());
    // It is being ended when the worker has died, and that may take a moment.
    while (probe.state == Probe::State::unreachable) probe = *runtime.probe(lost());
    EXPECT_EQ(probe.state, Probe::State::gone) << probe.message;
    EXPECT_FALSE(runtime.resume(context, context.handle())->has_value());
    expect_nothing_left();
}

TEST_F(TakeUpTest, never_means_never) {
    set("resume", "never");
    lose_worker("resume");
    EXPECT_NE(runtime.probe(lost())->state, Probe::State::alive);
}

TEST_F(TakeUpTest, what_was_ended_stays_so) {
    lose_worker("resume");
    EXPECT_TRUE(*runtime.end(lost(), EndHow::graceful));
    expect_nothing_left();
    EXPECT_EQ(runtime.probe(lost())->state, Probe::State::gone);
    EXPECT_FALSE(runtime.resume(context, context.handle())->has_value());
}

TEST_F(TakeUpTest, let_go_it_can_be_taken_up) {
    context.on_request = [this](const NewRequest&) { context.signal({.detach = true}); };
    EXPECT_EQ(run("resume").kind, Kind::detached);
    EXPECT_EQ(runtime.probe(lost())->state, Probe::State::alive);
}

TEST_F(TakeUpTest, before_the_prompt_nothing_was_started) {
    play("mute");
    context.on_save_handle = [this](std::string_view) -> Result<void> {
        context.signal({.cancel = true});
        return {};
    };
    run();
    EXPECT_EQ(runtime.probe(lost())->state, Probe::State::never_started);
}

TEST(HandleTest, is_read_as_it_was_written) {
    const Handle handle{"scripted", "ses-1", "/work", "default", "load", true, 3, {{"k/1", "f"}}};
    const auto read = parse_handle(format_handle(handle));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->session_id, "ses-1");
    EXPECT_EQ(read->asked, 3);
    ASSERT_EQ(read->pending.size(), 1U);
    EXPECT_EQ(read->pending[0].key, "k/1");
    EXPECT_FALSE(parse_handle("{}"));
    EXPECT_FALSE(parse_handle(R"({"format":2})"));
}

} // namespace
} // namespace loong::acp
