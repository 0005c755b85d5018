#include "record.hpp"
#include "request_events.hpp"
#include "support/summary_text.hpp"
#include "task_machine.hpp"
#include "task_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::TaskMachine;

TaskDocument timed_document() {
    TaskDocument document = test::sample_document();
    document.limits.timeout = 60s;
    document.limits.grace = 10s;
    document.start_within = 30s;
    return document;
}

TEST(Evolve, TheFirstStateIsThatOfTheDocument) {
    TaskDocument document = timed_document();
    document.priority = 4;
    document.retry_limit = 2;
    document.dedupe_key = "nightly";
    document.depth = 1;
    document.tool_policy.narrowed = true;
    document.secret_names = {"TOKEN"};
    document.dependencies = {{test::task_id_of(5), true}};
    const TaskState state = initial_state(document);
    EXPECT_EQ(state.summary.revision, 0U);
    EXPECT_EQ(state.summary.label, "build");
    EXPECT_EQ(state.summary.timeout_seconds, 60.0);
    EXPECT_EQ(state.summary.priority, 4);
    EXPECT_EQ(state.summary.retry_limit, 2);
    EXPECT_EQ(state.summary.dedupe_key, "nightly");
    EXPECT_EQ(state.summary.depth, 1);
    EXPECT_TRUE(state.summary.tool_narrowing_active);
    EXPECT_EQ(state.summary.dependencies.size(), 1U);
    EXPECT_TRUE(state.has_secrets);
    EXPECT_EQ(current_session(state), nullptr);
}

// ---- overdue ------------------------------------------------------------------------------------

TEST(Evolve, AReadyTaskIsOverdueWhenItWasNotStartedInTime) {
    TaskMachine task(timed_document());
    task.create();
    EXPECT_EQ(task.summary().overdue_at, task.now + 30s);
    task.start();
    EXPECT_EQ(task.summary().overdue_at, task.now + 60s + 10s + ending_allowance);
}

TEST(Evolve, AHeldTaskIsNeverOverdueAndCountsFromItsRelease) {
    TaskMachine task(timed_document());
    task.create(true);
    EXPECT_FALSE(task.summary().overdue_at);
    task.advance(100s);
    task.apply(command::Release{});
    EXPECT_EQ(task.summary().overdue_at, task.now + 30s);
}

TEST(Evolve, ARetryIsOverdueOnlyAfterItWasDue) {
    TaskDocument document = timed_document();
    document.retry_limit = 1;
    TaskMachine task(document);
    task.create(), task.start(), task.finish(OutcomeKind::failed);
    EXPECT_EQ(task.summary().not_before, task.now + 1s);
    EXPECT_EQ(task.summary().overdue_at, task.now + 1s + 30s);
}

TEST(Evolve, ACancelIsOverdueAfterTheGraceTime) {
    TaskMachine task;
    task.create(), task.start();
    EXPECT_FALSE(task.summary().overdue_at);
    task.advance(5s);
    task.apply(command::Cancel{});
    const Time expected = task.now + 10s + ending_allowance;
    EXPECT_EQ(task.summary().overdue_at, expected);
    task.advance(3s);
    task.apply(command::Cancel{true, {}});
    EXPECT_EQ(task.summary().overdue_at, expected);
    task.finish(OutcomeKind::failed);
    EXPECT_FALSE(task.summary().overdue_at);
}

TEST(Evolve, WhicheverComesFirstMakesOverdue) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    const Time deadline = task.now + 60s;
    task.advance(58s);
    task.apply(command::Cancel{});
    EXPECT_EQ(task.summary().overdue_at, task.now + 10s + ending_allowance);
    TaskMachine late(timed_document());
    late.create(), late.start();
    late.advance(65s);
    late.apply(command::Cancel{});
    EXPECT_EQ(late.summary().overdue_at, deadline + 10s + ending_allowance);
}

