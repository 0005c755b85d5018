#include "child_process.hpp"
#include "fixture.hpp"
#include "handle.hpp"
#include "processes.hpp"
#include "system.hpp"
#include "work_lock.hpp"

#include <csignal>

namespace loong::local {
namespace {

using State = Probe::State;

/// A worker in a process of its own, which the test kills.
class DurableTest : public LocalRuntimeTest {
protected:
    /// Runs the session in another process and returns once its handle is saved.
    void start_worker() {
        worker_.emplace([this](test::LineChannel& parent) {
            context.on_save_handle = [&](std::string_view handle) -> Result<void> {
                parent.send("handle " + std::string(handle));
                // Saved once the test says so: until then nothing may have been started.
                if (!parent.receive()) return Error{ErrorCode::store_io, "no parent", {}};
                return {};
            };
            const auto outcome = runtime.run(context);
            parent.send(outcome ? "outcome " + std::string(to_string(outcome->kind))
                                : "error " + outcome.error().message);
            return 0;
        });
        next_handle();
    }
    /// Waits until the worker saves its next handle.
    void next_handle() {
        const auto line = worker_->receive();
        ASSERT_TRUE(line && line->starts_with("handle ")) << line.value_or("nothing");
        saved_ = line->substr(7);
        ASSERT_TRUE(context.save_handle(saved_));
    }
    void let_it_start() { ASSERT_TRUE(worker_->send("saved")); }
    void kill_worker() { worker_->kill(); }

    [[nodiscard]] Descriptor keeper() const { return open_process(parse_handle(saved_)->keeper); }
    void kill_keeper() const {
        const Descriptor process = keeper();
        ASSERT_TRUE(process);
        send_signal(process, SIGKILL);
        ASSERT_TRUE(test::wait_readable(process.get()));
    }
    void wait_for_keeper() const {
        const Descriptor process = keeper();
        if (process) {
            ASSERT_TRUE(test::wait_readable(process.get()));
        }
    }
    Outcome resume() {
        Outcome outcome = checked(runtime.resume(context, saved_));
        return outcome;
    }
    std::size_t count_left() {
        auto left = find_session_processes(spec().task_session_id);
        return left ? left->size() : 999;
    }
    void TearDown() override {
        worker_.reset();
        // Whatever a failed test left.
        static_cast<void>(runtime.end(lost(), EndHow::forced));
    }

    std::string saved_;
    std::optional<test::ChildProcess> worker_;
};

TEST_F(DurableTest, nothing_saved_is_never_started) {
    text("true");
    EXPECT_EQ(probe().state, State::never_started);
    const auto outcome = runtime.resume(context, "");
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->has_value());
    const auto gone = runtime.end(lost(), EndHow::graceful);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(*gone);
}

TEST_F(DurableTest, worker_killed_before_go_has_started_nothing) {
    text("touch started");
    start_worker();
    kill_worker();
    wait_for_keeper();
    EXPECT_EQ(probe().state, State::never_started);
    const auto outcome = runtime.resume(context, saved_);
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->has_value());
    EXPECT_NE(::access((work / "started").c_str(), F_OK), 0);
}

TEST_F(DurableTest, keeper_that_has_not_heard_of_its_workers_death_is_no_living_work) {
    text("touch started");
    start_worker();
    const Descriptor waiting = keeper();
    ASSERT_TRUE(waiting);
    send_signal(waiting, SIGSTOP);
    kill_worker();
    EXPECT_EQ(probe().state, State::unreachable);
    std::thread scheduler([&] { send_signal(waiting, SIGCONT); });
    EXPECT_EQ(probe().state, State::never_started);
    scheduler.join();
}

TEST_F(DurableTest, keeper_that_leaves_while_it_is_looked_for_is_no_living_work) {
    text("touch started");
    for (int round = 0; round < 100; ++round) {
        start_worker();
        // The keeper hears of it, lets go of its lock and leaves, while it is looked for.
        kill_worker();
        const Probe found = probe();
        ASSERT_EQ(found.state, State::never_started) << found.message << ", round " << round;
    }
}

