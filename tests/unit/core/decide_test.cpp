#include "decide.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::TaskMachine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- every command in every state ---------------------------------------------------------------

using Prepare = std::function<void(TaskMachine&)>;

const std::vector<std::pair<std::string, Prepare>>& states() {
    static const std::vector<std::pair<std::string, Prepare>> all = {
        {"new", [](TaskMachine&) {}},
        {"ready", [](TaskMachine& task) { task.create(); }},
        {"held", [](TaskMachine& task) { task.create(true); }},
        {"running", [](TaskMachine& task) { task.create(), task.start(); }},
        {"asking", [](TaskMachine& task) { task.create(), task.start(), task.open("k"); }},
        {"cancelling",
         [](TaskMachine& task) { task.create(), task.start(), task.apply(command::Cancel{}); }},
        {"completed",
         [](TaskMachine& task) {
             task.create(), task.start(), task.finish(OutcomeKind::completed);
         }},
        {"failed",
         [](TaskMachine& task) { task.create(), task.start(), task.finish(OutcomeKind::failed); }},
        {"timed_out",
         [](TaskMachine& task) {
             task.create(), task.start(), task.finish(OutcomeKind::timed_out);
         }},
        {"cancelled", [](TaskMachine& task) { task.create(), task.apply(command::Cancel{}); }},
    };
    return all;
}

Outcome outcome_of_kind(OutcomeKind kind) {
    Outcome outcome;
    outcome.kind = kind;
    return outcome;
}

using MakeCommand = std::function<Command(const TaskMachine&)>;

const std::vector<std::pair<std::string, MakeCommand>>& commands() {
    static const std::vector<std::pair<std::string, MakeCommand>> all = {
        {"Create", [](const TaskMachine&) { return command::Create{}; }},
        {"Start",
         [](const TaskMachine& task) {
             return command::Start{task.session(), 9, "host", 1};
         }},
        {"Adopt",
         [](const TaskMachine&) {
             return command::Adopt{9, "host", 1, "alive"};
         }},
        {"Finish completed",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 7, outcome_of_kind(OutcomeKind::completed)};
         }},
        {"Finish failed",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 7, outcome_of_kind(OutcomeKind::failed)};
         }},
        {"Finish timed_out",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 7, outcome_of_kind(OutcomeKind::timed_out)};
         }},
        {"Finish cancelled",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 7, outcome_of_kind(OutcomeKind::cancelled)};
         }},
        {"Finish detached",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 7, outcome_of_kind(OutcomeKind::detached)};
         }},
        {"Finish by recovery",
         [](const TaskMachine& task) {
             return command::Finish{task.session(), 0, outcome_of_kind(OutcomeKind::failed), true};
         }},
        {"SpawnFailed",
         [](const TaskMachine&) {
             return command::SpawnFailed{{ErrorCode::worker_unavailable, "no worker", {}}};
         }},
        {"Cancel", [](const TaskMachine&) { return command::Cancel{}; }},
        {"Cancel force",
         [](const TaskMachine&) {
             return command::Cancel{true, "enough"};
         }},
        {"AcknowledgeCancel",
         [](const TaskMachine& task) { return command::AcknowledgeCancel{task.session()}; }},
        {"EndCancelled",
         [](const TaskMachine&) {
             return command::EndCancelled{"gone", std::nullopt};
         }},
        {"Release", [](const TaskMachine&) { return command::Release{}; }},
        {"Archive", [](const TaskMachine&) { return command::Archive{}; }},
        {"MarkEnded",
         [](const TaskMachine&) {
             command::MarkEnded mark;
             mark.outcome.kind = OutcomeKind::timed_out;
             mark.action = "ended_overdue";
             return mark;
         }},
        {"MarkEnded retry",
         [](const TaskMachine&) {
             command::MarkEnded mark;
             mark.action = "marked_failed";
             mark.found = "gone";
             mark.carrier_lost = true;
             mark.retry = true;
             return mark;
         }},
        {"Retry", [](const TaskMachine&) { return command::Retry{"again"}; }},
        {"Supersede retried",
         [](const TaskMachine&) {
             return command::Supersede{"retried", "again", "gone", false};
         }},
        {"Supersede resumed",
         [](const TaskMachine&) {
             return command::Supersede{"resumed", "on", "gone", true};
         }},
        {"Report",
         [](const TaskMachine& task) {
             return command::Report{task.session(), Progress{}};
         }},
        {"ReportStep",
         [](const TaskMachine& task) {
             StepReport step;
             step.step = "one";
             return command::ReportStep{task.session(), step};
         }},
        {"ReportDenied",
         [](const TaskMachine& task) {
             return command::ReportDenied{task.session(), "fs.read", "/etc", "deny"};
         }},
        {"AwaitSlot", [](const TaskMachine& task) { return command::AwaitSlot{task.session()}; }},
        {"TakeSlot", [](const TaskMachine& task) { return command::TakeSlot{task.session()}; }},
        {"OpenRequest",
         [](const TaskMachine& task) {
             NewRequest request;
             request.key = "new";
             request.question = "?";
             return command::OpenRequest{task.session(), request};
         }},
        {"ResolveRequest",
         [](const TaskMachine&) {
             return command::ResolveRequest{"r1", RequestState::allowed, {}, {}, false};
         }},
        {"WithdrawRequest",
         [](const TaskMachine&) {
             return command::WithdrawRequest{"r1", "no need"};
         }},
    };
    return all;
}

