#pragma once
/// Work that outlives its worker.

#include "runtime_contract_fixture.hpp"

namespace loong::test {

/// A second is promised; the rest is for a machine that has other things to do.
inline constexpr Seconds probe_limit{5};

TEST_P(RuntimeContract, nothing_starts_before_the_handle_is_saved) {
    LOONG_NEEDS_DURABLE();
    GetParam().wait(spec(), started_.path(), go_.path());
    int saved = 0;
    context_.on_save_handle = [&](std::string_view handle) -> Result<void> {
        ++saved;
        EXPECT_FALSE(handle.empty());
        EXPECT_LE(handle.size(), std::size_t{64} << 10U);
        return Error{ErrorCode::conflict, "session: it is another worker's now", {}};
    };
    const Result<Outcome> result = runtime().run(context_);
    EXPECT_GT(saved, 0);
    if (result) {
        EXPECT_NE(result->kind, OutcomeKind::completed);
        EXPECT_NE(result->kind, OutcomeKind::detached);
    }
    expect_nothing_left();
    EXPECT_FALSE(started_.read_line(Milliseconds(0)).has_value());
}

TEST_P(RuntimeContract, a_session_whose_handle_was_not_saved_runs_anew) {
    LOONG_NEEDS_DURABLE();
    if (!durable_runtime().starts_with_handle()) {
        GTEST_SKIP() << "it does not start with its handle";
    }
    GetParam().succeed(spec(), "once\n");
    int told = 0;
    context_.on_save_handle = [&](std::string_view) -> Result<void> {
        ++told;
        EXPECT_TRUE(context_.steps().empty() && context_.progress().empty() &&
                    context_.requests().empty() && output().empty())
            << "something was told before the handle";
        return Error{ErrorCode::conflict, "task: it was cancelled", {}};
    };
    static_cast<void>(runtime().run(context_));
    EXPECT_EQ(told, 1);
    context_.on_save_handle = nullptr;
    EXPECT_EQ(must(runtime().run(context_)).kind, OutcomeKind::completed);
    EXPECT_EQ(output(), "once\n");
    expect_nothing_left();
}

TEST_P(RuntimeContract, what_has_no_handle_was_never_started) {
    LOONG_NEEDS_DURABLE();
    GetParam().wait(spec(), started_.path(), go_.path());
    EXPECT_EQ(must(durable_runtime().probe(lost())).state, Probe::State::never_started);
    EXPECT_TRUE(must(durable_runtime().end(lost(), EndHow::graceful)));
    EXPECT_FALSE(must(durable_runtime().resume(context_, "")).has_value());
    EXPECT_FALSE(started_.read_line(Milliseconds(0)).has_value());
}

TEST_P(RuntimeContract, work_that_is_let_go_goes_on) {
    LOONG_NEEDS_DURABLE();
    auto running = start_waiting();
    context_.signal({.detach = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::detached);
    EXPECT_EQ(must(durable_runtime().probe(lost())).state, Probe::State::alive);

    FakeSessionContext next(spec(), session_.path(), GetParam().keeper_path);
    go_.write_line("go");
    const auto outcome = must(durable_runtime().resume(next, lost().handle));
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->kind, OutcomeKind::completed);
    EXPECT_EQ(output() + next.written(OutputStream::standard_output), "went on\n");
    expect_nothing_left();
}

TEST_P(RuntimeContract, work_outlives_a_killed_worker_and_is_taken_over) {
    LOONG_NEEDS_DURABLE();
    ASSERT_TRUE(lose_worker());
    const Probe probe = must(durable_runtime().probe(lost()));
    EXPECT_EQ(probe.state, Probe::State::alive);
    EXPECT_FALSE(probe.message.empty());
    auto resumed = std::async(std::launch::async, [this] {
        return must(durable_runtime().resume(context_, handle_)).value_or(Outcome());
    });
    go_.write_line("go");
    EXPECT_EQ(outcome_of(resumed).kind, OutcomeKind::completed);
    EXPECT_EQ(output(), "went on\n");
    expect_nothing_left();
}

TEST_P(RuntimeContract, probing_has_no_side_effects) {
    LOONG_NEEDS_DURABLE();
    ASSERT_TRUE(lose_worker());
    for (int i = 0; i < 20; ++i) {
        const auto start = std::chrono::steady_clock::now();
        ASSERT_EQ(must(durable_runtime().probe(lost())).state, Probe::State::alive);
        EXPECT_LT(std::chrono::steady_clock::now() - start, probe_limit);
    }
    go_.write_line("go");
    const auto outcome = must(durable_runtime().resume(context_, handle_));
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->kind, OutcomeKind::completed);
    EXPECT_EQ(output(), "went on\n");
}