TEST_F(DurableTest, work_outlives_its_worker_and_is_taken_over) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    text("echo before; echo > " + ready + "; read x < " + go_on + "; echo after; exit 7");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    EXPECT_EQ(probe().state, State::alive);
    std::thread writer([&] { std::ofstream(go_on) << "\n"; });
    const Outcome outcome = resume();
    writer.join();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, 7);
    EXPECT_EQ(standard_output(), "before\nafter\n");
    EXPECT_EQ(probe().state, State::finished);
}

TEST_F(DurableTest, outcome_is_collected_where_the_work_ended_alone) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    text("echo > " + ready + "; read x < " + go_on + "; kill -9 $$");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    std::ofstream(go_on) << "\n";
    wait_for_keeper();
    const Probe found = probe();
    EXPECT_EQ(found.state, State::finished);
    ASSERT_TRUE(found.outcome);
    EXPECT_EQ(found.outcome->kind, OutcomeKind::failed);
    EXPECT_EQ(found.outcome->signal, SIGKILL);
    EXPECT_EQ(resume().signal, SIGKILL);
}

TEST_F(DurableTest, taken_over_work_can_be_cancelled) {
    const std::string ready = make_pipe("ready");
    text("trap 'echo asked; exit 0' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    context.signal({.cancel = true});
    const Outcome outcome = resume();
    EXPECT_EQ(outcome.kind, OutcomeKind::cancelled);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(standard_output(), "asked\n");
}

TEST_F(DurableTest, taken_over_work_can_be_forced) {
    spec().limits.grace = std::chrono::seconds(100);
    const std::string ready = make_pipe("ready");
    text("trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    context.signal({.force = true, .timeout = true});
    const Outcome outcome = resume();
    EXPECT_EQ(outcome.signal, SIGKILL);
    EXPECT_EQ(count_left(), 0U);
}

TEST_F(DurableTest, detached_work_goes_on_and_can_be_taken_over) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    text("echo > " + ready + "; read x < " + go_on + "; exit 3");
    std::thread detacher([&] {
        read_line(ready);
        context.signal({.detach = true});
    });
    EXPECT_EQ(run().kind, OutcomeKind::detached);
    detacher.join();
    test::FakeSessionContext next(spec(), session.path(), LOONG_TEST_KEEPER);
    EXPECT_EQ(probe().state, State::alive);
    std::thread writer([&] { std::ofstream(go_on) << "\n"; });
    EXPECT_EQ(checked(runtime.resume(next, context.handle())).exit_code, 3);
    writer.join();
}

TEST_F(DurableTest, end_ends_the_work_of_a_lost_worker) {
    const std::string ready = make_pipe("ready");
    text("setsid sleep 1000 & trap 'echo asked; exit' TERM; echo > " + ready +
         "; while :; do sleep 0.01; done");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    const auto gone = runtime.end(lost(), EndHow::graceful);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(*gone);
    EXPECT_EQ(standard_output(), "asked\n");
    EXPECT_EQ(count_left(), 0U);
}

TEST_F(DurableTest, end_forces_what_ignores_the_question) {
    spec().limits.grace = std::chrono::milliseconds(100);
    const std::string ready = make_pipe("ready");
    text("trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    const auto gone = runtime.end(lost(), EndHow::graceful);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(*gone);
    EXPECT_EQ(count_left(), 0U);
}

TEST_F(DurableTest, end_copes_with_a_stopped_keeper) {
    spec().limits.grace = std::chrono::seconds(100);
    const std::string ready = make_pipe("ready");
    text("echo > " + ready + "; sleep 1000");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    send_signal(keeper(), SIGSTOP);
    const auto gone = runtime.end(lost(), EndHow::graceful);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(*gone);
    EXPECT_EQ(count_left(), 0U);
}

TEST_F(DurableTest, worker_that_lives_sees_its_work_ended_by_another) {
    spec().limits.grace = std::chrono::milliseconds(0);
    text("sleep 1000");
    start_worker();
    let_it_start();
    auto lock = WorkLock::take(session.path());
    ASSERT_TRUE(lock);
    EXPECT_FALSE(lock->has_value());
    const auto worker_outcome = [&] { return worker_->receive().value_or("nothing"); };
    // The worker sees its command end, and lets go of the lock with its process at the latest.
    const auto gone = runtime.end(lost(), EndHow::forced);
    EXPECT_TRUE(gone);
    EXPECT_EQ(worker_outcome(), "outcome failed");
}

TEST_F(DurableTest, killed_keeper_leaves_work_that_is_found_and_ended) {
    const std::string ready = make_pipe("ready");
    text("setsid sleep 1000 & echo > " + ready + "; sleep 1000");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    kill_keeper();
    auto lock = WorkLock::ask(session.path());
    ASSERT_TRUE(lock);
    EXPECT_EQ(*lock, WorkLock::State::free) << "the lock alone would say that it is gone";
    EXPECT_EQ(probe().state, State::alive);
    EXPECT_GE(count_left(), 2U);
    const auto gone = runtime.end(lost(), EndHow::graceful);
    ASSERT_TRUE(gone);
    EXPECT_TRUE(*gone);
    EXPECT_EQ(count_left(), 0U);
    EXPECT_EQ(probe().state, State::gone);
    const auto outcome = runtime.resume(context, saved_);
    ASSERT_TRUE(outcome);
    EXPECT_FALSE(outcome->has_value());
}

TEST_F(DurableTest, work_whose_keeper_was_killed_is_ended_by_who_takes_it_over) {
    const std::string ready = make_pipe("ready");
    text("echo > " + ready + "; sleep 1000");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    kill_keeper();
    const Outcome outcome = resume();
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "its keeper was killed, so how the command ended is not known");
    EXPECT_EQ(count_left(), 0U);
}

TEST_F(DurableTest, after_a_boot_the_work_is_gone_unless_its_record_is_there) {
    const std::string ready = make_pipe("ready");
    text("echo > " + ready + "; sleep 1000");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    Handle handle = *parse_handle(saved_);
    handle.boot_id = "another";
    LostSession other = lost();
    other.handle = format_handle(handle);
    // The work lives in truth; of a keeper of another boot nothing of that counts.
    EXPECT_EQ(runtime.probe(other)->state, State::gone);
    EXPECT_TRUE(*runtime.end(other, EndHow::forced));
    EXPECT_EQ(probe().state, State::alive) << "a process of this boot was not touched";
    EXPECT_TRUE(*runtime.end(lost(), EndHow::forced));
    const Probe found = *runtime.probe(other);
    EXPECT_EQ(found.state, State::finished);
    EXPECT_EQ(found.outcome->signal, SIGKILL);
}

TEST_F(DurableTest, number_of_the_keeper_that_another_process_has_now_is_not_the_keeper) {
    text("true");
    start_worker();
    let_it_start();
    const auto ended = worker_->receive();
    ASSERT_EQ(ended, "outcome completed");
    Handle handle = *parse_handle(saved_);
    // This process may well have started in the same clock tick as that keeper.
    handle.keeper = {::getpid(), identify(::getpid())->start_time + 1};
    LostSession other = lost();
    other.handle = format_handle(handle);
    ASSERT_EQ(::unlink((session / "exit").c_str()), 0);
    EXPECT_EQ(runtime.probe(other)->state, State::gone);
    EXPECT_TRUE(*runtime.end(other, EndHow::forced)) << "and we are still here";
}

TEST_F(DurableTest, handle_of_another_version_is_unreachable) {
    LostSession other = lost();
    other.handle = "{\"format\":2}";
    EXPECT_EQ(runtime.probe(other)->state, State::unreachable);
    other.handle = std::string("\0\xff nonsense", 11);
    EXPECT_EQ(runtime.probe(other)->state, State::unreachable);
}

TEST_F(DurableTest, second_worker_cannot_run_a_session_that_lives) {
    const std::string ready = make_pipe("ready");
    text("echo > " + ready + "; sleep 1000");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    context.on_save_handle = nullptr;
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::conflict);
}

