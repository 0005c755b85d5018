#include "explorer.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <ostream>

namespace loong::model {
namespace {

struct Case {
    const char* name;
    Setup setup;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

std::string way(const Exploration& exploration) {
    std::string text = exploration.violation.value_or("");
    for (const std::string& step : exploration.steps) text += "\n    " + step;
    return text;
}

class Promises : public ::testing::TestWithParam<Case> {};

TEST_P(Promises, hold_in_every_state) {
    const Exploration found = explore(GetParam().setup);
    EXPECT_FALSE(found.violation) << way(found);
    EXPECT_GT(found.ends + static_cast<std::size_t>(GetParam().setup.observers), 0U);
    if (GetParam().setup.kills > 0) {
        EXPECT_GT(found.kill_points, 0U);
    }
    std::cout << "states " << found.states << ", transitions " << found.transitions
              << ", kill points " << found.kill_points << ", histories of a task "
              << found.histories << "\n";
}

constexpr Case undisturbed[] = {
    {"one_task_watched", {.observers = 1}},
    {"two_tasks_one_slot_watched", {.tasks = 2, .observers = 1}},
    {"two_tasks_two_slots_watched", {.tasks = 2, .slots = 2, .observers = 1}},
    {"cancel_watched", {.cancellers = 1, .observers = 1}},
    {"dependent_task_watched", {.tasks = 2, .dependent = true, .observers = 1}},
    {"dependent_task_and_cancel_watched",
     {.tasks = 2, .dependent = true, .cancellers = 1, .observers = 1}},
    {"two_cancels", {.cancellers = 2}},
    {"question_watched", {.tasks = 2, .observers = 1, .asks = true}},
    {"question_and_two_slots", {.tasks = 2, .slots = 2, .asks = true}},
    {"question_and_dependent_task_watched",
     {.tasks = 2, .dependent = true, .observers = 1, .asks = true}},
    {"question_and_cancel", {.tasks = 2, .cancellers = 1, .asks = true}},
};

constexpr Case killed[] = {
    {"one_task", {.kills = 1}},
    {"one_task_two_kills", {.kills = 2}},
    {"two_tasks_one_slot", {.tasks = 2, .kills = 1}},
    {"two_tasks_two_slots", {.tasks = 2, .slots = 2, .kills = 1}},
    {"dependent_task_two_kills", {.tasks = 2, .dependent = true, .kills = 2}},
    {"cancel", {.cancellers = 1, .kills = 1}},
    {"recover", {.recoverers = 1, .kills = 1}},
    {"two_recovers", {.recoverers = 2, .kills = 1}},
    {"cancel_and_recover", {.cancellers = 1, .recoverers = 1, .kills = 1}},
    {"cancel_and_recover_two_kills", {.cancellers = 1, .recoverers = 1, .kills = 2}},
    {"two_tasks_and_cancel", {.tasks = 2, .cancellers = 1, .kills = 1}},
    {"two_tasks_and_recover", {.tasks = 2, .recoverers = 1, .kills = 1}},
    {"start_before_handle",
     {.cancellers = 1, .recoverers = 1, .kills = 1, .start_before_handle = true}},
    {"question", {.tasks = 2, .kills = 1, .asks = true}},
    {"question_and_recover", {.recoverers = 1, .kills = 2, .asks = true}},
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(undisturbed, Promises, ::testing::ValuesIn(undisturbed), name_of);
INSTANTIATE_TEST_SUITE_P(killed, Promises, ::testing::ValuesIn(killed), name_of);

/// A rule that can be broken without anybody noticing would be no rule, or this no proof.
class BrokenRule : public ::testing::TestWithParam<Case> {};

TEST_P(BrokenRule, is_noticed) {
    const Exploration found = explore(GetParam().setup);
    ASSERT_TRUE(found.violation);
    std::cout << *found.violation << ", after " << found.steps.size() << " steps\n";
}

constexpr Case broken[] = {
    {"create_outside_of_hand_over",
     {.observers = 1, .mutation = Mutation::create_outside_of_hand_over}},
    {"hand_over_ends_before_worker_is_ready",
     {.mutation = Mutation::hand_over_ends_before_worker_is_ready}},
    {"worker_leaves_without_last_look",
     {.tasks = 2, .mutation = Mutation::worker_leaves_without_last_look}},
    {"lease_released_before_outcome", {.mutation = Mutation::lease_released_before_outcome}},
    {"work_starts_before_handle", {.kills = 1, .mutation = Mutation::work_starts_before_handle}},
    {"work_starts_between_start_and_handle",
     {.kills = 1, .start_before_handle = true, .mutation = Mutation::work_starts_before_handle}},
    {"keeper_starts_without_a_look",
     {.tasks = 2, .slots = 2, .mutation = Mutation::keeper_starts_without_a_look}},
    {"recovery_without_fence",
     {.recoverers = 2, .kills = 1, .mutation = Mutation::recovery_without_fence}},
    {"keeper_unlocks_before_record",
     {.recoverers = 1, .kills = 1, .mutation = Mutation::keeper_unlocks_before_record}},
    {"observer_looks_once", {.observers = 1, .mutation = Mutation::observer_looks_once}},
    {"start_without_lease", {.mutation = Mutation::start_without_lease}},
    {"probe_takes_waiting_for_alive",
     {.recoverers = 1, .kills = 1, .mutation = Mutation::probe_takes_waiting_for_alive}},
    {"place_given_back_before_slot",
     {.tasks = 2,
      .observers = 1,
      .asks = true,
      .mutation = Mutation::place_given_back_before_slot}},
};

INSTANTIATE_TEST_SUITE_P(all, BrokenRule, ::testing::ValuesIn(broken), name_of);

} // namespace
} // namespace loong::model
