#pragma once
/// Appending records.

#include "store_contract_fixture.hpp"

#include <atomic>
#include <thread>

namespace loong::test {

TEST_P(StoreContract, append_adds_a_group_and_replaces_the_summary) {
    TaskSummary summary = create(make_summary(1), 2);
    summary.label = "changed";
    summary.session_state = SessionState::running;
    const Change change = make_change(summary, 3);
    must(store().append(summary.task_id, 2, change.records, change.summary, nullptr));

    const auto other = open();
    std::vector<std::string> expected = make_task(make_summary(1), 2).records;
    expected.insert(expected.end(), change.records.begin(), change.records.end());
    EXPECT_EQ(must(other->read(summary.task_id)).records, expected);
    EXPECT_EQ(must(other->revision(summary.task_id)), 5U);
    EXPECT_TRUE(same_summary(must(must(other->find(summary.task_id)).summary), change.summary));
    EXPECT_EQ(listed({.states = {SessionState::running}}), ids({1}));
}

TEST_P(StoreContract, append_then_tells_once_when_the_records_are_there) {
    const TaskSummary summary = create(make_summary(1));
    const Change change = make_change(summary, 2);
    const auto other = open();
    std::vector<std::uint64_t> told;
    must(store().append_then(summary.task_id, 1, change.records, change.summary, nullptr,
                             [&] { told.push_back(must(other->revision(summary.task_id))); }));
    EXPECT_EQ(told, std::vector<std::uint64_t>{3});
    EXPECT_TRUE(same_summary(must(must(open()->find(summary.task_id)).summary), change.summary));
}

TEST_P(StoreContract, append_then_tells_nothing_where_it_fails) {
    const TaskSummary summary = create(make_summary(1));
    const Change change = make_change(summary);
    TaskSummary moved = summary;
    moved.revision = 7;
    const Change later = make_change(moved);
    const auto never = [] { FAIL() << "nothing was appended"; };
    EXPECT_EQ(code_of(store().append_then(summary.task_id, 7, later.records, later.summary, nullptr,
                                          never)),
              "conflict");
    EXPECT_EQ(code_of(store().append_then(task_id_of(2), 1, change.records, change.summary, nullptr,
                                          never)),
              "task_not_found");
    const std::vector<std::string> too_long{std::string((std::size_t{1} << 20) + 1, 'x')};
    EXPECT_EQ(
        code_of(store().append_then(summary.task_id, 1, too_long, change.summary, nullptr, never)),
        "invalid_argument");
    EXPECT_EQ(must(store().revision(summary.task_id)), 1U);
}

TEST_P(StoreContract, append_asks_for_the_revision) {
    const TaskSummary before = create(make_summary(1), 2);
    for (const std::uint64_t wrong : {0U, 1U, 3U, 100U}) {
        TaskSummary summary = before;
        summary.revision = wrong;
        summary.label = "wrong";
        const Change change = make_change(summary);
        EXPECT_EQ(code_of(store().append(summary.task_id, wrong, change.records, change.summary,
                                         nullptr)),
                  "conflict")
            << wrong;
    }
    EXPECT_EQ(must(store().read(before.task_id)).records.size(), 2U);
    EXPECT_EQ(must(must(open()->find(before.task_id)).summary).label, "task 1");
    append(before);
}

TEST_P(StoreContract, append_to_nothing_is_told) {
    const Change change = make_change(make_task(1).summary);
    EXPECT_EQ(code_of(store().append(task_id_of(1), 1, change.records, change.summary, nullptr)),
              "task_not_found");
    EXPECT_TRUE(listed().empty());
}

TEST_P(StoreContract, append_outlives_the_object) {
    TaskSummary summary = create(make_summary(1));
    for (int i = 0; i < 5; ++i) summary = append(summary, 2);
    close();
    EXPECT_EQ(must(store().revision(summary.task_id)), 11U);
    EXPECT_EQ(must(store().read(summary.task_id)).records.size(), 11U);
    EXPECT_TRUE(same_summary(must(must(store().find(summary.task_id)).summary), summary));
}

TEST_P(StoreContract, append_keeps_records_as_they_are) {
    const TaskSummary summary = create(make_summary(1));
    TaskSummary after = summary;
    after.revision = 5;
    const std::string tail =
        R"(,"kind":"task_progress","data":{"summary":")" + write_summary_text(after) + '"';
    const std::vector<std::string> records = {
        R"({"id":2)" + tail + R"(,"note":"\"end\":true}"}})",
        R"({"id":3)" + tail + R"(,"end":true}})",
        R"({"id":4)" + tail + R"(,"text":"\u0000 \\ \/ ': - # &a *a !x | > %"}})",
        R"({"id":5)" + tail + ",\"text\":\"\xc3\xa4\xf0\x9f\x90\x89\"},\"end\":true}",
    };
    must(store().append(summary.task_id, 1, records, after, nullptr));
    close();
    const auto kept = must(store().read_events(summary.task_id, 1, 100)).records;
    EXPECT_EQ(kept, records);
}

