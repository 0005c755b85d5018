#include "notification_events.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::TaskMachine;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TaskDocument told_of(bool attention, bool terminal) {
    TaskDocument document = test::sample_document();
    document.notify_attention = attention;
    document.notify_terminal = terminal;
    document.retry_limit = 1;
    return document;
}

/// `terminal failed owed`, one for each.
std::vector<std::string> notifications(const TaskMachine& task) {
    std::vector<std::string> texts;
    for (const NotificationFacts& one : task.state.notifications) {
        texts.push_back(std::string(to_string(one.on)) + ' ' + one.status + ' ' +
                        std::string(to_string(one.state)));
    }
    return texts;
}

Command ask(const TaskMachine& task, const std::string& key, RequestKind kind) {
    NewRequest request;
    request.kind = kind;
    request.key = key;
    request.question = "?";
    return command::OpenRequest{task.session(), request};
}

Command note(const TaskMachine& task, std::optional<std::string> failure) {
    return command::NoteDelivery{task.state.notifications.back().event_id, std::move(failure)};
}

TaskMachine running_told(bool attention, bool terminal) {
    TaskMachine task(told_of(attention, terminal));
    task.create();
    task.start();
    return task;
}

TEST(NotificationEvents, TheEventThatEndsATaskIsWhatIsOwed) {
    TaskMachine task = running_told(true, true);
    EXPECT_FALSE(task.summary().notify_at);
    task.finish(OutcomeKind::completed);
    EXPECT_THAT(notifications(task), ElementsAre("terminal completed owed"));
    EXPECT_EQ(task.summary().notify_at, task.now);
    EXPECT_EQ(task.state.notifications.front().event_id, task.log.back().id);
}

TEST(NotificationEvents, NothingIsOwedWhereNothingIsToBeTold) {
    TaskMachine task = running_told(false, false);
    task.apply(ask(task, "a", RequestKind::approval));
    EXPECT_THAT(task.last, ElementsAre("approval_requested"));
    task.apply(command::NoticeAttention{task.summary().revision, "recoverable", {}});
    EXPECT_THAT(task.last, IsEmpty());
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(notifications(task), IsEmpty());
    EXPECT_FALSE(task.summary().notify_at);
}

TEST(NotificationEvents, AnAutomaticRetryIsNoEnd) {
    TaskMachine task = running_told(true, true);
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(notifications(task), ElementsAre("terminal failed withdrawn"));
    EXPECT_FALSE(task.summary().notify_at);
    task.advance(5s);
    task.start();
    task.finish(OutcomeKind::failed);
    EXPECT_THAT(notifications(task),
                ElementsAre("terminal failed withdrawn", "terminal failed owed"));
}

TEST(NotificationEvents, AFailureIsToldOnce) {
    TaskMachine task = running_told(true, false);
    task.advance(1s);
    task.finish(OutcomeKind::timed_out);
    task.advance(5s);
    task.start();
    task.finish(OutcomeKind::timed_out);
    EXPECT_THAT(notifications(task),
                ElementsAre("attention timed_out withdrawn", "attention timed_out owed"));
    TaskMachine good = running_told(true, false);
    good.finish(OutcomeKind::completed);
    EXPECT_THAT(notifications(good), IsEmpty());
}

TEST(NotificationEvents, AnAnswerMakesTellingPointless) {
    TaskMachine task = running_told(true, true);
    task.apply(ask(task, "a", RequestKind::approval));
    task.apply(ask(task, "b", RequestKind::input));
    EXPECT_THAT(notifications(task),
                ElementsAre("attention approval_pending owed", "attention blocked owed"));
    task.apply(command::ResolveRequest{"r1", RequestState::allowed, {}, {}, false});
    EXPECT_THAT(notifications(task),
                ElementsAre("attention approval_pending withdrawn", "attention blocked owed"));
    // Told at the moment of the answer: it was told all the same.
    task.apply(command::NoteDelivery{task.state.notifications.front().event_id, std::nullopt});
    task.apply(note(task, "no network"));
    task.finish(OutcomeKind::completed);
    EXPECT_THAT(notifications(task),
                ElementsAre("attention approval_pending delivered", "attention blocked withdrawn",
                            "terminal completed owed"));
}