/// What a command gives: its events, in short, or its error's code.
std::string what_comes_of(const Command& command, TaskMachine& task) {
    static const std::map<std::string, std::string> short_names = {
        {"task_created", "created"},
        {"delegate_queued", "queued"},
        {"delegate_started", "started"},
        {"delegate_completed", "completed"},
        {"delegate_failed", "failed"},
        {"delegate_timed_out", "timed_out"},
        {"delegate_cancelled", "cancelled"},
        {"delegate_cancel_requested", "cancel_requested"},
        {"delegate_cancel_acknowledged", "acknowledged"},
        {"delegate_spawn_failed", "spawn_failed"},
        {"delegate_slot_awaited", "slot_awaited"},
        {"delegate_carrier_lost", "lost"},
        {"delegate_recovery_applied", "recovery"},
        {"delegate_retry_scheduled", "retry"},
        {"delegate_late_result", "late"},
        {"approval_requested", "asked"},
        {"approval_resolved", "resolved"},
        {"request_withdrawn", "withdrawn"},
    };
    const std::string code = task.apply(command);
    if (!code.empty()) return "! " + code;
    std::string text;
    for (const std::string& name : task.last) {
        const auto known = short_names.find(name);
        text += (text.empty() ? "" : " ") + (known == short_names.end() ? name : known->second);
    }
    return text.empty() ? "-" : text;
}

using Row = std::map<std::string, std::string>;

