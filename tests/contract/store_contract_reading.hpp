#pragma once
/// Reading one task, and finding tasks by what is known of them.

#include "store_contract_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace loong::test {

TEST_P(StoreContract, what_does_not_exist_is_told) {
    create_tasks(1, 1);
    const std::string id = task_id_of(9);
    EXPECT_EQ(code_of(store().read(id)), "task_not_found");
    EXPECT_EQ(code_of(store().read_events(id, 0, 10)), "task_not_found");
    EXPECT_EQ(code_of(store().revision(id)), "task_not_found");
    EXPECT_EQ(code_of(store().find(id)), "task_not_found");
    EXPECT_EQ(must(store().task_of_session(session_id_of(9))), std::nullopt);
    EXPECT_EQ(must(store().find_dedupe_key("none")), std::nullopt);
    EXPECT_TRUE(must(store().dependents(id)).empty());
    EXPECT_TRUE(must(store().resolve(id, 5)).empty());
}

TEST_P(StoreContract, an_empty_store_answers) {
    EXPECT_TRUE(listed().empty());
    EXPECT_FALSE(must(store().list({}, ListOrder::newest_first, {}, 10)).has_more);
    for (const CountGroup& group : must(store().count({}))) EXPECT_EQ(group.count, 0U);
    EXPECT_TRUE(must(store().claimable(test_time(0), 10)).empty());
    EXPECT_EQ(must(store().next_due(test_time(0))), std::nullopt);
    const std::vector<Finding> findings = must(store().verify());
    EXPECT_TRUE(faults(findings).empty());
    const bool is_alone = std::any_of(findings.begin(), findings.end(), [](const Finding& one) {
        return one.code == "one_process_only";
    });
    EXPECT_EQ(is_alone, !GetParam().one_process_only.empty());
}

