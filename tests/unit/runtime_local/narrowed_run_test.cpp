#include "fixture.hpp"

#include <cerrno>

namespace loong::local {
namespace {

using NetworkNamespace = KernelAbilities::NetworkNamespace;

/// Narrowed work as kernels of every version would hold it: what the version does not have is not
/// used on this one either.
class NarrowedRunTest : public LocalRuntimeTest, public ::testing::WithParamInterface<int> {
protected:
    NarrowedRunTest() {
        const KernelAbilities real = detect_kernel_abilities();
        if (!check_abilities(real)) return;
        can_run_ = real.landlock >= GetParam();
        std::ofstream(outside / "file") << "before\n";
        spec().tool_policy.narrowed = true;
        spec().tool_policy.write_directories = std::vector<std::string>{work.path()};
        spec().tool_policy.hidden_directories = {session.path()};
    }

    std::string attempt(const std::string& escape, bool internet,
                        NetworkNamespace network_namespace) {
        spec().tool_policy.network = internet;
        LocalRuntime old({GetParam(), true, network_namespace});
        command({LOONG_TEST_ESCAPE, escape, outside / "file"});
        // Each is a run of its own, as if nothing had been before.
        ::unlink((session / "stdout").c_str());
        ::unlink((session / "stderr").c_str());
        ::unlink((session / "output.index").c_str());
        checked(old.run(context));
        return standard_output();
    }

    test::TemporaryDirectory outside;
    bool can_run_ = false;
};

TEST_P(NarrowedRunTest, nothing_outside_is_changed) {
    if (!can_run_) GTEST_SKIP() << "this kernel has no Landlock " << GetParam();
    for (const char* escape : {"write", "symbolic-link", "hard-link", "rename-out", "rename-in",
                               "remove", "truncate", "open-truncate", "proc-self-fd"}) {
        const std::string said = attempt(escape, true, NetworkNamespace::no);
        EXPECT_TRUE(said.starts_with(std::string(escape) + ": ")) << said;
        EXPECT_EQ(said.find("ESCAPED"), std::string::npos) << said;
        EXPECT_EQ(content_of(outside / "file"), "before\n") << escape;
    }
}

TEST_P(NarrowedRunTest, no_network_with_and_without_a_namespace) {
    if (!can_run_) GTEST_SKIP() << "this kernel has no Landlock " << GetParam();
    const NetworkNamespace real = detect_kernel_abilities().network_namespace;
    for (const NetworkNamespace how : {NetworkNamespace::no, real}) {
        for (const char* escape : {"raw-socket", "packet-socket", "unix-pair", "io-uring"}) {
            const std::string said = attempt(escape, false, how);
            EXPECT_EQ(said.find("ESCAPED"), std::string::npos) << said;
        }
    }
}

TEST_P(NarrowedRunTest, what_is_allowed_goes_on) {
    if (!can_run_) GTEST_SKIP() << "this kernel has no Landlock " << GetParam();
    LocalRuntime old({GetParam(), true, NetworkNamespace::no});
    text("echo a > f && echo b > f && cat f && mv f g && : > g && rm g && cat /etc/passwd > "
         "/dev/null && echo $TMPDIR");
    EXPECT_EQ(checked(old.run(context)).kind, OutcomeKind::completed) << standard_error();
    EXPECT_EQ(standard_output(), "b\n" + (session / "tmp") + "\n");
}

INSTANTIATE_TEST_SUITE_P(Landlock, NarrowedRunTest, ::testing::Values(1, 2, 3, 4, 5, 6, 7));

class PolicyRunTest : public LocalRuntimeTest {
protected:
    void allow_writing_only_here() {
        spec().tool_policy.narrowed = true;
        spec().tool_policy.write_directories = std::vector<std::string>{work.path()};
    }
};

TEST_F(PolicyRunTest, a_user_namespace_keeps_the_ids) {
    allow_writing_only_here();
    spec().tool_policy.network = false;
    LocalRuntime in_user_namespace({1, true, NetworkNamespace::with_user_namespace});
    text("id -u; echo made > here; cat here");
    const Outcome outcome = checked(in_user_namespace.run(context));
    if (outcome.message.find("narrowing it failed") != std::string::npos) {
        GTEST_SKIP() << "no user namespaces here: " << outcome.message;
    }
    EXPECT_EQ(standard_output(), std::to_string(::geteuid()) + "\nmade\n");
}

TEST_F(PolicyRunTest, a_directory_that_is_gone_fails_before_anything_runs) {
    allow_writing_only_here();
    spec().tool_policy.write_directories->push_back(work / "gone");
    text("touch ran");
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_NE(outcome.error().message.find("is not what it was"), std::string::npos);
    EXPECT_EQ(::access((work / "ran").c_str(), F_OK), -1);
}

TEST_F(PolicyRunTest, a_protected_place_cannot_be_written) {
    allow_writing_only_here();
    spec().tool_policy.protected_places = {work / "config.yaml"};
    text("touch ran");
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(::access((work / "ran").c_str(), F_OK), -1);
}

TEST_F(PolicyRunTest, a_denied_command_is_reported) {
    allow_writing_only_here();
    spec().tool_policy.rules = {{"shell.exec", ToolDecision::deny, "touch"}};
    const Outcome outcome = run_text("touch ran");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_NE(outcome.message.find("deny shell.exec:touch"), std::string::npos);
    EXPECT_EQ(::access((work / "ran").c_str(), F_OK), -1);
}

TEST_F(PolicyRunTest, a_command_that_asks_is_run_when_it_is_allowed) {
    allow_writing_only_here();
    spec().tool_policy.rules = {{"shell.exec", ToolDecision::ask, ""}};
    context.resolve("run 0/" + spec().task_session_id, RequestState::allowed);
    EXPECT_EQ(run_text("touch ran").kind, OutcomeKind::completed);
    EXPECT_EQ(::access((work / "ran").c_str(), F_OK), 0);
}

TEST_F(PolicyRunTest, a_directory_that_asks_is_written_only_when_it_is_allowed) {
    allow_writing_only_here();
    test::TemporaryDirectory asked;
    spec().tool_policy.rules = {{"fs.write", ToolDecision::ask, asked.path()}};
    const std::string key = "use 1/" + spec().task_session_id;
    context.resolve(key, RequestState::denied);
    EXPECT_EQ(run_text("touch " + (asked / "a")).kind, OutcomeKind::failed);
    EXPECT_EQ(::access((asked / "a").c_str(), F_OK), -1);
    context.resolve(key, RequestState::allowed);
    EXPECT_EQ(run_text("touch " + (asked / "b")).kind, OutcomeKind::completed);
    EXPECT_EQ(::access((asked / "b").c_str(), F_OK), 0);
}

} // namespace
} // namespace loong::local