TEST(Evolve, AWallClockThatWasSetMovesNothingThatIsDue) {
    for (const Microseconds skew : {Microseconds(100h), Microseconds(-100h)}) {
        TaskDocument document = timed_document();
        document.retry_limit = 1;
        TaskMachine task(document);
        task.create();
        task.clock_skew = skew;
        task.start();
        EXPECT_EQ(task.log.back().at, task.now + skew);
        EXPECT_EQ(task.summary().updated_at, task.now + skew);
        EXPECT_EQ(task.summary().state_since, task.now);
        EXPECT_EQ(task.summary().deadline_at, task.now + 60s);
        task.open("question");
        EXPECT_EQ(task.summary().oldest_request->since, task.now);
        task.clock_skew = -skew;
        task.advance(5s);
        task.resolve("r1", RequestState::allowed);
        EXPECT_EQ(task.summary().deadline_at, task.now + 60s);
        task.apply(command::Cancel{});
        EXPECT_EQ(task.summary().cancel_requested_at, task.now);
        TaskMachine failing(document);
        failing.create(), failing.start();
        failing.clock_skew = skew;
        failing.finish(OutcomeKind::failed);
        EXPECT_EQ(failing.summary().not_before, failing.now + 1s);
        EXPECT_EQ(failing.summary().overdue_at, failing.now + 1s + 30s);
    }
}

TEST(Evolve, TheClockStopsWhileARequestIsOpen) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    const Time started = task.now;
    EXPECT_EQ(task.summary().deadline_at, started + 60s);
    task.advance(10s);
    task.open("a");
    EXPECT_FALSE(task.summary().deadline_at);
    EXPECT_FALSE(task.summary().overdue_at);
    EXPECT_EQ(task.state.paused_since, task.now);
    task.advance(100s);
    task.open("b");
    task.advance(5s);
    task.resolve("r1", RequestState::allowed);
    EXPECT_FALSE(task.summary().deadline_at);
    task.advance(5s);
    task.apply(command::WithdrawRequest{"r2", ""});
    EXPECT_EQ(task.state.paused, 110s);
    EXPECT_EQ(task.summary().deadline_at, started + 60s + 110s);
    task.open("c");
    task.apply(command::Cancel{});
    EXPECT_EQ(task.summary().overdue_at, task.now + 10s + ending_allowance);
}

TEST(Evolve, TheClockStandsStillUntilAnAnsweredSessionHasItsSlot) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    const Time started = task.now;
    task.advance(10s);
    task.open("a");
    task.resolve("r1", RequestState::allowed);
    EXPECT_EQ(task.summary().deadline_at, started + 60s);
    task.apply(command::AwaitSlot{task.session()});
    EXPECT_FALSE(task.summary().deadline_at);
    EXPECT_FALSE(task.summary().overdue_at);
    task.advance(100s);
    task.open("b");
    task.apply(command::TakeSlot{task.session()});
    EXPECT_FALSE(task.summary().deadline_at);
    task.advance(10s);
    task.resolve("r2", RequestState::allowed);
    EXPECT_EQ(task.summary().deadline_at, started + 60s + 110s);
}

TEST(Evolve, WhoeverTakesOverKnowsWhatIsLeftOfTheTimeout) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    task.advance(10s);
    EXPECT_EQ(timeout_left(task.state, task.now), 50s);
    task.open("a");
    task.advance(100s);
    EXPECT_EQ(timeout_left(task.state, task.now), 50s);
    task.resolve("r1", RequestState::allowed);
    task.advance(20s);
    EXPECT_EQ(timeout_left(task.state, task.now), 30s);
    task.advance(40s);
    EXPECT_EQ(timeout_left(task.state, task.now), -10s);
    TaskMachine endless;
    endless.create(), endless.start();
    EXPECT_FALSE(timeout_left(endless.state, endless.now));
}