/// `otherwise` stands for every state that a row does not name.
const std::vector<std::pair<std::string, Row>>& expectations() {
    static const std::vector<std::pair<std::string, Row>> all = {
        {"Create", {{"new", "created queued"}, {"otherwise", "! conflict"}}},
        {"Start", {{"ready", "started"}, {"otherwise", "! conflict"}}},
        {"Adopt",
         {{"running", "lost recovery started"},
          {"asking", "lost recovery started"},
          {"cancelling", "lost recovery started"},
          {"otherwise", "! conflict"}}},
        {"Finish completed",
         {{"running", "completed"},
          {"asking", "completed withdrawn"},
          {"cancelling", "completed"},
          {"new", "! conflict"},
          {"ready", "! conflict"},
          {"held", "! conflict"},
          {"otherwise", "late"}}},
        {"Finish failed",
         {{"running", "failed"},
          {"asking", "failed withdrawn"},
          {"cancelling", "cancelled"},
          {"new", "! conflict"},
          {"ready", "! conflict"},
          {"held", "! conflict"},
          {"otherwise", "late"}}},
        {"Finish timed_out",
         {{"running", "timed_out"},
          {"asking", "timed_out withdrawn"},
          {"cancelling", "cancelled"},
          {"new", "! conflict"},
          {"ready", "! conflict"},
          {"held", "! conflict"},
          {"otherwise", "late"}}},
        {"Finish cancelled",
         {{"running", "cancelled"},
          {"asking", "cancelled withdrawn"},
          {"cancelling", "cancelled"},
          {"new", "! conflict"},
          {"ready", "! conflict"},
          {"held", "! conflict"},
          {"otherwise", "late"}}},
        {"Finish detached", {{"otherwise", "-"}}},
        {"Finish by recovery",
         {{"running", "lost recovery failed"},
          {"asking", "lost recovery failed withdrawn"},
          {"cancelling", "lost recovery cancelled"},
          {"new", "! conflict"},
          {"ready", "! conflict"},
          {"held", "! conflict"},
          {"otherwise", "late"}}},
        {"SpawnFailed",
         {{"ready", "spawn_failed"}, {"held", "spawn_failed"}, {"otherwise", "! conflict"}}},
        {"Cancel",
         {{"ready", "cancelled"},
          {"held", "cancelled"},
          {"running", "cancel_requested"},
          {"asking", "cancel_requested"},
          {"cancelling", "-"},
          {"otherwise", "! not_cancellable"}}},
        {"Cancel force",
         {{"ready", "cancelled"},
          {"held", "cancelled"},
          {"running", "cancel_requested"},
          {"asking", "cancel_requested"},
          {"cancelling", "cancel_requested"},
          {"otherwise", "! not_cancellable"}}},
        {"AcknowledgeCancel", {{"cancelling", "acknowledged"}, {"otherwise", "! conflict"}}},
        {"EndCancelled", {{"cancelling", "lost recovery cancelled"}, {"otherwise", "! conflict"}}},
        {"Release", {{"held", "task_released"}, {"otherwise", "! conflict"}}},
        {"Archive",
         {{"completed", "task_archived"},
          {"failed", "task_archived"},
          {"timed_out", "task_archived"},
          {"cancelled", "task_archived"},
          {"otherwise", "! conflict"}}},
        {"MarkEnded",
         {{"ready", "recovery failed"},
          {"held", "recovery failed"},
          {"running", "recovery timed_out"},
          {"asking", "recovery timed_out withdrawn"},
          {"cancelling", "recovery cancelled"},
          {"otherwise", "! conflict"}}},
        {"MarkEnded retry",
         {{"ready", "lost recovery failed retry queued"},
          {"held", "lost recovery failed retry queued"},
          {"running", "lost recovery failed retry queued"},
          {"asking", "lost recovery failed withdrawn retry queued"},
          {"cancelling", "lost recovery cancelled"},
          {"otherwise", "! conflict"}}},
        {"Retry",
         {{"failed", "recovery retry queued"},
          {"timed_out", "recovery retry queued"},
          {"otherwise", "! not_recoverable"}}},
        {"Supersede retried",
         {{"running", "lost recovery failed retry queued"},
          {"asking", "lost recovery failed withdrawn retry queued"},
          {"otherwise", "! conflict"}}},
        {"Supersede resumed",
         {{"running", "lost recovery failed queued"},
          {"asking", "lost recovery failed withdrawn queued"},
          {"otherwise", "! conflict"}}},
        {"Report",
         {{"running", "task_progress"},
          {"asking", "task_progress"},
          {"cancelling", "task_progress"},
          {"otherwise", "! conflict"}}},
        {"ReportStep",
         {{"running", "step_started"},
          {"asking", "step_started"},
          {"cancelling", "step_started"},
          {"otherwise", "! conflict"}}},
        {"ReportDenied",
         {{"running", "tool_denied"},
          {"asking", "tool_denied"},
          {"cancelling", "tool_denied"},
          {"otherwise", "! conflict"}}},
        {"AwaitSlot",
         {{"running", "slot_awaited"},
          {"asking", "slot_awaited"},
          {"cancelling", "slot_awaited"},
          {"otherwise", "! conflict"}}},
        {"TakeSlot",
         {{"running", "-"}, {"asking", "-"}, {"cancelling", "-"}, {"otherwise", "! conflict"}}},
        {"OpenRequest", {{"running", "asked"}, {"asking", "asked"}, {"otherwise", "! conflict"}}},
        {"ResolveRequest", {{"asking", "resolved"}, {"otherwise", "! request_not_found"}}},
        {"WithdrawRequest", {{"asking", "withdrawn"}, {"otherwise", "! request_not_found"}}},
    };
    return all;
}