TEST_P(StoreContract, append_takes_records_of_a_mebibyte) {
    const TaskSummary summary = create(make_summary(1));
    constexpr std::size_t limit = std::size_t{1} << 20;
    const std::size_t bare = make_change(summary, 1, 1).records.at(0).size() - 1;
    const Change change = make_change(summary, 2, limit - bare);
    ASSERT_EQ(change.records.at(1).size(), limit);
    must(store().append(summary.task_id, 1, change.records, change.summary, nullptr));
    EXPECT_TRUE(must(open()->read_events(summary.task_id, 1, 2)).records == change.records);
}

TEST_P(StoreContract, append_refuses_a_longer_record_and_its_group) {
    const TaskSummary summary = create(make_summary(1));
    Change change = make_change(summary, 3);
    change.records[1] = make_record(3, change.summary, false, std::size_t{1} << 20);
    EXPECT_EQ(code_of(store().append(summary.task_id, 1, change.records, change.summary, nullptr)),
              "invalid_argument");
    EXPECT_EQ(must(store().revision(summary.task_id)), 1U);
    append(summary);
}

TEST_P(StoreContract, append_with_a_lease_that_is_held) {
    const TaskSummary summary = create(make_summary(1));
    const auto lease = must(store().take_lease(summary.task_session_id));
    ASSERT_NE(lease, nullptr);
    const Change change = make_change(summary);
    must(store().append(summary.task_id, 1, change.records, change.summary, lease.get()));
    EXPECT_EQ(must(store().revision(summary.task_id)), 2U);
    EXPECT_EQ(
        code_of(store().append(summary.task_id, 1, change.records, change.summary, lease.get())),
        "conflict");
}

TEST_P(StoreContract, append_with_a_lost_lease_is_refused) {
    if (!GetParam().lose_lease) GTEST_SKIP() << "no way to lose a lease of this store";
    const TaskSummary summary = create(make_summary(1));
    const auto stale = must(store().take_lease(summary.task_session_id));
    ASSERT_NE(stale, nullptr);
    GetParam().lose_lease(state_directory(), summary.task_session_id);
    EXPECT_FALSE(stale->is_held());
    const Change change = make_change(summary);
    EXPECT_EQ(
        code_of(store().append(summary.task_id, 1, change.records, change.summary, stale.get())),
        "conflict");
    EXPECT_EQ(must(store().revision(summary.task_id)), 1U);

    const auto other = open();
    const auto fresh = must(other->take_lease(summary.task_session_id));
    ASSERT_NE(fresh, nullptr);
    EXPECT_FALSE(stale->is_held());
    EXPECT_EQ(
        code_of(store().append(summary.task_id, 1, change.records, change.summary, stale.get())),
        "conflict");
    must(other->append(summary.task_id, 1, change.records, change.summary, fresh.get()));
}

TEST_P(StoreContract, of_racing_writers_each_revision_has_one) {
    constexpr int writers = 4;
    constexpr int each = 12;
    create(make_summary(1));
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i) {
        threads.push_back(in_thread([&, i] {
            const auto own = open();
            for (int written = 0; written < each;) {
                TaskSummary summary = must(must(own->find(task_id_of(1))).summary);
                summary.label = std::to_string(i) + "-" + std::to_string(written);
                const Change change = make_change(summary, 2);
                const auto result = own->append(summary.task_id, summary.revision, change.records,
                                                change.summary, nullptr);
                if (result) {
                    ++written;
                } else {
                    ASSERT_EQ(code_of(result), "conflict") << result.error().message;
                }
            }
        }));
    }
    for (std::thread& thread : threads) thread.join();

    const std::vector<std::string> records = must(open()->read(task_id_of(1))).records;
    ASSERT_EQ(records.size(), 1U + 2U * writers * each);
    for (std::size_t i = 0; i < records.size(); ++i) {
        ASSERT_TRUE(records[i].starts_with(R"({"id":)" + std::to_string(i + 1) + ",")) << i;
    }
}

TEST_P(StoreContract, whoever_reads_sees_whole_groups) {
    constexpr int groups = 60;
    TaskSummary summary = create(make_summary(1));
    const std::string id = summary.task_id;
    std::atomic<bool> done{false};
    std::thread reader = in_thread([&] {
        const auto own = open();
        std::uint64_t seen = 0;
        while (!done.load()) {
            const std::uint64_t revision = must(own->revision(id));
            ASSERT_EQ(revision % 3, 1U);
            ASSERT_GE(revision, seen);
            seen = revision;
            const EventRecords events = must(own->read_events(id, seen, 1000));
            ASSERT_EQ(events.revision, seen + events.records.size());
            ASSERT_EQ(events.revision % 3, 1U);
            ASSERT_EQ(must(own->read(id)).records.size() % 3, 1U);
            const TaskSummary found = must(must(own->find(id)).summary);
            ASSERT_EQ(found.revision % 3, 1U);
            ASSERT_GE(found.revision, seen);
            // Nor is the task ever older than what has just been told of it.
            ASSERT_GE(must(own->revision(id)), found.revision);
        }
    });
    for (int i = 0; i < groups; ++i) summary = append(summary, 3);
    done = true;
    reader.join();
    EXPECT_EQ(must(store().revision(task_id_of(1))), 1U + 3U * groups);
}

} // namespace loong::test
