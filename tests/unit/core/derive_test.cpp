/// The derivation for people: one line a row, and what is said of it.

#include "loong/status.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto ready = SessionState::ready;
constexpr auto running = SessionState::running;

/// A running session whose carrier is alive, a ready one whose queue is served.
Facts facts(SessionState state) {
    Facts facts;
    facts.session_state = state;
    facts.carrier_lease = Held::held;
    facts.queue_served = Held::held;
    return facts;
}

Facts with(Facts facts, void (*change)(Facts&)) {
    change(facts);
    return facts;
}

FactDetails details() {
    FactDetails details;
    details.task_id = "task-01abcdefghjkmnpqrstvwxyz23";
    details.task_session_id = "session-01abcdefghjkmnpqrstvwx98765";
    details.now = test::test_time(1000);
    details.state_since = test::test_time(1000) - 200s;
    return details;
}

struct Line {
    const char* when;
    Facts facts;
    const char* status;
    /// t(erminal), b(locked), a(ttention)
    const char* flags;
    const char* next_action;
    const char* reason;
};

const std::vector<Line>& lines() {
    static const std::vector<Line> all = {
        {"completed", facts(SessionState::completed), "completed", "t", "output",
         "completed 3 min 20 s ago"},
        {"failed", facts(SessionState::failed), "failed", "ta", "recover", "failed 3 min 20 s ago"},
        {"failed for good",
         with(facts(SessionState::failed), [](Facts& f) { f.retry_possible = false; }), "failed",
         "ta", "events", "failed 3 min 20 s ago"},
        {"timed out", facts(SessionState::timed_out), "timed_out", "ta", "recover",
         "timed out 3 min 20 s ago"},
        {"cancelled", facts(SessionState::cancelled), "cancelled", "t", "events",
         "cancelled 3 min 20 s ago"},
        {"carrier lost", with(facts(running), [](Facts& f) { f.carrier_lease = Held::free; }),
         "recoverable", "ba", "recover", "the worker that carried session 98765 is gone"},
        {"carrier lost, work alive",
         with(facts(running),
              [](Facts& f) {
                  f.carrier_lease = Held::free;
                  f.work = Held::held;
              }),
         "recoverable", "ba", "recover",
         "the worker that carried session 98765 is gone, the work itself goes on"},
        {"carrier lost and overdue",
         with(facts(running),
              [](Facts& f) {
                  f.carrier_lease = Held::free;
                  f.work = Held::free;
                  f.overdue = true;
              }),
         "recoverable", "ba", "recover",
         "the worker that carried session 98765 is gone, and so is the work"},
        {"overdue", with(facts(running), [](Facts& f) { f.overdue = true; }), "overdue", "ba",
         "recover", "its timeout and grace time have passed, and it has not ended"},
        {"overdue cancel",
         with(facts(running),
              [](Facts& f) {
                  f.overdue = true;
                  f.cancel_requested = true;
              }),
         "overdue", "ba", "recover", "its cancel was requested, and it has not ended"},
        {"overdue start", with(facts(ready), [](Facts& f) { f.overdue = true; }), "overdue", "ba",
         "recover", "it should have been started by now"},
        {"cancel requested", with(facts(running), [](Facts& f) { f.cancel_requested = true; }),
         "cancel_requested", "", "wait",
         "its cancel was requested, and the worker is ending the work"},
        {"approval open", with(facts(running), [](Facts& f) { f.approval_open = true; }),
         "approval_pending", "ba", "approve", "it waits for an approval"},
        {"input open", with(facts(running), [](Facts& f) { f.input_open = true; }), "blocked", "ba",
         "answer", "it waits for an answer"},
        {"says blocked",
         with(facts(running), [](Facts& f) { f.progress = ProgressState::blocked; }), "blocked",
         "ba", "output", "the work says that it is blocked"},
        {"dependency failed",
         with(facts(ready), [](Facts& f) { f.dependencies = DependencyState::failed; }), "blocked",
         "ba", "cancel",
         "a task that had to be completed before was not, so this one can never start"},
        {"held", with(facts(ready), [](Facts& f) { f.held = true; }), "waiting", "", "release",
         "it is held until it is released"},
        {"dependency pending",
         with(facts(ready), [](Facts& f) { f.dependencies = DependencyState::pending; }), "waiting",
         "", "wait", "a task that it comes after has not ended yet"},
        {"retry not due", with(facts(ready), [](Facts& f) { f.retry_not_due = true; }), "waiting",
         "", "wait", "the next attempt is not due yet"},
        {"says waiting",
         with(facts(running), [](Facts& f) { f.progress = ProgressState::waiting; }), "waiting", "",
         "wait", "the work says that it waits"},
        {"running", facts(running), "running", "", "wait",
         "session 98765 has been running for 3 min 20 s"},
        {"running, verifying",
         with(facts(running), [](Facts& f) { f.progress = ProgressState::verifying; }), "running",
         "", "wait", "session 98765 has been running for 3 min 20 s"},
        {"no worker", with(facts(ready), [](Facts& f) { f.queue_served = Held::free; }),
         "recoverable", "ba", "recover",
         "it has been ready for 3 min 20 s, and no live worker serves the queue"},
        {"ready", facts(ready), "queued", "", "wait",
         "it has been waiting for a free worker for 3 min 20 s"},
        {"ready, queue unknown",
         with(facts(ready), [](Facts& f) { f.queue_served = Held::unknown; }), "queued", "", "wait",
         "it has been waiting for a free worker for 3 min 20 s"},
        {"lease unknown", with(facts(running), [](Facts& f) { f.carrier_lease = Held::unknown; }),
         "unknown", "a", "doctor",
         "it cannot be told whether the worker that carries session 98765 still lives"},
        {"lease unknown, asking",
         with(facts(running),
              [](Facts& f) {
                  f.carrier_lease = Held::unknown;
                  f.approval_open = true;
              }),
         "unknown", "a", "doctor",
         "it cannot be told whether the worker that carries session 98765 still lives"},
    };
    return all;
}

