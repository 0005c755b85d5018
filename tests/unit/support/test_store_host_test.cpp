#include "test_store_host.hpp"

#include <gtest/gtest.h>

#include <set>

namespace loong::test {
namespace {

TaskSummary full_summary() {
    TaskSummary summary = make_summary(7);
    summary.label = "a b\n\x01%\"\\\xff";
    summary.visible_to = {"default", session_id_of(3)};
    summary.session_state = SessionState::running;
    summary.dependencies = {{task_id_of(1), true}, {task_id_of(2), false}};
    summary.not_before = test_time(9);
    summary.timeout_seconds = 1.5;
    summary.oldest_request = OpenRequest{"r1", "Really?", "shell.exec", test_time(8), false};
    summary.progress = {ProgressState::blocked, 40, 2, 5, "note", test_time(11)};
    summary.exit_code = -1;
    summary.dedupe_key = "key with spaces";
    return summary;
}

TEST(TestStoreHost, decodes_what_it_encoded) {
    const TestStoreHost host;
    const auto decoded = host.decode(host.encode(full_summary()));
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(same_summary(*decoded, full_summary()));
    EXPECT_EQ(decoded->label, full_summary().label);
    EXPECT_EQ(decoded->progress.total, 5);
    EXPECT_FALSE(decoded->oldest_request->is_approval);
}

TEST(TestStoreHost, refuses_text_that_it_did_not_write) {
    const TestStoreHost host;
    const std::string text = host.encode(full_summary());
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(host.decode(text.substr(0, length))) << length;
    }
    EXPECT_FALSE(host.decode(text + "more "));
}

TEST(TestStoreHost, folds_a_task_to_the_summary_it_was_made_with) {
    const TestStoreHost host;
    const NewTask task = make_task(full_summary(), 3);
    const auto folded = host.summarize(task.task_id, task.document, task.records);
    ASSERT_TRUE(folded);
    EXPECT_TRUE(same_summary(*folded, task.summary));
    EXPECT_EQ(folded->revision, 3U);
    EXPECT_EQ(host.summarized(), 1U);
    EXPECT_FALSE(host.summarize(task.task_id, task.document, {}));
    EXPECT_FALSE(host.summarize(task.task_id, "other", task.records));
}

TEST(TestStoreHost, marks_only_the_last_record_of_a_group) {
    const Change change = make_change(make_task(full_summary()).summary, 3);
    ASSERT_EQ(change.records.size(), 3U);
    EXPECT_TRUE(change.records[0].starts_with(R"({"id":2,)"));
    EXPECT_FALSE(change.records[1].ends_with(R"("end":true})"));
    EXPECT_TRUE(change.records[2].ends_with(R"("end":true})"));
    EXPECT_EQ(change.summary.revision, 4U);
}

TEST(TestIds, are_valid_distinct_and_sorted_by_number) {
    std::set<std::string> endings;
    for (std::uint64_t number = 0; number < 1000; ++number) {
        EXPECT_TRUE(is_task_id(task_id_of(number)));
        EXPECT_TRUE(is_child_session_id(session_id_of(number)));
        EXPECT_LT(task_id_of(number), task_id_of(number + 1));
        EXPECT_TRUE(endings.insert(ulid_of(number).substr(20)).second) << number;
    }
}

} // namespace
} // namespace loong::test