TEST_P(RuntimeContract, taken_over_work_obeys_cancel) {
    LOONG_NEEDS_DURABLE();
    ASSERT_TRUE(lose_worker());
    auto resumed = std::async(std::launch::async, [this] {
        return must(durable_runtime().resume(context_, handle_)).value_or(Outcome());
    });
    context_.signal({.cancel = true});
    EXPECT_EQ(outcome_of(resumed).kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

TEST_P(RuntimeContract, what_ended_without_a_worker_is_not_taken_for_alive) {
    LOONG_NEEDS_DURABLE();
    if (!GetParam().goes_on_alone) GTEST_SKIP() << "this work does not go on without a worker";
    ASSERT_TRUE(lose_worker());
    go_.write_line("go");
    const auto until = std::chrono::steady_clock::now() + test_patience;
    Probe probe = must(durable_runtime().probe(lost()));
    // Nobody tells when work without a worker has ended: asking is the only way to learn it.
    while (probe.state == Probe::State::alive && std::chrono::steady_clock::now() < until) {
        static_cast<void>(started_.read_line(Milliseconds(5)));
        probe = must(durable_runtime().probe(lost()));
    }
    if (probe.state == Probe::State::finished) {
        ASSERT_TRUE(probe.outcome.has_value());
        EXPECT_EQ(probe.outcome->kind, OutcomeKind::completed);
        const auto collected = must(durable_runtime().resume(context_, handle_));
        ASSERT_TRUE(collected.has_value());
        EXPECT_EQ(collected->kind, OutcomeKind::completed);
    } else {
        EXPECT_EQ(probe.state, Probe::State::gone);
        EXPECT_FALSE(must(durable_runtime().resume(context_, handle_)).has_value());
    }
    EXPECT_EQ(output(), "went on\n");
    expect_nothing_left();
}

TEST_P(RuntimeContract, lost_work_is_ended_for_good) {
    LOONG_NEEDS_DURABLE();
    for (const EndHow how : {EndHow::graceful, EndHow::forced}) {
        if (how == EndHow::forced) renew_session();
        ASSERT_TRUE(lose_worker());
        const auto start = std::chrono::steady_clock::now();
        EXPECT_TRUE(must(durable_runtime().end(lost(), how)));
        EXPECT_LT(std::chrono::steady_clock::now() - start, Seconds(10));
        expect_nothing_left();
        const Probe probe = must(durable_runtime().probe(lost()));
        EXPECT_TRUE(probe.state == Probe::State::gone || probe.state == Probe::State::finished)
            << probe.message;
        if (probe.outcome) {
            EXPECT_NE(probe.outcome->kind, OutcomeKind::completed);
        }
        EXPECT_TRUE(must(durable_runtime().end(lost(), how)));
    }
}

TEST_P(RuntimeContract, lost_work_that_does_not_obey_is_forced) {
    LOONG_NEEDS_DURABLE();
    if (!GetParam().never_end) GTEST_SKIP() << "work of this runtime always obeys";
    spec().limits.grace = Milliseconds(300);
    GetParam().never_end(spec(), started_.path());
    auto running = start();
    ASSERT_TRUE(started_.read_line().has_value());
    context_.signal({.detach = true});
    ASSERT_EQ(outcome_of(running).kind, OutcomeKind::detached);
    const auto asked = std::chrono::steady_clock::now();
    EXPECT_TRUE(must(durable_runtime().end(lost(), EndHow::graceful)));
    EXPECT_LT(std::chrono::steady_clock::now() - asked, spec().limits.grace + Seconds(5));
    expect_nothing_left();
}

} // namespace loong::test
