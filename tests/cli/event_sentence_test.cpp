#include "event_sentence.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

std::string told(EventKind kind, const std::vector<std::pair<std::string, Value>>& data = {}) {
    Event event;
    event.kind = kind;
    for (const auto& [key, value] : data) event.data.set(key, value);
    return event_sentence(event);
}

TEST(EventSentence, TellsWhatHappened) {
    Value worker;
    worker.set("host", "box");
    worker.set("pid", 42);
    Value outcome;
    outcome.set("kind", "failed");
    outcome.set("exit_code", 3);
    EXPECT_EQ(told(EventKind::task_created), "created");
    EXPECT_EQ(told(EventKind::delegate_queued, {{"attempt", 1}, {"reason", "created"}}), "queued");
    EXPECT_EQ(told(EventKind::delegate_queued, {{"attempt", 2}, {"reason", "retry"}}),
              "queued again, attempt 2");
    EXPECT_EQ(told(EventKind::delegate_started, {{"worker", worker}}),
              "started by worker 42 on box");
    EXPECT_EQ(told(EventKind::delegate_started, {{"worker", worker}, {"adopted", true}}),
              "taken over by worker 42 on box");
    EXPECT_EQ(told(EventKind::delegate_failed, {{"outcome", outcome}}), "failed, exit code 3");
    EXPECT_EQ(told(EventKind::task_progress, {{"percent", 40}, {"note", "linking"}}),
              "40 %, linking");
    EXPECT_EQ(told(EventKind::task_progress, {{"state", "waiting"}}), "waiting");
    EXPECT_EQ(told(EventKind::step_failed,
                   {{"index", 1}, {"total", 3}, {"step", "test"}, {"message", "exit code 2"}}),
              "step 2 of 3, test: failed (exit code 2)");
    EXPECT_EQ(told(EventKind::approval_resolved,
                   {{"request_id", "r1"}, {"decision", "deny"}, {"note", "not now"}}),
              "request r1 was denied: not now");
}

TEST(EventSentence, EveryKindHasOneAlsoWithoutItsData) {
    for (int i = 0; i <= static_cast<int>(last_event_kind); ++i) {
        const auto kind = static_cast<EventKind>(i);
        if (kind == EventKind::unknown) continue;
        EXPECT_NE(told(kind), "") << i;
        EXPECT_EQ(told(kind).find('_'), std::string::npos) << told(kind);
    }
    Event event;
    event.kind_name = "later_kind\x1b[2J";
    EXPECT_EQ(event_sentence(event), "later kind\\x1b[2J");
}

TEST(EventSentence, WhatATaskSaysIsEscaped) {
    EXPECT_EQ(told(EventKind::input_requested, {{"request_id", "r1"}, {"question", "a\x1b[H?"}}),
              "request r1 asks: a\\x1b[H?");
}

} // namespace
} // namespace loong::cli