TEST(Decide, EveryCommandInEveryState) {
    ASSERT_EQ(expectations().size(), commands().size());
    int cases = 0;
    for (std::size_t at = 0; at < commands().size(); ++at) {
        const auto& [name, make] = commands()[at];
        const auto& [expected_name, row] = expectations()[at];
        ASSERT_EQ(name, expected_name);
        for (const auto& [state, prepare] : states()) {
            TaskMachine task;
            prepare(task);
            const auto cell = row.find(state);
            const std::string& expected = cell == row.end() ? row.at("otherwise") : cell->second;
            EXPECT_EQ(what_comes_of(make(task), task), expected) << name << " when " << state;
            ++cases;
        }
    }
    EXPECT_EQ(cases, 29 * 10);
}

TEST(Decide, EveryErrorNamesTheTaskOrRequestAndSaysWhy) {
    for (const auto& [name, make] : commands()) {
        for (const auto& [state, prepare] : states()) {
            TaskMachine task;
            prepare(task);
            const Result<std::vector<Event>> events = task.decide(make(task));
            if (events) continue;
            const Error& error = events.error();
            EXPECT_THAT(error.message, HasSubstr(task.summary().task_id)) << name << ' ' << state;
            EXPECT_THAT(error.message, HasSubstr(": ")) << name << ' ' << state;
            EXPECT_FALSE(error.message.ends_with('.')) << name << ' ' << state;
        }
    }
}

// ---- creating and starting ----------------------------------------------------------------------

TEST(Decide, AHeldTaskIsReleasedBeforeItStarts) {
    TaskMachine task;
    EXPECT_EQ(task.create(true), "");
    EXPECT_THAT(task.last, ElementsAre("task_created", "delegate_queued", "task_held"));
    EXPECT_EQ(task.start(), "conflict");
    EXPECT_EQ(task.error.message, "task " + task.summary().task_id + ": it is held");
    EXPECT_EQ(task.error.hint,
              "`loong tasks release " + task.summary().task_id + "` lets it start");
    EXPECT_EQ(task.apply(command::Release{}), "");
    EXPECT_EQ(task.start(), "");
    EXPECT_EQ(task.apply(command::Release{}), "conflict");
}

TEST(Decide, EventsCarryIdsTimeAndWhoDidIt) {
    TaskMachine task;
    task.create(true);
    std::uint64_t id = 0;
    for (const Event& event : task.log) {
        EXPECT_EQ(event.id, ++id);
        EXPECT_EQ(event.at, task.now);
        EXPECT_EQ(event.actor_session_id, "default");
        EXPECT_EQ(event.session_id, task.session());
        EXPECT_EQ(event.kind_name, to_string(event.kind));
    }
    EXPECT_EQ(id, 3U);
}

TEST(Decide, AStartNamesItsWorker) {
    TaskMachine task;
    task.create();
    task.start(42);
    const SessionFacts& session = *current_session(task.state);
    EXPECT_EQ(session.lease_token, 42U);
    EXPECT_EQ(session.host, "host");
    EXPECT_EQ(session.pid, 4711);
    EXPECT_EQ(session.started_at, task.now);
}

TEST(Decide, AStartKeepsWhatTheRuntimeSaved) {
    TaskMachine task;
    task.create();
    EXPECT_EQ(task.apply(command::Start{task.session(), 7, "host", 1, "pid 8"}), "");
    EXPECT_EQ(task.log.back().handle, "pid 8");
    EXPECT_EQ(task.log.back().data.find("handle"), nullptr) << "data is shown";
    EXPECT_EQ(current_session(task.state)->handle, "pid 8");
    // Taken over, it is the same work.
    EXPECT_EQ(task.apply(command::Adopt{8, "other", 5, "it lives"}), "");
    EXPECT_EQ(current_session(task.state)->handle, "pid 8");
}

