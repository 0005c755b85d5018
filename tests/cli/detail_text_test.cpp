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
              "  took        3 s\n"
              "  next        loong tasks recover task-01jgf8zrw0000000000000abcdef --retry\n"
              "  or          loong tasks events task-01jgf8zrw0000000000000abcdef\n"
              "\n"
              "  1 min ago   failed, exit code 3\n"
              "  before      2 more: loong tasks events task-01jgf8zrw0000000000000abcdef\n"
              "\n"
              "  work        make -j4\\nmake test\n"
              "  directory   /srv\n"
              "  runtime     local\n"
              "  limits      timeout 10 min, grace 10 s\n"
              "  when        created 1 min ago, started 1 min ago, ended 1 min ago\n"
              "  scope       default\n"
              "  carrier     session-01jgf8zrw00000000000000001, failed, worker 42 on box\n"
              "  files       /state/tasks/x\n");
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

TEST(DetailText, LongTextsAreBrokenAndCommandsAreNot) {
    Terminal narrow;
    narrow.width = 40;
    TaskDetail detail = sample_failed_task();
    detail.row.task_status.reason = "a reason that is longer than the line is wide";
    const std::string text = detail_text(detail, narrow, sample_time(64));
    EXPECT_NE(text.find("  why         a reason that is longer\n"
                        "              than the line is wide\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(detail.row.task_status.next_command + "\n"), std::string::npos) << text;
}

TEST(DetailText, EndsWithWhatToDoNext) {
    TaskDetail detail = sample_failed_task();
    const std::string command = detail.row.task_status.next_command;
    EXPECT_EQ(ending_text(detail, Terminal(), true),
              detail.row.task_id + "  x failed  the work ended with exit code 3; next: " + command +
                  "\n");
    detail.row.task_status.next_action = NextAction::output;
    EXPECT_EQ(ending_text(detail, Terminal(), true),
              detail.row.task_id + "  x failed  the work ended with exit code 3\n");
    EXPECT_NE(ending_text(detail, Terminal(), false).find("; next: "), std::string::npos);
}

} // namespace
} // namespace loong::cli
