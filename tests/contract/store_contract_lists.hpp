#pragma once
/// Listing and counting.

#include "store_contract_fixture.hpp"
#include "store_contract_model.hpp"

namespace loong::test {

TEST_P(StoreContract, list_goes_by_age_in_pages) {
    create_tasks(1, 10);
    for (const ListOrder order : {ListOrder::newest_first, ListOrder::oldest_first}) {
        std::vector<std::string> expected = ids({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
        if (order == ListOrder::newest_first) std::reverse(expected.begin(), expected.end());
        for (const std::size_t limit : {1U, 3U, 5U, 10U, 11U, 10'000U}) {
            std::vector<std::string> seen;
            std::string cursor;
            for (bool more = true; more;) {
                const ListPage page = must(store().list({}, order, cursor, limit));
                ASSERT_FALSE(page.tasks.empty());
                ASSERT_LE(page.tasks.size(), limit);
                for (const std::string& id : ids_of(page.tasks)) seen.push_back(id);
                cursor = seen.back();
                more = page.has_more;
                ASSERT_EQ(more, seen.size() < expected.size());
            }
            EXPECT_EQ(seen, expected);
            EXPECT_TRUE(must(store().list({}, order, cursor, limit)).tasks.empty());
        }
    }
}

TEST_P(StoreContract, list_goes_on_after_a_task_that_was_removed) {
    create_tasks(1, 4);
    must(store().remove(task_id_of(2), 1));
    EXPECT_EQ(ids_of(must(store().list({}, ListOrder::oldest_first, task_id_of(2), 9)).tasks),
              ids({3, 4}));
    EXPECT_EQ(ids_of(must(store().list({}, ListOrder::newest_first, task_id_of(2), 9)).tasks),
              ids({1}));
}

TEST_P(StoreContract, list_by_label_takes_patterns) {
    const std::vector<std::string> labels = {"build core", "build cli", "test/core",  ".hidden",
                                             "a[b]*c",     "BUILD",     awkward_text, ""};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        TaskSummary summary = make_summary(i + 1);
        summary.label = labels[i];
        create(summary);
    }
    const auto matching = [&](const char* glob) { return listed({.label_glob = glob}); };
    EXPECT_EQ(matching("build core"), ids({1}));
    EXPECT_EQ(matching("build*"), ids({1, 2}));
    EXPECT_EQ(matching("*core"), ids({1, 3}));
    EXPECT_EQ(matching("build c[!o]*"), ids({2}));
    EXPECT_EQ(matching("?hidden"), ids({4}));
    EXPECT_EQ(matching("test?core"), ids({3}));
    EXPECT_EQ(matching("a\\[b\\]\\**"), ids({5}));
    EXPECT_EQ(matching("a[b]*c"), std::vector<std::string>());
    EXPECT_EQ(matching("build"), std::vector<std::string>());
    EXPECT_EQ(matching("%"), std::vector<std::string>());
    EXPECT_EQ(matching("*").size(), labels.size());
    EXPECT_EQ(matching("?*"), ids({1, 2, 3, 4, 5, 6, 7}));
}

TEST_P(StoreContract, list_by_a_label_that_many_have) {
    // More than anybody puts in order to show a few.
    constexpr std::uint64_t many = 1100;
    std::vector<NewTask> tasks;
    for (std::uint64_t number = 1; number <= many; ++number) {
        TaskSummary summary = make_summary(number);
        summary.label = number % 2 == 0 ? "many" : "many others";
        tasks.push_back(make_task(summary));
    }
    for (const auto& result : must(store().create(tasks))) must(result);
    const auto newest = [&](const char* glob) {
        const TaskFilter filter{.label_glob = glob};
        const ListPage page = must(store().list(filter, ListOrder::newest_first, {}, 3));
        EXPECT_TRUE(page.has_more);
        std::vector<std::string> found;
        for (const ListedTask& task : page.tasks) found.push_back(task.task_id);
        return found;
    };
    EXPECT_EQ(newest("many*"), (std::vector{task_id_of(1100), task_id_of(1099), task_id_of(1098)}));
    EXPECT_EQ(newest("many"), (std::vector{task_id_of(1100), task_id_of(1098), task_id_of(1096)}));
    EXPECT_EQ(newest("many o*"),
              (std::vector{task_id_of(1099), task_id_of(1097), task_id_of(1095)}));
    EXPECT_EQ(listed({.label_glob = "many*"}).size(), many);
    EXPECT_EQ(must(store().count({.label_glob = "many"})).at(0).count, many / 2);
}

TEST_P(StoreContract, list_by_each_condition) {
    TaskSummary child = make_summary(1);
    child.owner_session_id = session_id_of(50);
    child.visible_to = {"default", session_id_of(40), session_id_of(50)};
    create(child);
    TaskSummary foreign = make_summary(2);
    foreign.owner_session_id = foreign.scope_session_id = "other";
    foreign.visible_to = {"other"};
    create(foreign);
    TaskSummary archived = make_summary(3);
    archived.session_state = SessionState::completed;
    archived.archived = true;
    create(archived);
    TaskSummary running = make_summary(4);
    running.session_state = SessionState::running;
    create(running);
    EXPECT_EQ(listed(), ids({1, 2, 3, 4}));
    EXPECT_EQ(listed({.visible_to = "default"}), ids({1, 3, 4}));
    EXPECT_EQ(listed({.visible_to = session_id_of(40)}), ids({1}));
    EXPECT_EQ(listed({.visible_to = "defaul"}), ids({}));
    EXPECT_EQ(listed({.owner_session_id = session_id_of(50)}), ids({1}));
    EXPECT_EQ(listed({.owner_session_id = session_id_of(40)}), ids({}));
    EXPECT_EQ(listed({.owner_session_id = "default"}), ids({3, 4}));
    EXPECT_EQ(listed({.include_archived = false}), ids({1, 2, 4}));
    EXPECT_EQ(listed({.states = {SessionState::ready}}), ids({1, 2}));
    EXPECT_EQ(listed({.states = {SessionState::running, SessionState::completed}}), ids({3, 4}));
    EXPECT_EQ(listed({.states = {SessionState::ready}, .visible_to = "other"}), ids({2}));
}

TEST_P(StoreContract, list_of_what_may_need_the_operator) {
    const Time now = test_time(100);
    const auto add = [&](std::uint64_t number, auto&& change) {
        TaskSummary summary = make_summary(number);
        change(summary);
        create(summary);
    };
    add(1, [](TaskSummary&) {});
    add(2, [](TaskSummary& s) {
        s.session_state = SessionState::failed;
        s.attention = true;
    });
    add(3, [](TaskSummary& s) {
        s.session_state = SessionState::failed;
        s.archived = true;
    });
    add(4, [](TaskSummary& s) { s.session_state = SessionState::running; });
    add(5, [](TaskSummary& s) { s.dependencies = {{task_id_of(2), false}}; });
    add(6, [](TaskSummary& s) { s.dependencies = {{task_id_of(1), false}}; });
    add(7, [&](TaskSummary& s) { s.overdue_at = now; });
    add(8, [&](TaskSummary& s) { s.overdue_at = now + Microseconds(1); });
    add(9, [](TaskSummary& s) { s.session_state = SessionState::completed; });
    EXPECT_EQ(listed({.attention_candidates = true, .now = now}), ids({2, 4, 5, 7}));
    EXPECT_EQ(listed({.attention_candidates = true, .now = now + Microseconds(1)}),
              ids({2, 4, 5, 7, 8}));
}

TEST_P(StoreContract, list_of_what_is_owed_to_the_operator) {
    create(make_summary(1));
    TaskSummary summary = make_summary(2);
    summary.session_state = SessionState::completed;
    summary.notify_at = test_time(5);
    summary = create(summary);
    EXPECT_EQ(listed({.notification_owed = true}), ids({2}));
    summary.notify_at.reset();
    append(summary);
    EXPECT_EQ(listed({.notification_owed = true}), ids({}));
    EXPECT_EQ(listed(), ids({1, 2}));
}

TEST_P(StoreContract, list_of_what_is_not_due) {
    const Time now = test_time(100);
    const auto add = [&](std::uint64_t number, std::optional<Time> not_before, bool held = false) {
        TaskSummary summary = make_summary(number);
        summary.not_before = not_before;
        summary.held = held;
        create(summary);
    };
    add(1, std::nullopt);
    add(2, now);
    add(3, now + Microseconds(1));
    add(4, test_time(200));
    add(5, test_time(200), true);
    EXPECT_EQ(listed({.not_due = true, .now = now}), ids({3, 4, 5}));
    EXPECT_EQ(listed({.held = false, .not_due = true, .now = now}), ids({3, 4}));
    EXPECT_EQ(listed({.not_due = true, .now = test_time(200)}), ids({}));
}

TEST_P(StoreContract, list_shows_what_was_appended_last) {
    TaskSummary summary = create(make_summary(1));
    const auto other = open();
    for (int i = 0; i < 5; ++i) {
        summary.label = "label " + std::to_string(i);
        summary = append(summary);
        const ListPage page = must(other->list({}, ListOrder::newest_first, {}, 10));
        ASSERT_EQ(page.tasks.size(), 1U);
        EXPECT_TRUE(same_summary(must(page.tasks[0].summary), summary));
    }
}

TEST_P(StoreContract, a_page_opens_no_more_tasks_than_it_shows) {
    create_tasks(1, 80);
    close();
    must(store().list({}, ListOrder::newest_first, {}, 1));
    const std::uint64_t before = host().summarized();
    EXPECT_EQ(must(store().list({}, ListOrder::newest_first, {}, 5)).tasks.size(), 5U);
    EXPECT_EQ(must(store().claimable(test_time(0), 5)).size(), 5U);
    EXPECT_LE(host().summarized() - before, 10U);
}

/// Random tasks and changes; every question is asked of the store and of the model.
class StoreQuestions {
public:
    static std::vector<TaskFilter> filters() {
        std::vector<TaskFilter> filters(1);
        for (int state = 0; state <= static_cast<int>(last_session_state); ++state) {
            filters.push_back({.states = {static_cast<SessionState>(state)}});
        }
        filters.push_back({.states = {SessionState::failed, SessionState::timed_out}});
        filters.push_back({.visible_to = "default", .include_archived = false});
        filters.push_back({.visible_to = session_id_of(1)});
        filters.push_back({.owner_session_id = "other"});
        filters.push_back({.label_glob = "build *"});
        filters.push_back({.label_glob = "*1"});
        filters.push_back({.label_glob = "* [3-7]", .include_archived = false});
        filters.push_back({.states = {SessionState::ready},
                           .visible_to = "default",
                           .label_glob = "test*",
                           .include_archived = false});
        filters.push_back({.held = true});
        filters.push_back({.states = {SessionState::ready},
                           .held = false,
                           .dependencies = {DependencyState::met}});
        filters.push_back({.label_glob = "test*",
                           .dependencies = {DependencyState::pending, DependencyState::failed}});
        filters.push_back({.notification_owed = true});
        filters.push_back({.states = {SessionState::completed},
                           .visible_to = "default",
                           .notification_owed = true});
        filters.push_back({.label_glob = "build 3"});
        filters.push_back({.states = {SessionState::ready, SessionState::running},
                           .visible_to = "default",
                           .label_glob = "test 5"});
        filters.push_back({.label_glob = "no such label"});
        for (const std::uint64_t now : {0U, 10U, 30U}) {
            filters.push_back({.attention_candidates = true, .now = test_time(now)});
            filters.push_back({.not_due = true, .now = test_time(now)});
            filters.push_back({.states = {SessionState::ready},
                               .visible_to = "default",
                               .held = false,
                               .dependencies = {DependencyState::met},
                               .not_due = true,
                               .now = test_time(now)});
            filters.push_back({.label_glob = "build *",
                               .attention_candidates = true,
                               .not_due = true,
                               .now = test_time(now)});
            filters.push_back(
                {.label_glob = "build 1", .attention_candidates = true, .now = test_time(now)});
            filters.push_back({.label_glob = "test 2", .not_due = true, .now = test_time(now)});
            filters.push_back({.visible_to = "default",
                               .include_archived = false,
                               .attention_candidates = true,
                               .now = test_time(now)});
        }
        return filters;
    }

    static std::vector<std::string> walk(Store& store, const TaskFilter& filter, ListOrder order,
                                         std::size_t limit) {
        std::vector<std::string> ids;
        std::string cursor;
        for (bool more = true; more;) {
            const ListPage page = must(store.list(filter, order, cursor, limit));
            for (const ListedTask& task : page.tasks) ids.push_back(task.task_id);
            more = page.has_more && !page.tasks.empty();
            if (more) cursor = ids.back();
        }
        return ids;
    }

    static StoreModel::Groups count(Store& store, const TaskFilter& filter) {
        StoreModel::Groups groups;
        for (const CountGroup& group : must(store.count(filter))) {
            if (group.count == 0) continue;
            groups[{group.session_state, group.archived, group.held, group.dependencies, group.due,
                    group.overdue}] += group.count;
        }
        return groups;
    }

    static void compare(Store& store, const StoreModel& model) {
        int number = 0;
        for (const TaskFilter& filter : filters()) {
            SCOPED_TRACE("filter " + std::to_string(number++));
            const auto oldest = model.list(filter, ListOrder::oldest_first);
            EXPECT_EQ(walk(store, filter, ListOrder::oldest_first, 1000), oldest);
            EXPECT_EQ(walk(store, filter, ListOrder::newest_first, 7),
                      model.list(filter, ListOrder::newest_first));
            EXPECT_EQ(count(store, filter), model.count(filter));
        }
        for (const std::uint64_t at : {0U, 5U, 10U, 19U, 30U}) {
            const Time now = test_time(at);
            std::vector<std::string> ids;
            for (const ListedTask& task : must(store.claimable(now, 10'000))) {
                ids.push_back(task.task_id);
                EXPECT_EQ(task.dependencies, DependencyState::met);
            }
            EXPECT_EQ(ids, model.claimable(now));
            EXPECT_EQ(must(store.next_due(now)), model.next_due(now));
        }
        for (const ListedTask& task :
             must(store.list({}, ListOrder::oldest_first, {}, 1000)).tasks) {
            const TaskSummary& expected = model.tasks().at(task.task_id);
            EXPECT_TRUE(same_summary(must(task.summary), expected)) << task.task_id;
            EXPECT_EQ(task.dependencies, model.dependencies(expected)) << task.task_id;
        }
    }
};

TEST_P(StoreContract, every_question_is_answered_as_if_each_task_were_looked_at) {
    std::mt19937 random(20260102);
    StoreModel model;
    std::vector<NewTask> tasks;
    for (std::uint64_t number = 1; number <= 60; ++number) {
        tasks.push_back(make_task(random_summary(number, random)));
        model.put(tasks.back().summary);
    }
    for (const auto& result : must(store().create(tasks))) must(result);
    StoreQuestions::compare(store(), model);
    for (std::uint64_t number = 3; number <= 60; number += 2) {
        TaskSummary summary = random_summary(number, random);
        summary.revision = 1;
        model.put(append(summary));
    }
    for (std::uint64_t number = 4; number <= 60; number += 8) {
        const TaskSummary& summary = model.tasks().at(task_id_of(number));
        must(store().remove(summary.task_id, summary.revision));
        model.remove(task_id_of(number));
    }
    StoreQuestions::compare(*open(), model);
    close();
    StoreQuestions::compare(store(), model);
}

} // namespace loong::test
