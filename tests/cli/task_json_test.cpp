#include "sample_task.hpp"
#include "task_json.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

std::string keys(const Value& value) {
    std::string all;
    for (const Value::Member& member : *value.as_object()) all += member.first + " ";
    return all;
}

TEST(TaskJson, KeysOfARowInOrder) {
    const Value row = row_value(sample_row("a", Status::running, "x"));
    EXPECT_EQ(keys(row),
              "task_id label task_session_id owner_session_id scope_session_id runtime "
              "session_state created_at updated_at archived progress open_requests task_status ");
    EXPECT_EQ(keys(*row.find("task_status")),
              "status display reason blocked terminal needs_attention next_action next_command "
              "next_commands recovered tool_narrowing_active signals ");
    EXPECT_EQ(row.string_or("created_at", ""), "2026-01-02T00:00:00.000000Z");
    EXPECT_TRUE(row.find("progress")->is_null());
}

TEST(TaskJson, AnUnreadableRowHasTheSameKeys) {
    TaskRow row = sample_row("a", Status::unknown, "x");
    row.unreadable = Error{ErrorCode::store_corrupt, "damaged", ""};
    EXPECT_EQ(keys(row_value(row)), keys(row_value(sample_row("a", Status::running, "x"))));
    EXPECT_TRUE(row_value(row).find("label")->is_null());
}

TEST(TaskJson, KeysOfADetailFollowTheRow) {
    const TaskDetail detail = sample_failed_task();
    const Value value = detail_value(detail);
    EXPECT_EQ(keys(value), keys(row_value(detail.row)) +
                               "work phase attempt timeout_seconds deadline_at last_error approval "
                               "tool_policy session lineage terminal_outcome recovery "
                               "recent_events paths notifications ");
    EXPECT_EQ(keys(*value.find("terminal_outcome")),
              "status exit_code signal message result started_at ended_at duration_ms "
              "resource_use recorded_at recorded_by ");
    EXPECT_EQ(value.find("terminal_outcome")->integer_or("duration_ms", 0), 3000);
    EXPECT_EQ(value.integer_or("timeout_seconds", 0), 600);
    EXPECT_EQ(keys(*value.find("tool_policy")),
              "base_tool_ids requested_tool_ids effective_tool_ids effective_runtime_narrowing "
              "enforced_by ");
    EXPECT_EQ(keys(*value.find("approval")), "open_count requests ");
    EXPECT_EQ(keys(*value.find("paths")), "directory stdout stderr ");
}

TEST(TaskJson, AnUnknownEventKeepsItsName) {
    Event event;
    event.kind_name = "task_dreamt";
    EXPECT_EQ(event_value(event).string_or("kind", ""), "task_dreamt");
    EXPECT_EQ(keys(event_value(event)), "id at kind session_id actor_session_id data ");
}

TEST(TaskJson, CountsNameWhatOccursAndAttention) {
    ListResult list;
    list.counts = {{Status::completed, 2}};
    list.needs_attention_count = 0;
    EXPECT_EQ(keys(counts_value(list)), "completed needs_attention ");
}

} // namespace
} // namespace loong::cli