TEST(Derive, TheTable) {
    for (const Line& line : lines()) {
        SCOPED_TRACE(line.when);
        const TaskStatus status = derive(line.facts, details());
        const std::string flags = std::string(status.terminal ? "t" : "") +
                                  (status.blocked ? "b" : "") + (status.needs_attention ? "a" : "");
        EXPECT_EQ(to_string(status.status), line.status);
        EXPECT_EQ(status.display, line.status);
        EXPECT_EQ(flags, line.flags);
        EXPECT_EQ(to_string(status.next_action), line.next_action);
        EXPECT_EQ(status.reason, line.reason);
    }
}

TEST(Derive, ARecoveryShowsAndAnArchivedTaskNeedsNobody) {
    Facts failed = facts(SessionState::failed);
    failed.recovered = true;
    failed.archived = true;
    const TaskStatus status = derive(failed, details());
    EXPECT_EQ(status.display, "failed (recovered)");
    EXPECT_FALSE(status.needs_attention);
    EXPECT_FALSE(derive_needs_attention(failed));
    EXPECT_THAT(status.signals, ElementsAre(Signal::recovered, Signal::terminal, Signal::archived));
    EXPECT_THAT(status.next_commands,
                ElementsAre("loong tasks recover --retry task-01abcdefghjkmnpqrstvwxyz23",
                            "loong tasks output task-01abcdefghjkmnpqrstvwxyz23",
                            "loong tasks events task-01abcdefghjkmnpqrstvwxyz23"));
}

TEST(Derive, SignalsTellAlsoWhatLost) {
    Facts all = facts(running);
    all.carrier_lease = Held::free;
    all.work = Held::held;
    all.overdue = all.cancel_requested = all.approval_open = all.input_open = true;
    all.retried = all.recovered = all.narrowing_active = true;
    all.progress = ProgressState::blocked;
    EXPECT_THAT(derive(all, details()).signals,
                ElementsAre(Signal::approval_pending, Signal::input_required, Signal::overdue,
                            Signal::carrier_lost, Signal::work_alive, Signal::cancel_requested,
                            Signal::recovered, Signal::retrying, Signal::tool_narrowing_active,
                            Signal::progress_blocked));
    Facts unserved = facts(ready);
    unserved.queue_served = Held::free;
    unserved.retry_not_due = true;
    const TaskStatus status = derive(unserved, details());
    EXPECT_EQ(status.status, Status::waiting);
    EXPECT_THAT(status.signals, ElementsAre(Signal::no_worker));
    EXPECT_THAT(status.next_commands, ::testing::Contains(HasSubstr("tasks recover")));
}