TEST(Evolve, ASlotIsNoLongerAwaitedByWhatHasEndedOrIsTakenOver) {
    TaskMachine adopted(timed_document());
    adopted.create(), adopted.start();
    const Time started = adopted.now;
    adopted.apply(command::AwaitSlot{adopted.session()});
    adopted.advance(20s);
    adopted.apply(command::Adopt{12, "other", 99, "it lives"});
    EXPECT_EQ(adopted.summary().deadline_at, started + 60s + 20s);
    TaskMachine ended(timed_document());
    ended.create(), ended.start();
    ended.apply(command::AwaitSlot{ended.session()});
    ended.apply(command::Finish{ended.session(), 7, Outcome{}});
    EXPECT_FALSE(ended.state.awaits_slot);
    EXPECT_FALSE(ended.state.paused_since);
}

TEST(Evolve, AClockThatIsSetBackDoesNoHarm) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    const Time started = task.now;
    task.advance(10s);
    task.open("a");
    task.advance(-500s);
    task.resolve("r1", RequestState::allowed);
    EXPECT_EQ(task.state.paused, 0s);
    EXPECT_EQ(task.summary().deadline_at, started + 60s);
    EXPECT_EQ(task.summary().updated_at, task.now);
}

TEST(Evolve, EndlessLimitsDoNotRunOver) {
    TaskDocument document = test::sample_document();
    document.limits.timeout = Seconds(std::numeric_limits<std::int64_t>::max() / 1'000'000);
    document.limits.grace = Microseconds(std::numeric_limits<std::int64_t>::max() / 2);
    TaskMachine task(document);
    task.create(), task.start();
    EXPECT_FALSE(task.summary().overdue_at);
    task.apply(command::Cancel{});
    EXPECT_TRUE(task.summary().overdue_at);
}

TEST(Evolve, AdoptionChangesTheWorkerAndNothingElse) {
    TaskMachine task(timed_document());
    task.create(), task.start();
    const TaskSummary before = task.summary();
    task.advance(20s);
    task.apply(command::Adopt{12, "other", 99, "it lives"});
    EXPECT_EQ(task.summary().deadline_at, before.deadline_at);
    EXPECT_EQ(task.summary().state_since, before.state_since);
    EXPECT_EQ(task.summary().task_session_id, before.task_session_id);
    EXPECT_TRUE(task.summary().recovered);
    const SessionFacts& session = *current_session(task.state);
    EXPECT_EQ(session.lease_token, 12U);
    EXPECT_EQ(session.host, "other");
    EXPECT_EQ(task.state.recovery->action, "adopted");
}

// ---- attention ----------------------------------------------------------------------------------

TEST(Evolve, AttentionIsWhatTheEventsTell) {
    TaskMachine task;
    task.create();
    EXPECT_FALSE(task.summary().attention);
    task.start();
    EXPECT_FALSE(task.summary().attention);
    task.open("name", RequestKind::input);
    EXPECT_TRUE(task.summary().attention);
    EXPECT_FALSE(task.summary().oldest_request->is_approval);
    task.open("publish");
    EXPECT_EQ(task.summary().oldest_request->request_id, "r2");
    EXPECT_TRUE(task.summary().oldest_request->is_approval);
    EXPECT_EQ(task.summary().open_approvals, 1);
    EXPECT_EQ(task.summary().open_inputs, 1);
    task.resolve("r2", RequestState::denied);
    task.resolve("r1", RequestState::answered, "x");
    EXPECT_FALSE(task.summary().attention);
    EXPECT_FALSE(task.summary().oldest_request);
    Progress progress;
    progress.state = ProgressState::blocked;
    task.apply(command::Report{task.session(), progress});
    EXPECT_TRUE(task.summary().attention);
    task.apply(command::Cancel{});
    EXPECT_FALSE(task.summary().attention);
    task.finish(OutcomeKind::failed);
    EXPECT_FALSE(task.summary().attention);
}

// ---- totality -----------------------------------------------------------------------------------

Event event_of(EventKind kind, const std::string& session_id, Value data = Value::Object{}) {
    Event event;
    event.kind = kind;
    event.kind_name = std::string(to_string(kind));
    event.session_id = session_id;
    event.data = std::move(data);
    return event;
}

std::string without_revision(TaskSummary summary) {
    summary.revision = 0;
    summary.updated_at = Time{};
    return test::write_summary_text(summary);
}