TEST(Decide, OnlyTheSessionWhoseLeaseIsHeldIsStarted) {
    TaskMachine task;
    task.create();
    const std::string first = task.session();
    task.start();
    task.finish(OutcomeKind::failed);
    task.apply(command::Retry{"again"});
    ASSERT_NE(task.session(), first);
    // By a worker that loaded the task before, and has the first session's lease.
    EXPECT_EQ(task.apply(command::Start{first, 7, "host", 1}), "conflict");
    EXPECT_EQ(task.error.message, "task " + task.summary().task_id + ": its session is " +
                                      task.session() + ", not " + first + " any more");
    EXPECT_EQ(task.summary().session_state, SessionState::ready);
}

// ---- the end of a session -----------------------------------------------------------------------

TEST(Decide, WhoeverHoldsAnOldLeaseIsLate) {
    TaskMachine task;
    task.create();
    task.start(7);
    task.apply(command::Adopt{8, "other", 5, "it lives"});
    EXPECT_EQ(task.finish(OutcomeKind::failed, 7), "");
    EXPECT_THAT(task.last, ElementsAre("delegate_late_result"));
    EXPECT_EQ(task.summary().session_state, SessionState::running);
    EXPECT_EQ(task.finish(OutcomeKind::completed, 8), "");
    EXPECT_EQ(task.summary().session_state, SessionState::completed);
    EXPECT_FALSE(task.state.outcome_by_recovery);
}

TEST(Decide, AnEarlierSessionIsLate) {
    TaskMachine task;
    task.create();
    task.start();
    const std::string first = task.session();
    task.finish(OutcomeKind::failed);
    task.apply(command::Retry{"again"});
    command::Finish late{first, 7, {}, false};
    late.outcome.kind = OutcomeKind::completed;
    EXPECT_EQ(task.apply(late), "");
    EXPECT_THAT(task.last, ElementsAre("delegate_late_result"));
    EXPECT_EQ(task.log.back().session_id, first);
    EXPECT_EQ(task.log.back().data.find("outcome")->string_or("kind", ""), "completed");
    EXPECT_EQ(task.summary().session_state, SessionState::ready);
}

TEST(Decide, RetriesBackOffAndRunOut) {
    TaskDocument document = test::sample_document();
    document.retry_limit = 12;
    TaskMachine task(document);
    task.create();
    const std::vector<Seconds> waits = {1s,  2s,   4s,   8s,   16s,  32s,
                                        64s, 128s, 256s, 300s, 300s, 300s};
    for (const Seconds wait : waits) {
        ASSERT_EQ(task.start(), "");
        ASSERT_EQ(task.finish(OutcomeKind::timed_out), "");
        ASSERT_THAT(task.last, ElementsAre("delegate_timed_out", "delegate_retry_scheduled",
                                           "delegate_queued"));
        EXPECT_EQ(task.summary().not_before, task.now + wait);
        EXPECT_EQ(task.start(), "conflict");
        task.advance(wait);
    }
    EXPECT_EQ(task.summary().attempt, 13);
    EXPECT_EQ(retries_left(task.state), 0);
    task.start();
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(task.last, ElementsAre("delegate_failed"));
    EXPECT_TRUE(task.summary().attention);
}

TEST(Decide, ATransientFailureIsRetriedAfterASecond) {
    TaskDocument document = test::sample_document();
    document.retry_limit = 9;
    TaskMachine task(document);
    task.create();
    for (int attempt = 0; attempt < 5; ++attempt) {
        task.start();
        command::Finish finish{task.session(), 7, {}, false};
        finish.outcome.transient = true;
        ASSERT_EQ(task.apply(finish), "");
        EXPECT_EQ(task.summary().not_before, task.now + 1s);
        task.advance(1s);
    }
}