// ---- reasons ------------------------------------------------------------------------------------

TEST(Reason, TellsHowAFailureCameAbout) {
    FactDetails failed = details();
    failed.exit_code = 2;
    failed.outcome_message = "make: *** [all] Error 2\n\x1b[31mred";
    EXPECT_EQ(derive(facts(SessionState::failed), failed).reason,
              "failed 3 min 20 s ago with exit code 2: make: *** [all] Error 2\\n\\x1b[31mred");
    failed.exit_code.reset();
    failed.signal = 9;
    failed.outcome_message.clear();
    EXPECT_EQ(derive(facts(SessionState::timed_out), failed).reason,
              "timed out 3 min 20 s ago by signal 9");
}

TEST(Reason, QuotesWhatIsAsked) {
    Facts asking = facts(running);
    asking.approval_open = true;
    FactDetails asked = details();
    asked.open_requests = 3;
    asked.request =
        OpenRequest{"r2", "Publish\x1b]0;x\x07 it?", "shell.exec", asked.now - Seconds(90), true};
    EXPECT_EQ(derive(asking, asked).reason,
              "request r2 asks for approval of shell.exec: \"Publish\\x1b]0;x\\x07 it?\", open for "
              "1 min 30 s; 2 others are open too");
    asking.approval_open = false;
    asking.input_open = true;
    asked.request = OpenRequest{"r1", "Which name?", {}, asked.now, false};
    asked.open_requests = 1;
    EXPECT_EQ(derive(asking, asked).reason, "request r1 asks: \"Which name?\", open for 0 s");
    asked.request->question = std::string(500, 'q');
    EXPECT_LT(derive(asking, asked).reason.size(), 250U);
}

TEST(Reason, NamesWorkersTasksAndTimes) {
    FactDetails some = details();
    some.carrier_host = "box";
    some.carrier_pid = 4711;
    some.dependency_task_id = "task-01abcdefghjkmnpqrstvw55555";
    some.not_before = some.now + Seconds(8);
    some.overdue_at = some.now - Seconds(65);
    some.cancel_requested_at = some.now - Seconds(70);
    some.progress_note = "licence \"x\" is missing";
    Facts one = facts(running);
    one.carrier_lease = Held::free;
    one.cancel_requested = true;
    EXPECT_EQ(derive(one, some).reason,
              "the worker that carried session 98765 (process 4711 on box) is gone; its cancel was "
              "requested");
    one = facts(ready);
    one.dependencies = DependencyState::pending;
    EXPECT_EQ(derive(one, some).reason, "task 55555, which it comes after, has not ended yet");
    EXPECT_THAT(derive(one, some).next_commands,
                ElementsAre("loong tasks wait " + some.task_id,
                            "loong tasks status " + some.dependency_task_id,
                            "loong tasks cancel " + some.task_id));
    one = facts(ready);
    one.retry_not_due = true;
    EXPECT_EQ(derive(one, some).reason, "the next attempt starts in 8 s");
    one = facts(ready);
    one.overdue = true;
    EXPECT_EQ(derive(one, some).reason, "it should have been started 1 min 5 s ago");
    one = facts(running);
    one.overdue = true;
    EXPECT_EQ(derive(one, some).reason,
              "its timeout and grace time have passed, 1 min 5 s ago, and it has not ended");
    one.cancel_requested = true;
    EXPECT_EQ(derive(one, some).reason,
              "its cancel was requested 1 min 10 s ago, and it has not ended");
    one = facts(running);
    one.progress = ProgressState::blocked;
    EXPECT_EQ(derive(one, some).reason, "the work is blocked: \"licence \"x\" is missing\"");
    some.state_since = some.now + Seconds(50);
    EXPECT_EQ(derive(facts(SessionState::completed), some).reason, "completed 0 s ago");
}

// ---- commands -----------------------------------------------------------------------------------

