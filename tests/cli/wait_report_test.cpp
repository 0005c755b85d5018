#include "wait_report.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

WaitedTask waited(WaitEnd end, Status status, bool terminal, bool attention) {
    WaitedTask task;
    task.end = end;
    task.task.row.task_status.status = status;
    task.task.row.task_status.terminal = terminal;
    task.task.row.task_status.needs_attention = attention;
    return task;
}

WaitResult whole(WaitEnd end, std::vector<WaitedTask> tasks) {
    WaitResult result;
    result.end = end;
    for (WaitedTask& task : tasks) result.tasks.emplace_back(std::move(task));
    return result;
}

const WaitedTask completed = waited(WaitEnd::reached, Status::completed, true, false);
const WaitedTask failed = waited(WaitEnd::reached, Status::failed, true, true);
const WaitedTask blocked = waited(WaitEnd::reached, Status::blocked, false, true);
const WaitedTask late = waited(WaitEnd::timeout, Status::running, false, false);
const WaitedTask hopeless = waited(WaitEnd::impossible, Status::completed, true, false);

TEST(WaitReport, StatusOfOneTask) {
    EXPECT_EQ(wait_status(failed), "failed");
    EXPECT_EQ(wait_status(late), "timeout");
    EXPECT_EQ(wait_status(hopeless), "impossible");
}

TEST(WaitReport, ExitCodeOfOneTask) {
    EXPECT_EQ(exit_code_of(completed), ExitCode::done);
    EXPECT_EQ(exit_code_of(failed), ExitCode::task_not_completed);
    EXPECT_EQ(exit_code_of(blocked), ExitCode::attention);
    EXPECT_EQ(exit_code_of(late), ExitCode::wait_timeout);
    EXPECT_EQ(exit_code_of(hopeless), ExitCode::task_not_completed);
}

TEST(WaitReport, OfSeveralTheFirstThatApplies) {
    EXPECT_EQ(exit_code_of(whole(WaitEnd::timeout, {completed, late, blocked}), false),
              ExitCode::attention);
    EXPECT_EQ(exit_code_of(whole(WaitEnd::reached, {completed, failed}), false),
              ExitCode::task_not_completed);
    WaitResult missing = whole(WaitEnd::reached, {failed});
    missing.tasks.emplace_back(Error{ErrorCode::task_not_found, "", ""});
    EXPECT_EQ(exit_code_of(missing, false), ExitCode::not_found);
}

TEST(WaitReport, WhereOneIsEnoughTheOthersDoNotCount) {
    EXPECT_EQ(exit_code_of(whole(WaitEnd::reached, {completed, late}), true), ExitCode::done);
    EXPECT_EQ(exit_code_of(whole(WaitEnd::timeout, {late, late}), true), ExitCode::wait_timeout);
}

TEST(WaitReport, AnInterruptStandsAboveAll) {
    EXPECT_EQ(exit_code_of(whole(WaitEnd::interrupted, {failed}), false), ExitCode::interrupted);
}

} // namespace
} // namespace loong::cli