TEST(Decide, ACancelEndsAllRetries) {
    TaskDocument document = test::sample_document();
    document.retry_limit = 5;
    TaskMachine task(document);
    task.create();
    task.start();
    task.apply(command::Cancel{});
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(task.last, ElementsAre("delegate_cancelled"));
    EXPECT_EQ(task.summary().exit_code, 2);
    EXPECT_EQ(task.apply(command::Retry{"again"}), "not_recoverable");
    EXPECT_THAT(task.error.message, HasSubstr("a cancel is final"));
}

TEST(Decide, WorkThatWasDoneAllTheSameIsCompleted) {
    TaskMachine carried;
    carried.create(), carried.start(), carried.apply(command::Cancel{});
    carried.finish(OutcomeKind::completed);
    EXPECT_EQ(carried.summary().session_state, SessionState::completed);

    TaskMachine lost;
    lost.create(), lost.start(), lost.apply(command::Cancel{});
    lost.apply(command::EndCancelled{"gone", outcome_of_kind(OutcomeKind::completed)});
    EXPECT_EQ(lost.summary().session_state, SessionState::completed);
    EXPECT_EQ(lost.state.recovery->action, "outcome_collected");
}

TEST(Decide, AResumedSessionTakesNoRetry) {
    TaskDocument document = test::sample_document();
    document.retry_limit = 1;
    TaskMachine task(document);
    task.create();
    task.start();
    EXPECT_EQ(task.apply(command::Supersede{"resumed", "goes on", "gone", true, true}), "");
    EXPECT_EQ(task.summary().attempt, 2);
    EXPECT_EQ(retries_left(task.state), 1);
    EXPECT_TRUE(current_session(task.state)->rerun_started_steps);
    EXPECT_EQ(current_session(task.state)->reason, "resumed");
    EXPECT_TRUE(task.summary().recovered);
    task.start();
    task.finish(OutcomeKind::failed);
    EXPECT_EQ(task.summary().attempt, 3);
    EXPECT_EQ(retries_left(task.state), 0);
}

TEST(Decide, ARecoveryThatRecordsTheOutcomeSaysSo) {
    TaskMachine task;
    task.create();
    task.start();
    command::Finish finish{task.session(), 0, {}, true};
    finish.outcome.kind = OutcomeKind::completed;
    finish.outcome.exit_code = 0;
    EXPECT_EQ(task.apply(finish), "");
    EXPECT_TRUE(task.state.outcome_by_recovery);
    EXPECT_TRUE(task.summary().recovered);
    EXPECT_EQ(task.state.recovery->action, "outcome_collected");
}

TEST(Decide, WhatTheRuntimeCannotRunIsNotRetried) {
    TaskMachine task;
    task.create();
    task.apply(command::SpawnFailed{{ErrorCode::unsupported, "no plans here", {}}});
    EXPECT_FALSE(task.summary().retry_possible);
    EXPECT_EQ(task.apply(command::Retry{"again"}), "not_recoverable");

    TaskMachine other;
    other.create();
    other.apply(command::SpawnFailed{{ErrorCode::plugin_not_found, "no such plugin", {}}});
    EXPECT_TRUE(other.summary().retry_possible);
    EXPECT_EQ(other.apply(command::Retry{"again"}), "");
}

TEST(Decide, ARetryBringsAnArchivedTaskBack) {
    TaskMachine task;
    task.create(), task.start(), task.finish(OutcomeKind::failed);
    task.apply(command::Archive{});
    EXPECT_TRUE(task.summary().archived);
    EXPECT_FALSE(task.summary().attention);
    task.apply(command::Archive{});
    EXPECT_THAT(task.last, IsEmpty());
    task.apply(command::Retry{"again"});
    EXPECT_FALSE(task.summary().archived);
}

