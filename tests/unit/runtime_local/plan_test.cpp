#include "plan.hpp"

#include <gtest/gtest.h>

namespace loong::local {
namespace {

TEST(PlanTest, all_keys_are_read) {
    const auto plan = parse_plan("name: nightly\n"
                                 "steps:\n"
                                 "  - name: build\n"
                                 "    run: [make, -j4]\n"
                                 "    timeout: 1h30m\n"
                                 "    retry: 2\n"
                                 "    continue_on_error: true\n"
                                 "    env: {A: b, N: 1}\n"
                                 "    cwd: src\n"
                                 "  - ask: Which?\n"
                                 "  - {name: go, approve: 'Now?', timeout: 90}\n",
                                 "plan.yaml");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->name, "nightly");
    ASSERT_EQ(plan->steps.size(), 3U);
    const Step& build = plan->steps[0];
    EXPECT_EQ(build.name, "build");
    EXPECT_EQ(std::get<1>(build.run), (std::vector<std::string>{"make", "-j4"}));
    EXPECT_EQ(build.timeout, Seconds(5400));
    EXPECT_EQ(build.retry, 2);
    EXPECT_TRUE(build.continue_on_error);
    ASSERT_EQ(build.environment.size(), 2U);
    EXPECT_EQ(build.environment[1].value, "1");
    EXPECT_EQ(build.directory, "src");
    EXPECT_EQ(plan->steps[1].name, "step-2");
    EXPECT_EQ(plan->steps[1].kind, StepKind::ask);
    EXPECT_EQ(plan->steps[1].question, "Which?");
    EXPECT_EQ(plan->steps[2].kind, StepKind::approve);
    EXPECT_EQ(plan->steps[2].timeout, Seconds(90));
}

TEST(PlanTest, text_of_several_lines_is_a_text) {
    const auto plan = parse_plan("steps:\n- run: |\n    echo a\n    echo b\n", "");
    ASSERT_TRUE(plan);
    EXPECT_EQ(std::get<0>(plan->steps[0].run), "echo a\necho b\n");
}

TEST(PlanTest, answer_has_a_variable) {
    EXPECT_EQ(answer_variable("the version-2.x"), "LOONG_ANSWER_THE_VERSION_2_X");
}

struct BadPlan {
    const char* name;
    std::string yaml;
    const char* message;
    const char* hint = "";
    ErrorCode code = ErrorCode::invalid_plan;
};

std::ostream& operator<<(std::ostream& out, const BadPlan& plan) { return out << plan.name; }

class BadPlanTest : public ::testing::TestWithParam<BadPlan> {};

TEST_P(BadPlanTest, is_refused_with_its_place) {
    const BadPlan& bad = GetParam();
    const auto plan = parse_plan(bad.yaml, "plan.yaml");
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, bad.code);
    EXPECT_EQ(plan.error().message, bad.message);
    EXPECT_EQ(plan.error().hint, bad.hint);
}

