#include "fixture.hpp"

#include <gmock/gmock.h>

namespace loong::local {
namespace {

using ::testing::ElementsAre;

class PlanRunTest : public LocalRuntimeTest {
protected:
    Outcome run_plan(const std::string& yaml) {
        plan(yaml);
        return run();
    }
    /// `name:state` of each report.
    [[nodiscard]] std::vector<std::string> reports() const {
        std::vector<std::string> lines;
        for (const StepReport& step : context.steps()) {
            const char* state = step.state == StepRecord::State::started     ? "started"
                                : step.state == StepRecord::State::completed ? "completed"
                                                                             : "failed";
            lines.push_back(step.step + ":" + state);
        }
        return lines;
    }
    [[nodiscard]] std::string key(const std::string& step) const {
        return "step " + step + "/" + context.spec().task_session_id;
    }
};

TEST_F(PlanRunTest, steps_run_one_after_the_other_into_the_same_output) {
    const Outcome outcome = run_plan("steps:\n"
                                     "- name: first\n  run: echo 1; echo a >&2\n"
                                     "- run: [echo, '2']\n"
                                     "- name: third\n  run: echo 3; echo b >&2\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::completed);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(standard_output(), "1\n2\n3\n");
    EXPECT_EQ(standard_error(), "a\nb\n");
    EXPECT_THAT(reports(), ElementsAre("first:started", "first:completed", "step-2:started",
                                       "step-2:completed", "third:started", "third:completed"));
    const StepReport last = context.steps().back();
    EXPECT_EQ(last.index, 2);
    EXPECT_EQ(last.total, 3);
    EXPECT_EQ(last.exit_code, 0);
}

TEST_F(PlanRunTest, progress_tells_steps) {
    run_plan("steps:\n- name: a\n  run: 'true'\n- name: b\n  run: 'true'\n");
    const std::vector<Progress> progress = context.progress();
    ASSERT_EQ(progress.size(), 3U);
    EXPECT_EQ(progress[0].note, "a");
    EXPECT_EQ(progress[0].percent, 0);
    EXPECT_EQ(progress[1].note, "b");
    EXPECT_EQ(progress[1].percent, 50);
    EXPECT_EQ(progress[1].done, 1);
    EXPECT_EQ(progress[1].total, 2);
    EXPECT_EQ(progress[2].percent, 100);
}

TEST_F(PlanRunTest, failed_step_ends_the_session) {
    const Outcome outcome = run_plan("steps:\n- name: build\n  run: exit 9\n- run: echo never\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, 9);
    EXPECT_EQ(outcome.message, "step build: exit code 9");
    EXPECT_EQ(standard_output(), "");
    EXPECT_THAT(reports(), ElementsAre("build:started", "build:failed"));
    EXPECT_FALSE(context.steps().back().continued);
}

TEST_F(PlanRunTest, failed_step_may_be_let_pass) {
    const Outcome outcome = run_plan(
        "steps:\n- name: lint\n  run: exit 9\n  continue_on_error: true\n- run: echo on\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::completed);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(standard_output(), "on\n");
    EXPECT_TRUE(context.steps()[1].continued);
}

TEST_F(PlanRunTest, step_is_tried_again) {
    EXPECT_EQ(run_plan("steps:\n- name: flaky\n  retry: 2\n  run: echo x >> n; "
                       "[ $(wc -l < n) -eq 3 ]\n")
                  .kind,
              OutcomeKind::completed);
    EXPECT_EQ(content_of(work / "n"), "x\nx\nx\n");
    EXPECT_THAT(reports(),
                ElementsAre("flaky:started", "flaky:started", "flaky:started", "flaky:completed"));
}

TEST_F(PlanRunTest, step_is_not_tried_more_often_than_asked) {
    const Outcome outcome = run_plan("steps:\n- retry: 1\n  run: echo x >> n; exit 6\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.exit_code, 6);
    EXPECT_EQ(content_of(work / "n"), "x\nx\n");
}

TEST_F(PlanRunTest, step_has_a_timeout_of_its_own) {
    spec().limits.grace = std::chrono::milliseconds(50);
    const Outcome outcome = run_plan("steps:\n- name: slow\n  timeout: 1s\n  run: sleep 1000\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "step slow: timed out after 1s");
    EXPECT_EQ(outcome.signal, SIGTERM);
}

TEST_F(PlanRunTest, step_has_its_environment_and_directory) {
    std::filesystem::create_directory(work / "below");
    EXPECT_EQ(run_plan("steps:\n- run: echo $A $B; pwd\n  env: {A: one, B: 2}\n  cwd: below\n"
                       "- run: echo [$A]\n")
                  .kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "one 2\n" + (work / "below") + "\n[]\n");
}

TEST_F(PlanRunTest, answer_is_there_for_later_steps) {
    context.on_request = [this](const NewRequest& request) {
        EXPECT_EQ(request.kind, RequestKind::input);
        EXPECT_EQ(request.question, "Which version?");
        EXPECT_EQ(request.expires_after, Seconds(3600));
        context.resolve(request.key, RequestState::answered, "1.2 'x'");
    };
    EXPECT_EQ(run_plan("steps:\n- name: the-version\n  ask: Which version?\n  timeout: 1h\n"
                       "- run: echo \"$LOONG_ANSWER_THE_VERSION\"\n")
                  .kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "1.2 'x'\n");
    ASSERT_EQ(context.requests().size(), 1U);
    EXPECT_EQ(context.requests()[0].key, key("the-version"));
}

TEST_F(PlanRunTest, approved_step_goes_on) {
    context.resolve(key("publish"), RequestState::allowed);
    EXPECT_EQ(run_plan("steps:\n- name: publish\n  approve: Publish?\n- run: echo on\n").kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "on\n");
    EXPECT_EQ(context.requests()[0].kind, RequestKind::approval);
}

TEST_F(PlanRunTest, denied_step_fails) {
    context.resolve(key("publish"), RequestState::denied, "not today");
    const Outcome outcome =
        run_plan("steps:\n- name: publish\n  approve: Publish?\n- run: echo on\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "step publish: denied by the operator: not today");
    EXPECT_EQ(standard_output(), "");
    EXPECT_THAT(reports(), ElementsAre("publish:started", "publish:failed"));
}

TEST_F(PlanRunTest, unanswered_step_fails) {
    context.resolve(key("q"), RequestState::expired);
    EXPECT_EQ(run_plan("steps:\n- name: q\n  ask: Well?\n  timeout: 90s\n").message,
              "step q: nobody answered within 1m30s");
}

TEST_F(PlanRunTest, cancel_ends_the_waiting_for_an_answer) {
    context.on_request = [this](const NewRequest&) { context.signal({.cancel = true}); };
    EXPECT_EQ(run_plan("steps:\n- approve: Publish?\n").kind, OutcomeKind::cancelled);
}

TEST_F(PlanRunTest, detach_ends_the_waiting_for_an_answer) {
    context.on_request = [this](const NewRequest&) { context.signal({.detach = true}); };
    EXPECT_EQ(run_plan("steps:\n- approve: Publish?\n").kind, OutcomeKind::detached);
    EXPECT_EQ(probe().state, Probe::State::alive);
}

TEST_F(PlanRunTest, cancel_between_attempts_is_final) {
    spec().limits.grace = std::chrono::milliseconds(50);
    context.on_step = [this](const StepReport& step) {
        if (step.message == "attempt 2") context.signal({.cancel = true});
    };
    EXPECT_EQ(run_plan("steps:\n- retry: 1000\n  run: exit 1\n").kind, OutcomeKind::cancelled);
    EXPECT_LE(context.steps().size(), 3U);
}

TEST_F(PlanRunTest, completed_steps_of_an_earlier_session_are_not_run_again) {
    context.editable_earlier_steps() = {
        {"a", "session-old", StepRecord::State::started, false},
        {"a", "session-old", StepRecord::State::completed, false},
        {"b", "session-old", StepRecord::State::failed, true},
    };
    EXPECT_EQ(run_plan("steps:\n- name: a\n  run: echo a\n- name: b\n  run: echo b\n"
                       "- name: c\n  run: echo c\n")
                  .kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "c\n");
    EXPECT_THAT(reports(), ElementsAre("c:started", "c:completed"));
}

TEST_F(PlanRunTest, step_that_had_started_is_not_run_again) {
    context.editable_earlier_steps() = {{"a", "session-old", StepRecord::State::started, false}};
    const Outcome outcome = run_plan("steps:\n- name: a\n  run: echo a\n");
    EXPECT_EQ(outcome.kind, OutcomeKind::failed);
    EXPECT_EQ(outcome.message, "step a: had started when its worker was lost, and may not be run "
                               "twice (it does not say retry)");
    EXPECT_EQ(standard_output(), "");
}

TEST_F(PlanRunTest, step_that_had_started_is_run_again_where_it_says_retry) {
    context.editable_earlier_steps() = {{"a", "session-old", StepRecord::State::started, false}};
    EXPECT_EQ(run_plan("steps:\n- name: a\n  retry: 1\n  run: echo a\n").kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "a\n");
}

TEST_F(PlanRunTest, step_that_had_started_is_run_again_where_the_operator_says_so) {
    spec().rerun_started_steps = true;
    context.editable_earlier_steps() = {{"a", "session-old", StepRecord::State::started, false}};
    EXPECT_EQ(run_plan("steps:\n- name: a\n  run: echo a\n").kind, OutcomeKind::completed);
}

TEST_F(PlanRunTest, question_of_an_earlier_session_is_not_asked_twice) {
    context.editable_earlier_steps() = {{"q", "session-old", StepRecord::State::completed, false},
                                        {"p", "session-old", StepRecord::State::started, false}};
    context.resolve("step q/session-old", RequestState::answered, "forty-two");
    context.resolve("step p/session-old", RequestState::allowed);
    EXPECT_EQ(run_plan("steps:\n- name: q\n  ask: How many?\n- name: p\n  approve: Now?\n"
                       "- run: echo $LOONG_ANSWER_Q\n")
                  .kind,
              OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "forty-two\n");
}

TEST_F(PlanRunTest, question_that_was_withdrawn_is_asked_again) {
    context.editable_earlier_steps() = {{"p", "session-old", StepRecord::State::started, false}};
    context.resolve("step p/session-old", RequestState::withdrawn);
    context.resolve(key("p"), RequestState::allowed);
    EXPECT_EQ(run_plan("steps:\n- name: p\n  approve: Now?\n").kind, OutcomeKind::completed);
}

TEST_F(PlanRunTest, program_of_a_later_step_may_be_made_by_an_earlier_one) {
    plan("steps:\n- run: printf '#!/bin/sh\\necho made\\n' > made; chmod +x made\n"
         "- run: [./made]\n");
    ASSERT_TRUE(runtime.check(spec()));
    EXPECT_EQ(run().kind, OutcomeKind::completed);
    EXPECT_EQ(standard_output(), "made\n");
}

} // namespace
} // namespace loong::local