TEST(Decide, AForcedCancelIsRecordedOnce) {
    TaskMachine task;
    task.create(), task.start();
    task.apply(command::Cancel{});
    const Time requested = task.now;
    task.advance(5s);
    task.apply(command::Cancel{true, "now"});
    EXPECT_THAT(task.last, ElementsAre("delegate_cancel_requested"));
    EXPECT_TRUE(task.state.force_cancel);
    EXPECT_EQ(task.summary().cancel_requested_at, requested);
    task.apply(command::Cancel{true, "now"});
    EXPECT_THAT(task.last, IsEmpty());
    task.apply(command::AcknowledgeCancel{task.session()});
    EXPECT_THAT(task.last, ElementsAre("delegate_cancel_acknowledged"));
    task.apply(command::AcknowledgeCancel{task.session()});
    EXPECT_THAT(task.last, IsEmpty());
}

TEST(Decide, ASessionWithoutAnIdIsNoSession) {
    TaskMachine task;
    const DecisionInput input{task.now, "default", ""};
    EXPECT_EQ(decide(task.state, command::Create{}, input).error().code,
              ErrorCode::invalid_argument);
    task.create(), task.start(), task.finish(OutcomeKind::failed);
    EXPECT_EQ(decide(task.state, command::Retry{}, input).error().code,
              ErrorCode::invalid_argument);
}

// ---- from inside --------------------------------------------------------------------------------

TEST(Decide, ProgressIsWithinBounds) {
    TaskMachine task;
    task.create(), task.start();
    Progress progress;
    progress.percent = 101;
    EXPECT_EQ(task.apply(command::Report{task.session(), progress}), "invalid_argument");
    progress.percent = 40;
    progress.state = ProgressState::blocked;
    progress.note = "no licence\xff";
    EXPECT_EQ(task.apply(command::Report{task.session(), progress}), "");
    EXPECT_EQ(task.summary().progress.percent, 40);
    EXPECT_EQ(task.summary().progress.note, "no licence\xef\xbf\xbd");
    EXPECT_TRUE(task.summary().attention);
    EXPECT_EQ(task.apply(command::Report{"session-other", progress}), "conflict");
}

TEST(Decide, AFailedStepIsNotDoneUnlessThePlanGoesOn) {
    TaskMachine task;
    task.create(), task.start();
    StepReport step{"compile", 0, 3, StepRecord::State::failed, 1, {}, "exit code 1", {}, false};
    task.apply(command::ReportStep{task.session(), step});
    EXPECT_EQ(task.summary().progress.done, 0);
    step.continued = true;
    task.apply(command::ReportStep{task.session(), step});
    EXPECT_EQ(task.summary().progress.done, 1);
}

TEST(Decide, WorkThatIsTakenOverIsNoError) {
    TaskMachine task;
    task.create(), task.start();
    EXPECT_EQ(task.apply(command::Adopt{7, "host", 42, "a new worker took it over"}), "");
    EXPECT_TRUE(task.summary().recovered);
    EXPECT_EQ(task.state.last_error, "");
}

TEST(Decide, StepsAreKeptAndCountAsProgress) {
    TaskMachine task;
    task.create(), task.start();
    StepReport step;
    step.step = "compile";
    step.index = 0;
    step.total = 3;
    task.apply(command::ReportStep{task.session(), step});
    EXPECT_EQ(task.summary().progress.done, 0);
    step.state = StepRecord::State::completed;
    task.apply(command::ReportStep{task.session(), step});
    EXPECT_EQ(task.summary().progress.done, 1);
    EXPECT_EQ(task.summary().progress.total, 3);
    step = {"publish", 1, 3, StepRecord::State::started, {}, {}, {}, {}, false};
    task.apply(command::ReportStep{task.session(), step});
    EXPECT_THAT(earlier_steps(task.state), IsEmpty());
    task.apply(command::Supersede{"resumed", "goes on", "gone", true});
    const std::vector<StepRecord> steps = earlier_steps(task.state);
    ASSERT_EQ(steps.size(), 2U);
    EXPECT_EQ(steps[0].step, "compile");
    EXPECT_EQ(steps[0].state, StepRecord::State::completed);
    EXPECT_EQ(steps[1].state, StepRecord::State::started);
    task.start(), task.finish(OutcomeKind::failed), task.apply(command::Retry{});
    EXPECT_THAT(earlier_steps(task.state), IsEmpty());
}

} // namespace
} // namespace loong