const BadPlan bad_plans[] = {
    {"empty", "", "plan.yaml:1:1: the plan is empty", "a plan has a list of steps"},
    {"comment_only", "# nothing\n", "plan.yaml:1:1: the plan is empty",
     "a plan has a list of steps"},
    {"no_mapping", "- a\n", "plan.yaml:1:1: a plan is a mapping with the key steps"},
    {"no_steps", "name: x\n", "plan.yaml:1:1: the key steps is missing"},
    {"steps_no_list", "steps: 3\n", "plan.yaml:1:8: steps must be a list"},
    {"steps_empty", "steps: []\n", "plan.yaml:1:8: steps is empty"},
    {"plan_key", "stpes: []\n", "plan.yaml:1:1: unknown key stpes in a plan",
     "did you mean steps?"},
    {"plan_key_far", "colour: red\n", "plan.yaml:1:1: unknown key colour in a plan",
     "a plan has: name, steps"},
    {"two_documents", "steps: [{run: a}]\n---\nsteps: []\n",
     "plan.yaml:3:1: a plan is one document, and here a second one starts"},
    {"step_no_mapping", "steps:\n- make\n", "plan.yaml:2:3: a step is a mapping",
     "for example: - run: make -j4"},
    {"step_key", "steps:\n- run: a\n  timout: 3s\n", "plan.yaml:3:3: unknown key timout in a step",
     "did you mean timeout?"},
    {"step_key_twice", "steps:\n- run: a\n  run: b\n",
     "plan.yaml:3:3: no valid YAML: key 'run': stands here twice"},
    {"step_nothing", "steps:\n- name: a\n",
     "plan.yaml:2:3: a step needs one of run, ask and approve"},
    {"step_two", "steps:\n- run: a\n  ask: b\n",
     "plan.yaml:2:3: a step has only one of run, ask and approve"},
    {"name_twice", "steps:\n- {name: a, run: x}\n- {name: a, run: y}\n",
     "plan.yaml:3:10: the name a is the step's in line 2 already"},
    {"name_of_default", "steps:\n- {name: step-2, run: x}\n- run: y\n",
     "plan.yaml:3:3: the name step-2 is the step's in line 2 already"},
    {"name_empty", "steps:\n- {name: '', run: x}\n", "plan.yaml:2:10: name is empty"},
    {"name_control", "steps:\n- {name: \"a\\tb\", run: x}\n",
     "plan.yaml:2:10: name contains a control character"},
    {"name_long", "steps:\n- {name: " + std::string(65, 'n') + ", run: x}\n",
     "plan.yaml:2:10: name is longer than 64 bytes"},
    {"run_empty", "steps:\n- run: ''\n", "plan.yaml:2:8: run is empty"},
    {"run_null", "steps:\n- run:\n", "plan.yaml:2:7: run must be a text or a list of arguments"},
    {"run_mapping", "steps:\n- run: {a: b}\n",
     "plan.yaml:2:8: run must be a text or a list of arguments"},
    {"run_list_empty", "steps:\n- run: []\n", "plan.yaml:2:8: run is empty"},
    {"run_list_nested", "steps:\n- run: [a, [b]]\n", "plan.yaml:2:12: an argument must be a text"},
    {"run_nul", "steps:\n- run: \"a\\0b\"\n", "plan.yaml:2:8: run contains a NUL byte"},
    {"timeout", "steps:\n- run: a\n  timeout: soon\n", "plan.yaml:3:12: timeout must be a duration",
     "for example 30s, 10m or 1h30m"},
    {"timeout_zero", "steps:\n- run: a\n  timeout: 0\n",
     "plan.yaml:3:12: timeout must be a duration", "for example 30s, 10m or 1h30m"},
    {"retry", "steps:\n- run: a\n  retry: many\n",
     "plan.yaml:3:10: retry must be a number from 0 to 1000"},
    {"retry_negative", "steps:\n- run: a\n  retry: -1\n",
     "plan.yaml:3:10: retry must be a number from 0 to 1000"},
    {"continue", "steps:\n- run: a\n  continue_on_error: maybe\n",
     "plan.yaml:3:22: continue_on_error must be true or false"},
    {"env", "steps:\n- run: a\n  env: [A]\n",
     "plan.yaml:3:8: env must be a mapping of names to texts"},
    {"env_value", "steps:\n- run: a\n  env: {A: [b]}\n",
     "plan.yaml:3:9: env must be a mapping of names to texts"},
    {"env_name", "steps:\n- run: a\n  env: {A=B: c}\n",
     "plan.yaml:3:9: A=B is no name for an environment variable"},
    {"question_retry", "steps:\n- ask: a\n  retry: 1\n",
     "plan.yaml:3:3: retry belongs to a step that runs something, not to ask"},
    {"question_list", "steps:\n- approve: [a]\n", "plan.yaml:2:12: approve must be a text"},
    {"question_long", "steps:\n- ask: " + std::string(4097, 'q') + "\n",
     "plan.yaml:2:8: ask is longer than 4096 bytes"},
    {"narrowing_flag", "steps:\n- run: a\n  no_network: perhaps\n",
     "plan.yaml:3:15: no_network must be true or false"},
    {"narrowing_tool", "steps:\n- run: a\n  deny: [':x']\n",
     "plan.yaml:3:9: deny: :x names no tool",
     "write TOOL, or TOOL:PREFIX, for example shell.exec:git push"},
    {"narrowing_question", "steps:\n- approve: a\n  write: out\n",
     "plan.yaml:3:3: write belongs to a step that runs something, not to approve"},
    {"broken", "steps:\n- run: [a\n",
     "plan.yaml:3:1: no valid YAML: did not find expected ',' or ']', while parsing a flow "
     "sequence "
     "that begins in line 2, column 8"},
    {"tab", "steps:\n\t- run: a\n",
     "plan.yaml:2:1: no valid YAML: a tab may not indent a line; use spaces"},
    {"alias", "steps:\n- run: *a\n", "plan.yaml:2:8: no valid YAML: nothing is named '&a' before"},
};

INSTANTIATE_TEST_SUITE_P(PlanTest, BadPlanTest, ::testing::ValuesIn(bad_plans),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(PlanTest, nesting_without_end_is_refused) {
    EXPECT_FALSE(parse_plan("steps: " + std::string(100'000, '['), "plan.yaml"));
    EXPECT_FALSE(parse_plan("steps: " + std::string(100'000, '{'), "plan.yaml"));
}

TEST(PlanTest, bytes_that_are_no_text_are_refused_or_kept) {
    for (int seed = 0; seed < 300; ++seed) {
        std::string noise = "steps:\n- run: ";
        unsigned state = static_cast<unsigned>(seed) * 2654435761U + 1;
        for (int i = 0; i < 60; ++i) {
            state = state * 1664525U + 1013904223U;
            noise += static_cast<char>(state >> 24);
        }
        const auto plan = parse_plan(noise, "noise");
        if (!plan) {
            EXPECT_EQ(plan.error().code, ErrorCode::invalid_plan);
        }
    }
}

} // namespace
} // namespace loong::local
