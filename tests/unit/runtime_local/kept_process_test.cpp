/// A program over pipes, as a runtime of somebody else's starts it: loong/kept_process.hpp and
/// loong-starter behind it.

#include "child_process.hpp"
#include "fifo.hpp"
#include "fixture.hpp"
#include "session_processes.hpp"
#include <loong/kept_process.hpp>

#include <filesystem>
#include <poll.h>

namespace loong::local {
namespace {

class KeptProcessTest : public LocalRuntimeTest {
protected:
    KeptStart start_of(const std::string& script) {
        KeptStart start;
        start.keeper_path = LOONG_TEST_KEEPER;
        start.directory = session.path();
        start.session_id = spec().task_session_id;
        start.program = "/bin/sh";
        start.arguments = {"sh", "-c", script};
        start.environment = spec().environment;
        start.working_directory = work.path();
        start.policy = spec().tool_policy;
        return start;
    }

    static KeptProcess started(const KeptStart& start) {
        auto process = KeptProcess::start(start);
        if (!process) throw std::runtime_error(process.error().message);
        return *std::move(process);
    }

    static std::string read_all(int file) {
        std::string text;
        EXPECT_TRUE(kept::read_all(file, text, std::chrono::steady_clock::now() + Seconds(20)));
        return text;
    }

