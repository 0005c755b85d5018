#pragma once
/// Checking and running, which every runtime does.

#include "runtime_contract_fixture.hpp"

namespace loong::test {

TEST_P(RuntimeContract, check_accepts_what_can_be_run_and_leaves_no_trace) {
    GetParam().succeed(spec(), "text");
    EXPECT_EQ(code_of(runtime().check(spec())), "ok");
    if (GetParam().fail) {
        GetParam().fail(spec());
        EXPECT_EQ(code_of(runtime().check(spec())), "ok");
    }
    if (GetParam().wait) {
        GetParam().wait(spec(), started_.path(), go_.path());
        EXPECT_EQ(code_of(runtime().check(spec())), "ok");
    }
    EXPECT_TRUE(std::filesystem::is_empty(session_.path()));
    EXPECT_FALSE(started_.read_line(Milliseconds(0)).has_value());
    expect_nothing_left();
}

TEST_P(RuntimeContract, check_refuses_nonsense) {
    // A tenth of a second is promised; the rest is for a machine that has other things to do.
    constexpr Seconds limit{3};
    for (const RuntimeSubject::Nonsense& one : GetParam().nonsense) {
        SessionSpec nonsense = spec();
        one.make(nonsense);
        const auto start = std::chrono::steady_clock::now();
        const Result<void> result = runtime().check(nonsense);
        EXPECT_LT(std::chrono::steady_clock::now() - start, limit) << one.what;
        EXPECT_EQ(code_of(result), one.code) << one.what;
        if (!result) {
            EXPECT_FALSE(result.error().message.empty()) << one.what;
        }
    }
}

TEST_P(RuntimeContract, an_unknown_extension_is_none) {
    EXPECT_EQ(runtime().extension("loong.runtime.no-such-thing"), nullptr);
    EXPECT_EQ(runtime().extension(""), nullptr);
}

TEST_P(RuntimeContract, work_that_succeeds_is_completed_with_its_output) {
    const std::string text = "one\ntwo \xc3\xa4\xf0\x9f\x90\x89\n\nno newline at the end";
    GetParam().succeed(spec(), text);
    const Outcome outcome = must(runtime().run(context_));
    EXPECT_EQ(outcome.kind, OutcomeKind::completed) << outcome.message;
    EXPECT_EQ(outcome.exit_code.value_or(0), 0);
    EXPECT_EQ(outcome.signal, std::nullopt);
    EXPECT_EQ(output(), text);
    if (outcome.started_at && outcome.ended_at) {
        EXPECT_LE(*outcome.started_at, *outcome.ended_at);
    }
    expect_nothing_left();
}

TEST_P(RuntimeContract, work_that_fails_is_failed_and_says_why) {
    LOONG_NEEDS_FAIL();
    GetParam().fail(spec());
    const Outcome outcome = must(runtime().run(context_));
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_FALSE(outcome.message.empty());
    expect_nothing_left();
}

TEST_P(RuntimeContract, output_arrives_whole_when_there_is_much) {
    std::string text;
    for (int line = 0; text.size() < 100'000; ++line) text += std::to_string(line) + '\n';
    GetParam().succeed(spec(), text);
    EXPECT_EQ(must(runtime().run(context_)).kind, OutcomeKind::completed);
    EXPECT_TRUE(output() == text);
}

TEST_P(RuntimeContract, one_runtime_runs_sessions_one_after_the_other) {
    for (int i = 0; i < 3; ++i) {
        const TemporaryDirectory directory;
        FakeSessionContext context(make_spec(), directory.path(), GetParam().keeper_path);
        const bool fails = i == 1 && GetParam().fail;
        if (fails) {
            GetParam().fail(context.editable_spec());
        } else {
            GetParam().succeed(context.editable_spec(), "text");
        }
        EXPECT_EQ(must(runtime().run(context)).kind,
                  fails ? OutcomeKind::failed : OutcomeKind::completed);
    }
}

TEST_P(RuntimeContract, work_that_waits_goes_on_when_it_may) {
    LOONG_NEEDS_WAIT();
    auto running = start_waiting();
    go_.write_line("go");
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::completed);
    EXPECT_EQ(output(), "went on\n");
    expect_nothing_left();
}

TEST_P(RuntimeContract, cancel_ends_the_work_long_before_the_grace_time) {
    LOONG_NEEDS_WAIT();
    auto running = start_waiting();
    context_.signal({.cancel = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::cancelled);
    EXPECT_EQ(output(), "");
    expect_nothing_left();
}

TEST_P(RuntimeContract, cancel_that_came_before_the_start_is_obeyed) {
    LOONG_NEEDS_WAIT();
    GetParam().wait(spec(), started_.path(), go_.path());
    context_.signal({.cancel = true});
    auto running = start();
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

TEST_P(RuntimeContract, timeout_ends_the_work_and_is_told_as_such) {
    LOONG_NEEDS_WAIT();
    auto running = start_waiting();
    context_.signal({.timeout = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::timed_out);
    expect_nothing_left();
}

TEST_P(RuntimeContract, work_that_does_not_obey_is_forced_after_the_grace_time) {
    if (!GetParam().never_end) GTEST_SKIP() << "work of this runtime always obeys";
    constexpr Milliseconds grace{300};
    spec().limits.grace = grace;
    GetParam().never_end(spec(), started_.path());
    auto running = start();
    ASSERT_TRUE(started_.read_line().has_value());
    const auto asked = std::chrono::steady_clock::now();
    context_.signal({.cancel = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::cancelled);
    const auto took = std::chrono::steady_clock::now() - asked;
    EXPECT_GE(took, grace);
    EXPECT_LT(took, grace + Seconds(5));
    expect_nothing_left();
}

TEST_P(RuntimeContract, force_does_not_wait_for_the_grace_time) {
    if (!GetParam().never_end) GTEST_SKIP() << "work of this runtime always obeys";
    GetParam().never_end(spec(), started_.path());
    auto running = start();
    ASSERT_TRUE(started_.read_line().has_value());
    context_.signal({.cancel = true});
    EXPECT_EQ(running.wait_for(Milliseconds(50)), std::future_status::timeout);
    context_.signal({.cancel = true, .force = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

TEST_P(RuntimeContract, a_runtime_that_cannot_let_go_takes_detach_for_cancel) {
    LOONG_NEEDS_WAIT();
    if (durable(runtime()) != nullptr) GTEST_SKIP() << "this runtime can let go of its work";
    auto running = start_waiting();
    context_.signal({.detach = true});
    EXPECT_EQ(outcome_of(running).kind, OutcomeKind::cancelled);
    expect_nothing_left();
}

} // namespace loong::test