/// Only what is said to be kept outside sessions (recovered, archived, …) may change.
void expect_ignored(const TaskMachine& task, const std::vector<EventKind>& kinds,
                    const std::string& session_id) {
    for (const EventKind kind : kinds) {
        Event event = event_of(kind, session_id);
        event.id = task.summary().revision + 1;
        event.at = task.now + 1s;
        const TaskState next = evolve(task.state, event);
        EXPECT_EQ(next.summary.revision, event.id);
        EXPECT_EQ(next.summary.updated_at, event.at);
        EXPECT_EQ(without_revision(next.summary), without_revision(task.summary()))
            << to_string(kind);
    }
}

TEST(Evolve, WhatDoesNotFitChangesNothing) {
    using enum EventKind;
    TaskMachine none;
    expect_ignored(none,
                   {delegate_started, delegate_completed, delegate_failed, delegate_timed_out,
                    delegate_cancel_requested, delegate_cancelled, delegate_spawn_failed,
                    approval_requested, task_progress, task_archived, task_released, unknown},
                   "s");
    TaskMachine ready;
    ready.create();
    expect_ignored(ready,
                   {delegate_queued, delegate_completed, delegate_timed_out,
                    delegate_cancel_requested, delegate_cancel_acknowledged, approval_requested,
                    input_requested, task_progress, step_started, task_archived, task_released,
                    unknown},
                   ready.session());
    expect_ignored(ready, {delegate_queued, delegate_started, delegate_failed, delegate_cancelled},
                   "session-other");
    TaskMachine ended;
    ended.create(), ended.start(), ended.finish(OutcomeKind::completed);
    expect_ignored(ended,
                   {delegate_queued, delegate_started, delegate_completed, delegate_failed,
                    delegate_timed_out, delegate_cancelled, delegate_cancel_requested,
                    delegate_spawn_failed, delegate_late_result, approval_requested, task_progress,
                    step_failed, task_held, task_released},
                   ended.session());
}

/// Data with the members that events have, but of any type.
Value any_data(std::mt19937& random) {
    const std::vector<Value> values = {nullptr,
                                       true,
                                       -1,
                                       std::numeric_limits<std::int64_t>::max(),
                                       std::numeric_limits<std::int64_t>::min(),
                                       0.5,
                                       1e300,
                                       "",
                                       "r1",
                                       "blocked",
                                       "9999-12-31T23:59:59.999999Z",
                                       "0000-01-01T00:00:00Z",
                                       Value::Array{1, "x"},
                                       Value::Object{{"kind", "completed"}, {"id", 7}}};
    Value data = Value::Object{};
    for (const char* key :
         {"attempt",    "not_before", "outcome",  "lease_token", "worker",
          "request_id", "key",        "question", "options",     "expires_at",
          "decision",   "state",      "percent",  "done",        "total",
          "step",       "index",      "force",    "action",      "from_session_id",
          "code",       "message",    "adopted"}) {
        if (random() % 2 == 0) data.set(key, values[random() % values.size()]);
    }
    return data;
}

TEST(Evolve, AnyEventWithAnyDataIsFolded) {
    std::mt19937 random(4);
    for (int round = 0; round < 3'000; ++round) {
        TaskState state = initial_state(timed_document());
        for (std::uint64_t id = 1; id <= 40; ++id) {
            const auto kind =
                static_cast<EventKind>(random() % (static_cast<unsigned>(last_event_kind) + 1));
            Event event = event_of(kind, "s" + std::to_string(random() % 3), any_data(random));
            event.id = id;
            event.at = Time(Microseconds(static_cast<std::int64_t>(random()) - 2'000'000'000));
            const bool was_terminal =
                !state.sessions.empty() && is_terminal(state.summary.session_state);
            const std::size_t sessions = state.sessions.size();
            const SessionState before = state.summary.session_state;
            state = evolve(std::move(state), event);
            ASSERT_EQ(state.summary.revision, id);
            if (was_terminal && state.sessions.size() == sessions) {
                ASSERT_EQ(state.summary.session_state, before);
            }
        }
    }
}

} // namespace
} // namespace loong