TEST(NotificationEvents, WhatTheWorkSaysOfItself) {
    TaskMachine task = running_told(true, true);
    Progress blocked;
    blocked.state = ProgressState::blocked;
    task.apply(command::Report{task.session(), blocked});
    task.apply(command::Report{task.session(), blocked});
    EXPECT_THAT(notifications(task), ElementsAre("attention blocked owed"));
    task.apply(note(task, std::nullopt));
    Progress active;
    active.state = ProgressState::active;
    task.apply(command::Report{task.session(), active});
    task.apply(command::Report{task.session(), blocked});
    EXPECT_THAT(notifications(task),
                ElementsAre("attention blocked delivered", "attention blocked owed"));
}

TEST(NotificationEvents, WhatIsSeenFromOutsideIsToldOnce) {
    TaskMachine task = running_told(true, true);
    const std::uint64_t seen = task.summary().revision;
    task.apply(command::NoticeAttention{seen - 1, "recoverable", "gone"});
    EXPECT_THAT(task.last, IsEmpty());
    task.apply(command::NoticeAttention{seen, "recoverable", "gone"});
    EXPECT_THAT(task.last, ElementsAre("attention_noticed"));
    EXPECT_EQ(task.summary().noticed, "recoverable");
    task.apply(command::NoticeAttention{task.summary().revision, "recoverable", "gone"});
    EXPECT_THAT(task.last, IsEmpty());
    task.apply(note(task, std::nullopt));
    task.apply(command::Adopt{8, "host", 2, "alive"});
    EXPECT_EQ(task.summary().noticed, "");
    task.apply(command::NoticeAttention{task.summary().revision, "recoverable", "gone"});
    EXPECT_THAT(notifications(task),
                ElementsAre("attention recoverable delivered", "attention recoverable owed"));
}

TEST(NotificationEvents, FailuresAreTriedAgainAndGivenUpInTheEnd) {
    TaskMachine task = running_told(true, true);
    task.finish(OutcomeKind::completed);
    Microseconds waited{};
    for (int attempt = 1; attempt < most_notification_attempts; ++attempt) {
        task.apply(note(task, "no network"));
        ASSERT_THAT(notifications(task), ElementsAre("terminal completed owed")) << attempt;
        const Microseconds pause = *task.summary().notify_at - task.now;
        EXPECT_EQ(pause, std::min<Microseconds>(300s, 1s * (1 << (attempt - 1)))) << attempt;
        waited += pause;
        task.advance(pause);
    }
    EXPECT_GT(waited, 15min);
    EXPECT_LT(waited, 25min);
    task.apply(note(task, "no network"));
    EXPECT_THAT(notifications(task), ElementsAre("terminal completed given_up"));
    EXPECT_FALSE(task.summary().notify_at);
    EXPECT_EQ(task.state.notifications.back().attempts, most_notification_attempts);
    task.apply(note(task, "no network"));
    EXPECT_THAT(task.last, IsEmpty());
    task.apply(command::ScheduleNotifications{});
    EXPECT_EQ(task.summary().notify_at, task.now);
    task.apply(note(task, std::nullopt));
    EXPECT_THAT(notifications(task), ElementsAre("terminal completed delivered"));
    EXPECT_EQ(task.state.notifications.back().last_error, "no network");
    task.apply(note(task, std::nullopt));
    EXPECT_THAT(task.last, IsEmpty());
}

TEST(NotificationEvents, ARetryByHandMakesTheFailurePointless) {
    TaskMachine task = running_told(true, true);
    task.finish(OutcomeKind::cancelled);
    EXPECT_THAT(notifications(task), ElementsAre("terminal cancelled owed"));
    TaskMachine failed = running_told(true, true);
    failed.finish(OutcomeKind::failed);
    failed.advance(5s);
    failed.start();
    failed.finish(OutcomeKind::failed);
    failed.apply(note(failed, "no network"));
    failed.apply(command::Retry{"by hand"});
    EXPECT_THAT(notifications(failed),
                ElementsAre("terminal failed withdrawn", "terminal failed withdrawn"));
    EXPECT_FALSE(failed.summary().notify_at);
}

} // namespace
} // namespace loong
