#include "child_process.hpp"
#include "fifo.hpp"
#include "fixture.hpp"
#include "processes.hpp"
#include "work_lock.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>

namespace loong::local {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

class SignalsTest : public LocalRuntimeTest {
protected:
    /// Runs in a second thread, so that the test can give signals.
    void start(const std::string& script) {
        text(script);
        thread_ = std::thread([this] { outcome_ = run(); });
    }
    Outcome finish() {
        thread_.join();
        return outcome_;
    }
    void TearDown() override {
        if (thread_.joinable()) thread_.join();
    }

    void expect_nothing_left() {
        auto left = find_session_processes(spec().task_session_id);
        ASSERT_TRUE(left);
        EXPECT_EQ(left->size(), 0U);
    }

private:
    std::thread thread_;
    Outcome outcome_;
};

TEST_F(SignalsTest, cancel_asks_politely) {
    const std::string ready = make_pipe("ready");
    start("trap 'echo asked; exit 5' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
    read_line(ready);
    context.signal({.cancel = true});
    const Outcome outcome = finish();
    EXPECT_EQ(outcome.kind, OutcomeKind::cancelled);
    EXPECT_EQ(outcome.exit_code, 5);
    EXPECT_EQ(outcome.message, "cancelled");
    EXPECT_EQ(standard_output(), "asked\n");
}

TEST_F(SignalsTest, what_ignores_the_question_is_killed_after_the_grace_time) {
    spec().limits.grace = std::chrono::milliseconds(200);
    const std::string ready = make_pipe("ready");
    start("trap '' TERM; sh -c 'while :; do sleep 1; done' & echo > " + ready + "; wait");
    read_line(ready);
    const auto begin = Clock::now();
    context.signal({.cancel = true});
    const Outcome outcome = finish();
    EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(200));
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(outcome.kind, OutcomeKind::cancelled);
    EXPECT_EQ(outcome.signal, SIGKILL);
    EXPECT_EQ(outcome.message, "cancelled, by force");
    expect_nothing_left();
}

TEST_F(SignalsTest, force_does_not_wait) {
    spec().limits.grace = std::chrono::seconds(100);
    const std::string ready = make_pipe("ready");
    start("trap '' TERM; echo > " + ready + "; while :; do sleep 1; done");
    read_line(ready);
    context.signal({.cancel = true});
    context.signal({.force = true});
    EXPECT_EQ(finish().kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

TEST_F(SignalsTest, timeout_ends_the_whole_tree) {
    spec().limits.grace = std::chrono::milliseconds(100);
    spec().limits.timeout = Seconds(7);
    const std::string ready = make_pipe("ready");
    // One in the group, one that ignores TERM, one in a session of its own, and one whose parent
    // has ended.
    start("sleep 1000 & (trap '' TERM; sleep 1000) & setsid sleep 1000 & "
          "setsid sh -c 'setsid sleep 1000 & exit'; echo > " +
          ready + "; wait");
    read_line(ready);
    context.signal({.timeout = true});
    const Outcome outcome = finish();
    EXPECT_EQ(outcome.kind, OutcomeKind::timed_out);
    EXPECT_EQ(outcome.message, "timed out after 7s");
    expect_nothing_left();
}

TEST_F(SignalsTest, what_had_ended_already_has_its_own_outcome) {
    const std::string ready = make_pipe("ready");
    const std::string asked = make_pipe("asked");
    // What is left behind is asked once the keeper has seen that the command ended; it stays.
    start("(trap 'echo > " + asked + "' TERM; echo > " + ready +
          "; while :; do sleep 0.01; done) & read x < " + ready + "; exit 3");
    read_line(asked);
    context.signal({.cancel = true});
    context.signal({.force = true});
    const Outcome outcome = finish();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, 3);
    expect_nothing_left();
}

TEST_F(SignalsTest, cancelled_before_it_starts_it_never_starts) {
    context.signal({.cancel = true});
    const Outcome outcome = run_text("touch started");
    EXPECT_EQ(outcome.kind, OutcomeKind::cancelled);
    EXPECT_NE(::access((work / "started").c_str(), F_OK), 0);
}

TEST_F(SignalsTest, cancel_that_comes_between_handle_and_start_still_counts) {
    context.on_save_handle = [this](std::string_view) -> Result<void> {
        context.signal({.cancel = true});
        return {};
    };
    EXPECT_EQ(run_text("sleep 1000").kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

TEST_F(SignalsTest, background_processes_are_ended_with_the_command) {
    const auto begin = Clock::now();
    EXPECT_EQ(run_text("sleep 1000 & setsid sleep 1000 & setsid sh -c 'setsid sleep 1000 &'; "
                       "exit 4")
                  .exit_code,
              4);
    EXPECT_LT(Clock::now() - begin, std::chrono::milliseconds(900)) << "they were asked first";
    expect_nothing_left();
}

TEST_F(SignalsTest, background_processes_that_ignore_the_question_are_killed) {
    EXPECT_EQ(run_text("setsid sh -c 'trap \"\" TERM; echo x; while :; do sleep 1; done' & "
                       "until [ -s " +
                       session.path() + "/stdout ]; do :; done")
                  .exit_code,
              0);
    expect_nothing_left();
}

TEST_F(SignalsTest, worker_among_the_descendants_is_spared) {
    const std::string out = make_pipe("out");
    const std::string in = make_pipe("in");
    // As `loong tasks create` inside a task does it: detached, and with another environment.
    text("LOONG_TASK_SESSION_ID= LOONG_WORKER=1 setsid sh -c 'echo ready > " + out + "; read x < " +
         in + "; echo $x > " + out + "' >/dev/null 2>&1 & read x < " + out + "; echo $x");
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "ready\n");
    std::thread writer([&] { std::ofstream(in) << "alive\n"; });
    EXPECT_EQ(read_line(out), "alive");
    writer.join();
}

TEST_F(SignalsTest, workers_that_are_just_starting_are_spared) {
    test::Fifo out(work.path() + "/out");
    const std::string stop = work.path() + "/stop";
    const std::string ready = work.path() + "/ready";
    // Each goes from one program to the next all the time; between two its environment cannot be read.
    // None outlives the test's directory.
    spec().environment.emplace_back("starts", "[ -d " + work.path() + " ] || exit; [ -e " + stop +
                                                  " ] && echo alive > " + out.path() +
                                                  " && exit; exec /bin/sh -c \"$starts\"");
    text("LOONG_TASK_SESSION_ID= LOONG_WORKER=1; export LOONG_TASK_SESSION_ID LOONG_WORKER; "
         "for i in 1 2 3 4 5 6 7 8; do setsid sh -c 'echo >> " +
         ready + "; eval \"$starts\"' >/dev/null 2>&1 & done; until [ \"$(wc -l < " + ready +
         ")\" = 8 ]; do :; done");
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    std::ofstream(stop) << "now";
    for (int i = 0; i < 8; ++i) ASSERT_EQ(out.read_line(), "alive") << i;
}

TEST_F(SignalsTest, stopped_work_is_ended_too) {
    const std::string ready = make_pipe("ready");
    start("echo > " + ready + "; kill -STOP $$");
    read_line(ready);
    context.signal({.cancel = true});
    EXPECT_EQ(finish().kind, OutcomeKind::cancelled);
}

TEST_F(SignalsTest, killed_keeper_does_not_hang_the_session) {
    const std::string ready = make_pipe("ready");
    start("setsid sleep 1000 & echo $PPID > " + ready + "; sleep 1000");
    const std::string keeper = read_line(ready);
    ASSERT_EQ(::kill(static_cast<pid_t>(std::stol(keeper)), SIGKILL), 0);
    const Outcome outcome = finish();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "its keeper was killed, so how the command ended is not known");
    expect_nothing_left();
}

TEST_F(SignalsTest, orphans_of_a_killed_keeper_are_found_without_their_environment) {
    const std::string ready = make_pipe("ready");
    const std::string keeper = make_pipe("keeper");
    start("env -i setsid sh -c 'sleep 1000 & echo $! $$ > " + ready + "; wait' & echo $PPID > " +
          keeper + "; sleep 1000");
    std::istringstream pids(read_line(ready));
    pid_t orphan = 0;
    pid_t its_parent = 0;
    pids >> orphan >> its_parent;
    ASSERT_EQ(::kill(orphan, 0), 0);
    ASSERT_EQ(::kill(static_cast<pid_t>(std::stol(read_line(keeper))), SIGKILL), 0);
    EXPECT_EQ(finish().kind, OutcomeKind::failed);
    EXPECT_NE(::kill(orphan, 0), 0);
    EXPECT_NE(::kill(its_parent, 0), 0);
}

TEST_F(SignalsTest, keeper_that_is_asked_by_a_passer_by_ends_the_work) {
    const std::string ready = make_pipe("ready");
    start("echo $PPID > " + ready + "; sleep 1000");
    const std::string keeper = read_line(ready);
    // Of all others it takes no notice.
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR2, SIGTERM}) {
        ASSERT_EQ(::kill(static_cast<pid_t>(std::stol(keeper)), signal), 0);
    }
    const Outcome outcome = finish();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.signal, SIGTERM);
    EXPECT_EQ(outcome.message, "was ended by a signal to its keeper");
}

TEST_F(SignalsTest, work_that_closes_all_descriptors_does_not_fool_the_lock) {
    const std::string ready = make_pipe("ready");
    start("exec 3>&- 4>&- 5>&- 6>&- 7>&-; exec >/dev/null 2>&1; echo > " + ready +
          "; trap 'exit 0' TERM; while :; do sleep 0.01; done");
    read_line(ready);
    EXPECT_EQ(probe().state, Probe::State::alive);
    auto lock = WorkLock::ask(session.path());
    ASSERT_TRUE(lock);
    EXPECT_EQ(*lock, WorkLock::State::held);
    context.signal({.cancel = true});
    EXPECT_EQ(finish().kind, OutcomeKind::cancelled);
}

} // namespace
} // namespace loong::local