    static Result<KeptEnd> end_of(KeptProcess& process) {
        while (true) {
            pollfd watched{process.control(), POLLIN, 0};
            if (::poll(&watched, 1, 20'000) <= 0) {
                return Error{ErrorCode::unsupported, "it did not end", {}};
            }
            auto end = process.collect();
            if (!end) return end.error();
            if (*end) return **end;
        }
    }

    void narrow() {
        spec().tool_policy.narrowed = true;
        spec().tool_policy.write_directories = std::vector<std::string>{work.path()};
        spec().tool_policy.hidden_directories = {session.path()};
    }
    bool can_narrow() {
        return kept_enforcement(LOONG_TEST_KEEPER, spec().tool_policy).has_value();
    }
    [[nodiscard]] std::size_t left() const {
        return test::session_processes(context.spec().task_session_id).size();
    }
};

TEST_F(KeptProcessTest, it_talks_and_ends_with_its_code) {
    KeptProcess process = started(start_of("cat; echo trouble >&2; pwd; exit 7"));
    process.go();
    ASSERT_EQ(::write(process.input(), "said\n", 5), 5);
    process.close_input();
    EXPECT_EQ(read_all(process.output()), "said\n" + work.path() + "\n");
    EXPECT_EQ(read_all(process.errors()), "trouble\n");
    const auto end = end_of(process);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->exit_code, 7);
    EXPECT_FALSE(end->asked);
    EXPECT_EQ(left(), 0U);
}

TEST_F(KeptProcessTest, nothing_runs_before_go) {
    { const KeptProcess process = started(start_of("echo ran > ran")); }
    EXPECT_FALSE(std::filesystem::exists(work / "ran"));
    EXPECT_EQ(left(), 0U);
}

TEST_F(KeptProcessTest, what_it_leaves_behind_ends_with_it) {
    KeptStart start = start_of("setsid sh -c 'trap \"\" TERM; echo up; exec sleep 600' & wait");
    start.grace = Milliseconds(300);
    KeptProcess process = started(start);
    process.go();
    char line[4] = {};
    pollfd watched{process.output(), POLLIN, 0};
    ASSERT_EQ(::poll(&watched, 1, 20'000), 1);
    ASSERT_EQ(::read(process.output(), line, 3), 3);
    process.ask();
    const auto end = end_of(process);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->signal, SIGTERM);
    EXPECT_TRUE(end->asked);
    EXPECT_TRUE(end->forced);
    EXPECT_EQ(left(), 0U);
}

TEST_F(KeptProcessTest, what_cannot_be_started_is_told) {
    KeptStart start = start_of("");
    start.program = work / "none";
    KeptProcess process = started(start);
    process.go();
    const auto end = end_of(process);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->not_started, "program");
    EXPECT_EQ(end->error_number, ENOENT);
}

TEST_F(KeptProcessTest, only_one_at_a_time) {
    KeptProcess first = started(start_of("echo up; sleep 600"));
    first.go();
    pollfd watched{first.output(), POLLIN, 0};
    ASSERT_EQ(::poll(&watched, 1, 20'000), 1);
    KeptProcess second = started(start_of("true"));
    second.go();
    const auto refused = end_of(second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    first.force();
    EXPECT_TRUE(end_of(first));
}

TEST_F(KeptProcessTest, it_is_held_to_the_policy) {
    narrow();
    if (!can_narrow()) GTEST_SKIP() << "this kernel cannot narrow";
    test::TemporaryDirectory outside;
    KeptProcess process = started(start_of("echo in > in; echo \"$TMPDIR\"; echo t > $TMPDIR/t; "
                                           "echo out > " +
                                           (outside / "out") + "; cat " + (session / "exit.new")));
    process.go();
    EXPECT_EQ(read_all(process.output()), (session / "tmp") + "\n");
    const auto end = end_of(process);
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_NE(end->exit_code, 0);
    EXPECT_EQ(content_of(work / "in"), "in\n");
    EXPECT_FALSE(std::filesystem::exists(outside / "out"));
    EXPECT_FALSE(std::filesystem::exists(session / "tmp"));
}

TEST_F(KeptProcessTest, a_policy_that_cannot_be_held_to_starts_nothing) {
    narrow();
    if (!can_narrow()) GTEST_SKIP() << "this kernel cannot narrow";
    spec().tool_policy.write_directories = std::vector<std::string>{work / "none"};
    KeptProcess process = started(start_of("echo ran > " + (work / "ran")));
    process.go();
    const auto refused = end_of(process);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument) << refused.error().message;
    EXPECT_FALSE(std::filesystem::exists(work / "ran"));
}

TEST_F(KeptProcessTest, it_ends_with_its_worker) {
    test::Fifo up(work / "up");
    {
        test::ChildProcess worker([&](test::LineChannel&) {
            KeptProcess process =
                started(start_of("trap '' HUP; echo up > up; exec sleep 600 2>/dev/null"));
            process.go();
            ::poll(nullptr, 0, 60'000);
            return 0;
        });
        ASSERT_TRUE(up.read_line());
        EXPECT_GT(left(), 0U);
        worker.kill();
    }
    const auto look = look_for_kept(LOONG_TEST_KEEPER, lost(), Milliseconds(10'000));
    ASSERT_TRUE(look) << look.error().message;
    EXPECT_EQ(*look, std::optional(false));
    EXPECT_EQ(left(), 0U);
}

TEST_F(KeptProcessTest, what_does_not_end_with_its_worker_is_ended) {
    test::Fifo up(work / "up");
    {
        test::ChildProcess worker([&](test::LineChannel&) {
            KeptStart start = start_of("trap '' TERM; echo up > up; while :; do sleep 60; done");
            start.grace = Seconds(60);
            KeptProcess process = started(start);
            process.go();
            ::poll(nullptr, 0, 60'000);
            return 0;
        });
        ASSERT_TRUE(up.read_line());
        worker.kill();
    }
    auto look = look_for_kept(LOONG_TEST_KEEPER, lost(), Milliseconds(0));
    ASSERT_TRUE(look) << look.error().message;
    EXPECT_EQ(*look, std::optional(true));
    const auto gone = end_kept(LOONG_TEST_KEEPER, lost(), EndHow::forced);
    ASSERT_TRUE(gone) << gone.error().message;
    EXPECT_TRUE(*gone);
    EXPECT_EQ(left(), 0U);
}

TEST_F(KeptProcessTest, a_starter_that_is_not_there_is_named) {
    KeptStart start = start_of("true");
    start.keeper_path = work / "loong-keeper";
    const auto process = KeptProcess::start(start);
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, ErrorCode::worker_unavailable);
    EXPECT_NE(process.error().message.find(work / "loong-starter"), std::string::npos);
}

} // namespace
} // namespace loong::local
