#include "progress_line.hpp"
#include "styled_text.hpp"
#include "watch_sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong::cli {
namespace {

Terminal plain_terminal() {
    Terminal terminal;
    terminal.utf8 = true;
    return terminal;
}

TEST(ProgressLine, ShowsABarAndWhatTheWorkSays) {
    const WatchLists lists = watch_lists();
    const TaskRow& runs = lists.at(WatchSection::running).rows.front();
    EXPECT_EQ(progress_line(runs, plain_terminal(), 200),
              "● running  runner  ████████────────  50 %  linking");
    const TaskRow& queued = lists.at(WatchSection::queued).rows.front();
    EXPECT_EQ(progress_line(queued, plain_terminal(), 200), "○ queued  waiter  later");
}

TEST(ProgressLine, SaysWhatHelpsWhereTheTaskNeedsTheOperator) {
    const WatchLists lists = watch_lists();
    const TaskRow& asks = lists.at(WatchSection::attention).rows.front();
    EXPECT_EQ(progress_line(asks, plain_terminal(), 200),
              "? approval_pending  loong tasks approve " + asks.task_id +
                  "  request r1 asks for approval: \"Publish?\"");
}

TEST(ProgressLine, FitsAndIsEscaped) {
    TaskRow row = watch_row("evil00", Status::running, "l\x1b[2J");
    EXPECT_EQ(progress_line(row, plain_terminal(), 200), "● running  evil00  l\\x1b[2J");
    for (std::size_t columns = 1; columns < 40; ++columns) {
        EXPECT_LE(styled_width(progress_line(row, plain_terminal(), columns)), columns);
    }
}

TEST(ProgressLine, CountsSeveral) {
    const WatchLists lists = watch_lists();
    std::vector<TaskRow> rows;
    for (const WatchLists::Section& section : lists.sections) {
        rows.insert(rows.end(), section.rows.begin(), section.rows.end());
    }
    rows.pop_back();
    EXPECT_EQ(progress_line(rows, 7),
              "waiting for 3 of 7: 1 approval_pending, 1 running, 1 queued");
}

} // namespace
} // namespace loong::cli
