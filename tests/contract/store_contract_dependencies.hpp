#pragma once
/// How dependencies stand, what may start, and when.

#include "store_contract_fixture.hpp"

namespace loong::test {

TEST_P(StoreContract, dependencies_stand_as_the_tasks_do) {
    struct Case {
        SessionState state;
        DependencyState success;
        DependencyState any_end;
    };
    const std::vector<Case> cases = {
        {SessionState::ready, DependencyState::pending, DependencyState::pending},
        {SessionState::running, DependencyState::pending, DependencyState::pending},
        {SessionState::completed, DependencyState::met, DependencyState::met},
        {SessionState::failed, DependencyState::failed, DependencyState::met},
        {SessionState::timed_out, DependencyState::failed, DependencyState::met},
        {SessionState::cancelled, DependencyState::failed, DependencyState::met},
    };
    std::uint64_t number = 0;
    for (const Case& one : cases) {
        TaskSummary target = make_summary(++number);
        target.session_state = one.state;
        create(target);
        for (const bool any_end : {false, true}) {
            TaskSummary summary = make_summary(++number);
            summary.dependencies = {{target.task_id, any_end}};
            create(summary);
            const ListedTask found = must(open()->find(summary.task_id));
            const DependencyState expected = any_end ? one.any_end : one.success;
            EXPECT_EQ(found.dependencies, expected) << to_string(one.state) << ' ' << any_end;
            EXPECT_EQ(found.dependency_task_id,
                      expected == DependencyState::met ? "" : target.task_id);
        }
    }
}

TEST_P(StoreContract, a_dependency_that_does_not_exist_has_failed_unless_any_end_will_do) {
    TaskSummary strict = make_summary(1);
    strict.dependencies = {{task_id_of(99), false}};
    create(strict);
    TaskSummary lenient = make_summary(2);
    lenient.dependencies = {{task_id_of(99), true}};
    create(lenient);
    EXPECT_EQ(must(store().find(task_id_of(1))).dependencies, DependencyState::failed);
    EXPECT_EQ(must(store().find(task_id_of(1))).dependency_task_id, task_id_of(99));
    EXPECT_EQ(must(store().find(task_id_of(2))).dependencies, DependencyState::met);
    EXPECT_EQ(ids_of(must(store().claimable(test_time(0), 10))), ids({2}));
}

TEST_P(StoreContract, of_several_dependencies_failed_prevails_and_the_first_cause_is_named) {
    TaskSummary done = make_summary(1);
    done.session_state = SessionState::completed;
    create(done);
    create_tasks(2, 3);
    TaskSummary failed = make_summary(4);
    failed.session_state = SessionState::failed;
    create(failed);
    TaskSummary waits = make_summary(5);
    waits.dependencies = {{task_id_of(1), false}, {task_id_of(3), true}, {task_id_of(2), false}};
    create(waits);
    TaskSummary fails = make_summary(6);
    fails.dependencies = {{task_id_of(2), false},
                          {task_id_of(4), true},
                          {task_id_of(77), false},
                          {task_id_of(4), false}};
    create(fails);
    EXPECT_EQ(must(store().find(task_id_of(5))).dependencies, DependencyState::pending);
    EXPECT_EQ(must(store().find(task_id_of(5))).dependency_task_id, task_id_of(3));
    EXPECT_EQ(must(store().find(task_id_of(6))).dependencies, DependencyState::failed);
    EXPECT_EQ(must(store().find(task_id_of(6))).dependency_task_id, task_id_of(77));
}

TEST_P(StoreContract, dependencies_follow_every_change) {
    TaskSummary target = create(make_summary(1));
    TaskSummary summary = make_summary(2);
    summary.dependencies = {{target.task_id, false}};
    create(summary);
    const auto other = open();
    const auto state = [&] { return must(other->find(task_id_of(2))).dependencies; };
    const auto claimable = [&] { return ids_of(must(other->claimable(test_time(0), 10))); };
    EXPECT_EQ(state(), DependencyState::pending);
    EXPECT_EQ(claimable(), ids({1}));
    target = change_state(target, SessionState::running);
    EXPECT_EQ(state(), DependencyState::pending);
    EXPECT_TRUE(claimable().empty());
    target = change_state(target, SessionState::failed);
    EXPECT_EQ(state(), DependencyState::failed);
    EXPECT_TRUE(claimable().empty());
    target = change_state(target, SessionState::ready);
    EXPECT_EQ(state(), DependencyState::pending);
    target = change_state(target, SessionState::completed);
    EXPECT_EQ(state(), DependencyState::met);
    EXPECT_EQ(claimable(), ids({2}));
    must(store().remove(target.task_id, target.revision));
    EXPECT_EQ(state(), DependencyState::failed);
    EXPECT_TRUE(claimable().empty());
}

TEST_P(StoreContract, dependencies_may_lie_within_one_call) {
    TaskSummary second = make_summary(2);
    second.dependencies = {{task_id_of(1), false}};
    for (const auto& result : must(store().create({make_task(second), make_task(1)}))) {
        must(result);
    }
    EXPECT_EQ(must(store().find(task_id_of(2))).dependencies, DependencyState::pending);
    EXPECT_EQ(ids_of(must(store().claimable(test_time(0), 10))), ids({1}));
}

TEST_P(StoreContract, dependents_are_told_oldest_first) {
    create_tasks(1, 1);
    for (const std::uint64_t number : {5U, 3U, 4U}) {
        TaskSummary summary = make_summary(number);
        summary.dependencies = {{task_id_of(2), false}, {task_id_of(1), number == 4}};
        create(summary);
    }
    EXPECT_EQ(must(open()->dependents(task_id_of(1))), ids({3, 4, 5}));
    EXPECT_EQ(must(store().dependents(task_id_of(2))), ids({3, 4, 5}));
    EXPECT_TRUE(must(store().dependents(task_id_of(5))).empty());
    must(store().remove(task_id_of(4), 1));
    EXPECT_EQ(must(store().dependents(task_id_of(1))), ids({3, 5}));
}

TEST_P(StoreContract, claimable_goes_by_priority_and_then_by_age) {
    const std::vector<int> priorities = {0, 5, -1000, 5, 0, 1000};
    for (std::size_t i = 0; i < priorities.size(); ++i) {
        TaskSummary summary = make_summary(i + 1);
        summary.priority = priorities[i];
        create(summary);
    }
    EXPECT_EQ(ids_of(must(open()->claimable(test_time(0), 100))), ids({6, 2, 4, 1, 5, 3}));
    EXPECT_EQ(ids_of(must(store().claimable(test_time(0), 3))), ids({6, 2, 4}));
    EXPECT_EQ(ids_of(must(store().claimable(test_time(0), 1))), ids({6}));
}

TEST_P(StoreContract, claimable_is_only_what_may_start) {
    const Time now = test_time(1000);
    std::uint64_t number = 0;
    for (int state = 0; state <= static_cast<int>(last_session_state); ++state) {
        TaskSummary summary = make_summary(++number);
        summary.session_state = static_cast<SessionState>(state);
        create(summary);
    }
    const auto add = [&](auto&& change) {
        TaskSummary summary = make_summary(++number);
        change(summary);
        create(summary);
    };
    add([](TaskSummary& summary) { summary.held = true; });
    add([](TaskSummary& summary) { summary.archived = true; });
    add([&](TaskSummary& summary) { summary.not_before = now; });
    add([&](TaskSummary& summary) { summary.not_before = now + Microseconds(1); });
    add([&](TaskSummary& summary) { summary.not_before = now - Seconds(5); });
    EXPECT_EQ(ids_of(must(store().claimable(now, 100))), ids({1, 9, 11}));
    EXPECT_EQ(ids_of(must(store().claimable(now + Microseconds(1), 100))), ids({1, 9, 10, 11}));
}

TEST_P(StoreContract, claimable_follows_every_change) {
    TaskSummary summary = make_summary(1);
    summary.held = true;
    summary = create(summary);
    const auto other = open();
    const auto claimable = [&] { return ids_of(must(other->claimable(test_time(0), 10))); };
    EXPECT_TRUE(claimable().empty());
    summary.held = false;
    summary = append(summary);
    EXPECT_EQ(claimable(), ids({1}));
    summary.not_before = test_time(5);
    summary = append(summary);
    EXPECT_TRUE(claimable().empty());
    EXPECT_EQ(must(other->next_due(test_time(0))), test_time(5));
    summary.not_before.reset();
    summary = append(summary);
    EXPECT_EQ(claimable(), ids({1}));
    EXPECT_EQ(must(other->next_due(test_time(0))), std::nullopt);
    summary = change_state(summary, SessionState::running);
    EXPECT_TRUE(claimable().empty());
}

TEST_P(StoreContract, next_due_is_the_earliest_that_only_time_keeps) {
    const Time now = test_time(100);
    const auto add = [&](std::uint64_t number, Time due, auto&& change) {
        TaskSummary summary = make_summary(number);
        summary.not_before = due;
        change(summary);
        create(summary);
    };
    const auto as_it_is = [](TaskSummary&) {};
    add(1, now - Seconds(1), as_it_is);
    add(2, now, as_it_is);
    add(3, now + Seconds(1), [](TaskSummary& summary) { summary.held = true; });
    add(4, now + Seconds(2),
        [](TaskSummary& summary) { summary.session_state = SessionState::running; });
    add(5, now + Seconds(3), [](TaskSummary& summary) {
        summary.dependencies = {{task_id_of(1), false}};
    });
    EXPECT_EQ(must(store().next_due(now)), std::nullopt);
    add(6, now + Seconds(9), as_it_is);
    add(7, now + Seconds(8), as_it_is);
    EXPECT_EQ(must(open()->next_due(now)), now + Seconds(8));
    EXPECT_EQ(must(store().next_due(now + Seconds(8))), now + Seconds(9));
    EXPECT_EQ(must(store().next_due(now - Seconds(2))), now - Seconds(1));
}

} // namespace loong::test