TEST(NextCommands, AreExactAndInOrder) {
    const std::string id = details().task_id;
    FactDetails asked = details();
    asked.request = OpenRequest{"r2", "?", {}, asked.now, true};
    asked.open_requests = 1;
    Facts asking = facts(running);
    asking.approval_open = true;
    EXPECT_THAT(derive(asking, asked).next_commands,
                ElementsAre("loong tasks approve " + id, "loong tasks deny " + id,
                            "loong tasks output " + id, "loong tasks cancel " + id));
    asked.open_requests = 2;
    asking.input_open = true;
    EXPECT_THAT(derive(asking, asked).next_commands,
                ElementsAre("loong tasks approve --request r2 " + id,
                            "loong tasks deny --request r2 " + id,
                            "loong tasks answer " + id + " ANSWER", "loong tasks output " + id,
                            "loong tasks cancel " + id));
    EXPECT_EQ(derive(facts(SessionState::failed), details()).next_command,
              "loong tasks recover --retry " + id);
    Facts ending = facts(running);
    ending.cancel_requested = true;
    EXPECT_THAT(derive(ending, details()).next_commands,
                ElementsAre("loong tasks wait " + id, "loong tasks output " + id,
                            "loong tasks cancel --force " + id));
    Facts unknown = facts(running);
    unknown.carrier_lease = Held::unknown;
    EXPECT_EQ(derive(unknown, details()).next_command, "loong doctor");
}

TEST(NextCommands, CarryTheViewersOptionsQuoted) {
    FactDetails viewed = details();
    viewed.command_options = {"--session", "it's"};
    viewed.dependency_task_id = "task-x";
    Facts waiting = facts(ready);
    waiting.dependencies = DependencyState::pending;
    EXPECT_THAT(derive(waiting, viewed).next_commands,
                ElementsAre("loong tasks wait --session 'it'\\''s' " + viewed.task_id,
                            "loong tasks status --session 'it'\\''s' task-x",
                            "loong tasks cancel --session 'it'\\''s' " + viewed.task_id));
}

// ---- facts and details from a summary -----------------------------------------------------------

TEST(FactsOf, TakeWhatMattersForTheState) {
    TaskSummary summary;
    summary.session_state = ready;
    summary.not_before = test::test_time(10);
    summary.overdue_at = test::test_time(20);
    summary.held = true;
    summary.attempt = 2;
    Facts given = facts_of(summary, DependencyState::failed, test::test_time(10) - 1us);
    EXPECT_TRUE(given.retry_not_due);
    EXPECT_TRUE(given.retried);
    EXPECT_TRUE(given.held);
    EXPECT_FALSE(given.overdue);
    EXPECT_EQ(given.dependencies, DependencyState::failed);
    EXPECT_EQ(given.carrier_lease, Held::unknown);
    EXPECT_EQ(given.queue_served, Held::unknown);
    given = facts_of(summary, DependencyState::met, test::test_time(20));
    EXPECT_FALSE(given.retry_not_due);
    EXPECT_TRUE(given.overdue);
    // A dependency that was pruned after the start must not stop what is running.
    summary.session_state = running;
    summary.progress.state = ProgressState::blocked;
    given = facts_of(summary, DependencyState::failed, test::test_time(0));
    EXPECT_EQ(given.dependencies, DependencyState::met);
    EXPECT_EQ(given.progress, ProgressState::blocked);
    summary.session_state = SessionState::completed;
    EXPECT_EQ(facts_of(summary, DependencyState::met, test::test_time(0)).progress,
              ProgressState::none);
}

TEST(Reason, ATaskThatCannotBeReadSaysSo) {
    Facts unreadable = facts(SessionState::running);
    unreadable.carrier_lease = Held::unknown;
    FactDetails known;
    known.task_id = "task-01abcdefghjkmnpqrstvwxyz23";
    known.outcome_message = "events.yaml is damaged";
    EXPECT_EQ(derive(unreadable, known).reason, "it cannot be read");
    known.task_session_id = "session-01abcdefghjkmnpqrstvwx98765";
    EXPECT_NE(derive(unreadable, known).reason, "it cannot be read");
}

} // namespace
} // namespace loong