TEST_P(StoreContract, read_events_in_pages) {
    TaskSummary summary = create(make_summary(1), 4);
    summary = append(summary, 3);
    const std::vector<std::string> all = must(store().read(summary.task_id)).records;
    ASSERT_EQ(all.size(), 7U);
    for (std::uint64_t after = 0; after <= 9; ++after) {
        for (const std::size_t limit : {1U, 2U, 3U, 7U, 100'000U}) {
            const EventRecords page = must(store().read_events(summary.task_id, after, limit));
            const std::size_t left = after < 7 ? 7 - after : 0;
            ASSERT_EQ(page.records.size(), std::min(left, limit)) << after << ' ' << limit;
            for (std::size_t i = 0; i < page.records.size(); ++i) {
                EXPECT_EQ(page.records[i], all[after + i]);
            }
            EXPECT_EQ(page.has_more, left > limit) << after << ' ' << limit;
            EXPECT_EQ(page.revision, 7U);
        }
    }
}

TEST_P(StoreContract, read_events_leaves_no_gap_while_others_append) {
    constexpr std::uint64_t last = 1 + 4 * 40;
    TaskSummary summary = create(make_summary(1));
    std::thread writer = in_thread([&, summary]() mutable {
        const auto own = open();
        while (summary.revision < last) summary = append(*own, summary, 4);
    });
    std::uint64_t cursor = 0;
    const auto until = std::chrono::steady_clock::now() + test_patience;
    while (cursor < last && std::chrono::steady_clock::now() < until) {
        const EventRecords page = must(store().read_events(task_id_of(1), cursor, 3));
        for (const std::string& record : page.records) {
            ++cursor;
            EXPECT_TRUE(record.starts_with(R"({"id":)" + std::to_string(cursor) + ",")) << cursor;
        }
        EXPECT_GE(page.revision, cursor);
        EXPECT_EQ(page.has_more, page.revision > cursor);
    }
    writer.join();
    EXPECT_EQ(cursor, last);
}

TEST_P(StoreContract, resolve_by_beginning_and_ending) {
    create_tasks(1, 40);
    const std::string id = task_id_of(17);
    const std::string ulid = id.substr(task_id_prefix.size());
    using Ids = std::vector<std::string>;
    EXPECT_EQ(must(store().resolve(id, 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(ulid, 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(id.substr(0, id.size() - 3), 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(ulid.substr(0, 14), 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(ulid.substr(ulid.size() - 5), 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(ulid.substr(ulid.size() - 12), 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(ulid.substr(ulid.size() - 13), 5)), Ids{id});
    EXPECT_EQ(must(store().resolve(id.substr(4), 5)), Ids{id});
    for (const std::size_t place : {ulid.size() - 14, ulid.size() - 13, ulid.size() - 6}) {
        std::string other = ulid.substr(ulid.size() - 14);
        char& digit = other[place - (ulid.size() - 14)];
        digit = digit == 'a' ? 'b' : 'a';
        EXPECT_TRUE(must(store().resolve(other, 5)).empty()) << other;
    }
    EXPECT_TRUE(must(store().resolve("x" + ulid, 5)).empty());
    EXPECT_TRUE(must(store().resolve("x" + id, 5)).empty());
    EXPECT_TRUE(must(store().resolve(ulid.substr(ulid.size() - 4), 5)).empty());
    EXPECT_TRUE(must(store().resolve(ulid.substr(10, 8), 5)).empty());
    EXPECT_TRUE(must(store().resolve("zzzzzz", 5)).empty());
    EXPECT_EQ(must(store().resolve(ulid.substr(0, 8), 3)), ids({1, 2, 3}));
    EXPECT_EQ(must(store().resolve("task-", 2)), ids({1, 2}));
    EXPECT_EQ(must(store().resolve("task-", 100)).size(), 40U);
}

TEST_P(StoreContract, resolve_takes_text_as_it_is) {
    create_tasks(1, 3);
    for (const std::string text : {"%", "_", "task_", "*****", "'; drop", "TASK-", "task-%"}) {
        EXPECT_TRUE(must(store().resolve(text, 10)).empty()) << text;
    }
}

TEST_P(StoreContract, a_session_leads_to_its_task_also_when_it_is_past) {
    TaskSummary summary = create(make_summary(1));
    create(make_summary(2));
    summary.task_session_id = session_id_of(1, 2);
    summary = append(summary);
    summary.task_session_id = session_id_of(1, 3);
    summary = append(summary);
    close();
    EXPECT_EQ(must(store().task_of_session(session_id_of(1))), task_id_of(1));
    EXPECT_EQ(must(store().task_of_session(session_id_of(1, 2))), task_id_of(1));
    EXPECT_EQ(must(store().task_of_session(session_id_of(1, 3))), task_id_of(1));
    EXPECT_EQ(must(store().task_of_session(session_id_of(2))), task_id_of(2));
    EXPECT_EQ(must(store().task_of_session(session_id_of(1, 4))), std::nullopt);
}

TEST_P(StoreContract, a_session_whose_id_follows_that_of_its_task_leads_to_it) {
    const std::vector<std::string> tasks = {task_id_of(1), "task-0123456789abcdefghjkmnpqrs",
                                            "task-0123456789abcdefghjkmnpqzz",
                                            "task-0123456789zzzzzzzzzzzzzzzz"};
    std::vector<TaskSummary> summaries;
    for (const std::string& task_id : tasks) {
        TaskSummary summary = make_summary(summaries.size() + 1);
        summary.task_id = task_id;
        summary.task_session_id = session_id_after(task_id);
        summaries.push_back(create(summary));
    }
    EXPECT_EQ(summaries[3].task_session_id, "session-012345678a0000000000000000");
    for (const TaskSummary& summary : summaries)
        EXPECT_EQ(must(store().task_of_session(summary.task_session_id)), summary.task_id);
    // Also when it is past, beside others.
    for (std::uint64_t attempt = 2; attempt <= 3; ++attempt) {
        summaries[2].task_session_id = session_id_of(3, attempt);
        summaries[2] = append(summaries[2]);
    }
    close();
    for (const TaskSummary& summary : summaries) {
        EXPECT_EQ(must(store().task_of_session(session_id_after(summary.task_id))),
                  summary.task_id);
        EXPECT_EQ(must(store().task_of_session(summary.task_session_id)), summary.task_id);
    }
    EXPECT_EQ(must(store().task_of_session(session_id_of(3, 2))), tasks[2]);
    for (const TaskSummary& summary : summaries)
        must(store().remove(summary.task_id, summary.revision));
    const auto other = open();
    for (const TaskSummary& summary : summaries) {
        EXPECT_EQ(must(other->task_of_session(session_id_after(summary.task_id))), std::nullopt);
        EXPECT_EQ(must(other->task_of_session(summary.task_session_id)), std::nullopt);
    }
}

TEST_P(StoreContract, a_session_is_not_a_tasks_because_its_id_follows) {
    // Made at the same time: the session of the first has the id that follows the second's.
    TaskSummary first = make_summary(1);
    TaskSummary second = make_summary(2);
    first.task_session_id = session_id_after(second.task_id);
    first = create(first);
    second = create(second);
    const TaskSummary third = create(make_summary(3));
    EXPECT_EQ(must(store().task_of_session(first.task_session_id)), first.task_id);
    EXPECT_EQ(must(store().task_of_session(second.task_session_id)), second.task_id);
    EXPECT_EQ(must(store().task_of_session(session_id_after(third.task_id))), std::nullopt);
    must(store().remove(first.task_id, first.revision));
    EXPECT_EQ(must(store().task_of_session(first.task_session_id)), std::nullopt);
    EXPECT_EQ(must(store().task_of_session(second.task_session_id)), second.task_id);
    for (const char* text : {"", "session-", "session-00000000000000000000000000",
                             "session-7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "default"}) {
        EXPECT_EQ(must(store().task_of_session(text)), std::nullopt) << text;
    }
}

TEST_P(StoreContract, damage_stays_with_its_task) {
    if (!GetParam().damage) GTEST_SKIP() << "no way to damage this store";
    create_tasks(1, 3);
    close();
    GetParam().damage(state_directory(), task_id_of(2));
    EXPECT_EQ(code_of(store().read(task_id_of(2))), "store_corrupt");
    must(store().read(task_id_of(1)));
    const ListPage page = must(store().list({}, ListOrder::oldest_first, {}, 10));
    ASSERT_EQ(ids_of(page.tasks), ids({1, 2, 3}));
    EXPECT_EQ(code_of(page.tasks[0].summary), "ok");
    EXPECT_EQ(code_of(page.tasks[1].summary), "store_corrupt");
    EXPECT_EQ(code_of(page.tasks[2].summary), "ok");
    must(store().count({}));
    must(store().claimable(test_time(100), 10));
    append(make_task(1).summary);
    bool found = false;
    for (const Finding& finding : faults(must(store().verify()))) {
        EXPECT_FALSE(finding.code.empty());
        EXPECT_FALSE(finding.cause.empty());
        EXPECT_FALSE(finding.fix.empty());
        if (finding.task_id == task_id_of(2)) found = true;
        EXPECT_NE(finding.task_id, task_id_of(1));
        EXPECT_NE(finding.task_id, task_id_of(3));
    }
    EXPECT_TRUE(found);
}

} // namespace loong::test
