#include "event_text.hpp"
#include "sample_task.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

Event sample_event() {
    Event event = sample_failed_task().recent_events.front();
    event.data = Value();
    event.data.set("reason", "work");
    return event;
}

TEST(EventText, TheTimeIsRelativeWhereThePresentIsKnown) {
    EXPECT_EQ(event_text(sample_event(), Terminal(), sample_time(9)),
              "   3     5 s ago  delegate_failed  reason=work");
    EXPECT_EQ(event_text(sample_event(), Terminal(), sample_time(4 + 59 * 60)),
              "   3  59 min ago  delegate_failed  reason=work");
}

TEST(EventText, TheTimeIsExactWhereItIsNot) {
    EXPECT_EQ(event_text(sample_event(), Terminal()),
              "   3  2026-01-02 00:00:04 UTC  delegate_failed  reason=work");
}

} // namespace
} // namespace loong::cli
