#include "detail_text.hpp"
#include "sample_task.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

TEST(DetailText, ReadsLikeAReport) {
    EXPECT_EQ(detail_text(sample_failed_task(), Terminal(), sample_time(64)),
              "build\\x1b[2J\n"
              "task-01jgf8zrw0000000000000abcdef  x failed\n"
              "\n"
              "  why         the work ended with exit code 3\n"
              "  outcome     failed, exit code 3, took 3 s\n"
              "  next        loong tasks recover task-01jgf8zrw0000000000000abcdef --retry\n"
              "  or          loong tasks events task-01jgf8zrw0000000000000abcdef\n"
              "\n"
              "  work        make -j4\\nmake test\n"
              "  directory   /srv\n"
              "  runtime     local\n"
              "  limits      timeout 10 min, grace 10 s\n"
              "  created     2026-01-02 00:00:00 UTC, 1 min ago\n"
              "  started     2026-01-02 00:00:01 UTC, 1 min ago\n"
              "  ended       2026-01-02 00:00:04 UTC, 1 min ago\n"
              "  scope       default\n"
              "  carrier     session-01jgf8zrw00000000000000001, failed, worker 42 on box\n"
              "  files       /state/tasks/x\n"
              "\n"
              "last events:\n"
              "   3  2026-01-02 00:00:04 UTC  delegate_failed  outcome.exit_code=3\n");
}

TEST(DetailText, NothingFromATaskReachesTheTerminalAsItIs) {
    TaskDetail detail = sample_failed_task();
    const std::string evil = "\x1b]0;x\a\r";
    detail.row.task_status.reason = evil;
    detail.row.task_status.next_commands = {evil};
    detail.work.text = evil;
    detail.working_directory = evil;
    detail.last_error = evil;
    detail.row.summary.progress.note = evil;
    detail.terminal_outcome->outcome.message = evil;
    detail.terminal_outcome->outcome.result = evil;
    detail.session.host = evil;
    RequestView request;
    request.question = evil;
    detail.requests = {request};
    detail.recovery = RecoveryView{"retried", evil, {}, ""};
    detail.recent_events.front().data.set(evil, evil);
    detail.recent_events.front().kind = EventKind::unknown;
    detail.recent_events.front().kind_name = evil;
    const std::string text = detail_text(detail, Terminal(), sample_time(64));
    for (const char byte : text) EXPECT_TRUE(byte == '\n' || byte >= ' ' || byte < 0) << text;
}

} // namespace
} // namespace loong::cli