TEST_F(DurableTest, record_is_believed_only_for_its_command) {
    plan("steps:\n- run: 'true'\n- name: second\n  run: echo > ready; sleep 1000\n");
    const std::string ready = make_pipe("ready");
    start_worker();
    let_it_start();
    next_handle();
    ASSERT_NE(content_of(session / "exit"), "");
    // Between the handle of the second step and its start.
    kill_worker();
    wait_for_keeper();
    EXPECT_EQ(probe().state, State::alive) << "the plan can go on";
    EXPECT_FALSE(keeper());
}

TEST_F(DurableTest, plan_goes_on_after_the_step_that_was_taken_over) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    plan("steps:\n- run: echo one\n- name: two\n  run: echo > ready; read x < go-on; echo two\n"
         "- run: echo three\n");
    start_worker();
    let_it_start();
    next_handle();
    let_it_start();
    read_line(ready);
    kill_worker();
    EXPECT_EQ(probe().state, State::alive);
    std::thread writer([&] { std::ofstream(go_on) << "\n"; });
    EXPECT_EQ(resume().kind, OutcomeKind::completed);
    writer.join();
    EXPECT_EQ(standard_output(), "one\ntwo\nthree\n");
    const auto steps = context.steps();
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0].step, "two");
    EXPECT_EQ(steps[0].state, StepRecord::State::completed);
    EXPECT_EQ(steps[2].step, "step-3");
}

