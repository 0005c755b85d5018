/// Agents that break every rule there is.

#include "fixture.hpp"
#include "session_processes.hpp"

#include <chrono>
#include <csignal>
#include <fstream>

namespace loong::acp {
namespace {

using Kind = OutcomeKind;

class MisbehaviourTest : public AcpTest {
protected:
    /// That it failed, and why.
    std::string failure(const std::string& scenario, const std::vector<std::string>& words = {}) {
        const Outcome outcome = run(scenario, words);
        EXPECT_EQ(outcome.kind, Kind::failed);
        return outcome.message;
    }
};

TEST_F(MisbehaviourTest, lines_that_are_no_messages) {
    EXPECT_EQ(run("garbage").result, "hello");
    EXPECT_NE(transcript().find("Welcome to the agent!"), std::string::npos);
    EXPECT_FALSE(context.log_lines().empty());
}

TEST_F(MisbehaviourTest, half_a_megabyte_in_one_line) {
    EXPECT_EQ(run("long_line").result, "after it");
}

TEST_F(MisbehaviourTest, unknown_updates_methods_and_abilities_that_we_do_not_have) {
    EXPECT_EQ(run("unknown").result, "[-32601, -32601, -32601]");
}

TEST_F(MisbehaviourTest, no_answer_at_all) {
    set("watchdogs", Value::Object{{"initialize", "200ms"}});
    EXPECT_NE(failure("mute").find("initialize: no answer within"), std::string::npos);
}

TEST_F(MisbehaviourTest, another_version_of_the_protocol) {
    EXPECT_EQ(failure("version_2"), "scripted 1.0: it speaks version 2 of the protocol, and this "
                                    "runtime version 1");
}

TEST_F(MisbehaviourTest, it_dies_at_any_point) {
    EXPECT_NE(failure("die_initialize").find("exit code 3"), std::string::npos);
    EXPECT_NE(failure("die_new").find("exit code 4"), std::string::npos);
    EXPECT_NE(failure("die").find("SIGKILL"), std::string::npos);
    EXPECT_NE(said().find("about to die"), std::string::npos);
}

TEST_F(MisbehaviourTest, it_dies_while_it_asks) {
    answer(RequestState::allowed);
    EXPECT_NE(failure("die_asking").find("exit code 5"), std::string::npos);
}

TEST_F(MisbehaviourTest, it_closes_its_output_and_stays) {
    EXPECT_NE(failure("close_output").find("it closed its output"), std::string::npos);
}

TEST_F(MisbehaviourTest, it_hangs_after_the_end_of_its_input_and_leaves_children) {
    EXPECT_EQ(run("lingers").kind, Kind::completed);
    expect_nothing_left();
}

TEST_F(MisbehaviourTest, neither_it_nor_its_children_obey) {
    spec().limits.grace = Milliseconds(200);
    spec().work.text = work / "started";
    play("stubborn");
    auto running = std::async(std::launch::async, [this] { return run(); });
    wait_until([this] { return ::access((work / "started").c_str(), F_OK) == 0; });
    context.signal({.cancel = true});
    EXPECT_EQ(running.get().kind, Kind::cancelled);
    expect_nothing_left();
}

TEST_F(MisbehaviourTest, its_keeper_is_killed) {
    auto running = start("stream");
    wait_until([this] { return said().find("line 2") != std::string::npos; });
    for (const std::string& pid : test::session_processes(spec().task_session_id)) {
        std::ifstream file("/proc/" + pid + "/comm");
        std::string name;
        if (std::getline(file, name) && name == "loong-keeper") ::kill(std::stoi(pid), SIGKILL);
    }
    const Outcome outcome = running.get();
    EXPECT_EQ(outcome.kind, Kind::failed);
    EXPECT_NE(outcome.message.find("how is not known"), std::string::npos) << outcome.message;
    expect_nothing_left();
}

TEST_F(MisbehaviourTest, cancelled_while_it_asks) {
    context.on_request = [this](const NewRequest&) { context.signal({.cancel = true}); };
    EXPECT_EQ(run("ask").kind, Kind::cancelled);
}

TEST_F(MisbehaviourTest, cancel_before_it_has_answered_anything) {
    play("mute");
    context.on_save_handle = [this](std::string_view) -> Result<void> {
        context.signal({.cancel = true});
        return {};
    };
    EXPECT_EQ(run().kind, Kind::cancelled);
}

TEST_F(MisbehaviourTest, it_writes_where_it_may_not) {
    test::TemporaryDirectory outside;
    ToolPolicy& policy = spec().tool_policy;
    policy.narrowed = true;
    policy.write_directories = std::vector<std::string>{work.path()};
    policy.hidden_directories = {session.path()};
    if (!runtime.enforcement(spec())) GTEST_SKIP() << "this kernel cannot narrow";
    spec().work.text = outside / "out";
    EXPECT_EQ(run("writes").result, "refused: Permission denied");
    spec().work.text = work / "in";
    EXPECT_EQ(run("writes").result, "written");
}

TEST_F(MisbehaviourTest, an_agent_that_is_not_there) {
    set("command", "no-such-agent");
    set("install", "npm install --global no-such-agent");
    const Result<void> checked = runtime.check(spec());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::unsupported);
    EXPECT_EQ(checked.error().message,
              "runtime scripted: there is no program no-such-agent on your PATH");
    EXPECT_EQ(checked.error().hint, "install it: npm install --global no-such-agent");
}

TEST_F(MisbehaviourTest, settings_that_are_wrong) {
    set("mod", "default");
    EXPECT_EQ(runtime.check(spec()).error().code, ErrorCode::invalid_config);
    spec().settings.values = Value::Object{{"args", Value::Array{}}};
    EXPECT_EQ(runtime.check(spec()).error().message,
              "setting command of runtime-acp: is missing; it names the agent's program");
}

} // namespace
} // namespace loong::acp