TEST_F(DurableTest, plan_goes_on_at_the_step_that_never_started) {
    plan("steps:\n- run: echo one\n- name: two\n  run: echo two\n");
    start_worker();
    let_it_start();
    next_handle();
    kill_worker();
    wait_for_keeper();
    EXPECT_EQ(resume().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "one\ntwo\n");
}

TEST_F(DurableTest, plan_whose_last_command_failed_is_finished) {
    const std::string go_on = make_pipe("go-on");
    const std::string ready = make_pipe("ready");
    plan("steps:\n- name: only\n  run: echo > ready; read x < go-on; exit 2\n");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    std::ofstream(go_on) << "\n";
    wait_for_keeper();
    const Probe found = probe();
    EXPECT_EQ(found.state, State::finished);
    ASSERT_TRUE(found.outcome);
    EXPECT_EQ(found.outcome->message, "step only: exit code 2");
}

TEST_F(DurableTest, question_that_was_open_is_asked_on) {
    plan("steps:\n- run: echo one\n- name: go\n  approve: Now?\n- run: echo two\n");
    start_worker();
    let_it_start();
    next_handle();
    let_it_start();
    EXPECT_EQ(parse_handle(saved_)->command_id, "");
    kill_worker();
    EXPECT_EQ(probe().state, State::alive);
    context.resolve("step go/" + spec().task_session_id, RequestState::allowed);
    EXPECT_EQ(resume().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "one\ntwo\n");
}

TEST_F(DurableTest, answers_are_found_again_by_who_takes_over) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    plan("steps:\n- name: who\n  ask: Who?\n- run: echo > ready; read x < go-on\n"
         "- run: echo $LOONG_ANSWER_WHO\n");
    context.resolve("step who/" + spec().task_session_id, RequestState::answered, "me");
    start_worker();
    let_it_start();
    next_handle();
    let_it_start();
    read_line(ready);
    kill_worker();
    std::thread writer([&] { std::ofstream(go_on) << "\n"; });
    EXPECT_EQ(resume().kind, OutcomeKind::completed);
    writer.join();
    EXPECT_EQ(standard_output(), "me\n");
}

TEST_F(DurableTest, timeout_of_a_step_counts_from_its_start) {
    spec().limits.grace = std::chrono::milliseconds(50);
    const std::string ready = make_pipe("ready");
    plan("steps:\n- name: slow\n  timeout: 1h\n  run: echo > ready; sleep 1000\n");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    Handle handle = *parse_handle(saved_);
    handle.started_at -= std::int64_t{3600} * 1'000'000;
    saved_ = format_handle(handle);
    EXPECT_EQ(resume().message, "step slow: timed out after 1h");
}

TEST_F(DurableTest, bytes_that_the_index_does_not_know_keep_their_place) {
    plan("steps:\n- run: echo one; until [ -s " + session.path() +
         "/output.index ]; do :; done; echo > ready; sleep 1000\n  continue_on_error: true\n"
         "- run: echo three\n");
    const std::string ready = make_pipe("ready");
    start_worker();
    let_it_start();
    read_line(ready);
    kill_worker();
    kill_keeper();
    // As if it had been killed between the data and the index.
    std::ofstream(session / "stdout", std::ios::app) << "two\n";
    EXPECT_EQ(resume().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "one\ntwo\nthree\n");
    // one, two, three: a record each.
    EXPECT_EQ(content_of(session / "output.index").size(), 48U);
}

} // namespace
} // namespace loong::local
