#include "list_text.hpp"
#include "sample_task.hpp"
#include "utf8.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace loong::cli {
namespace {

ListResult sample_list() {
    ListResult list;
    list.tasks = {sample_row("aaaaaa", Status::running, "nightly backup of everything there is"),
                  sample_row("bbbbbb", Status::failed, "build\x1b[2J\nnow")};
    list.tasks[0].summary.progress.percent = 40;
    list.tasks[0].summary.progress.note = "copying";
    list.tasks[1].task_status.reason = "the work ended with exit code 3";
    list.tasks[1].task_status.next_command = "loong tasks recover x --retry";
    list.matched_count = 5;
    list.counts = {{Status::completed, 3}, {Status::failed, 1}, {Status::running, 1}};
    list.needs_attention_count = 1;
    return list;
}

TEST(ListText, AlignedColumnsAndAttentionFirst) {
    Terminal terminal;
    terminal.utf8 = true;
    EXPECT_EQ(list_text(sample_list(), terminal, sample_time(125)),
              "TASK    STATUS       AGE  LABEL                                  PROGRESS\n"
              "aaaaaa  ● running  2 min  nightly backup of everything there is  40 %, copying\n"
              "bbbbbb  ✗ failed   2 min  build\\x1b[2J\\nnow\n"
              "\n"
              "1 needs attention; 1 failed, 3 completed, 1 running\n"
              "2 of 5 shown; `--limit` and `--before` show more\n");
}

TEST(ListText, NoLineIsWiderThanTheTerminal) {
    Terminal terminal;
    for (std::size_t width = 60; width < 100; ++width) {
        terminal.width = width;
        std::istringstream lines(list_text(sample_list(), terminal, sample_time(125)));
        std::string line;
        for (int i = 0; i < 3 && std::getline(lines, line); ++i) {
            EXPECT_LE(display_width(line), width) << line;
        }
    }
}

TEST(ListText, ColoursStandBesideSymbols) {
    Terminal terminal;
    terminal.colours = true;
    const std::string text = list_text(sample_list(), terminal, sample_time(125));
    EXPECT_NE(text.find("\x1b[1;31mx failed\x1b[0m"), std::string::npos) << text;
}

TEST(ListText, AttentionTellsReasonAgeAndCommand) {
    ListResult list = sample_list();
    list.tasks.erase(list.tasks.begin());
    const std::string text = attention_text(list, Terminal(), sample_time(125));
    EXPECT_EQ(text.substr(0, text.find("\n\n")), "x failed  bbbbbb  2 min  build\\x1b[2J\\nnow\n"
                                                 "    the work ended with exit code 3\n"
                                                 "    loong tasks recover x --retry");
}

TEST(ListText, AttentionShowsEveryAnswerToAQuestion) {
    ListResult list = sample_list();
    list.tasks.erase(list.tasks.begin());
    TaskStatus& status = list.tasks.front().task_status;
    status.next_action = NextAction::approve;
    status.next_commands = {"loong tasks approve x", "loong tasks deny x", "loong tasks output x"};
    status.next_command = status.next_commands.front();
    const std::string text = attention_text(list, Terminal(), sample_time(125));
    EXPECT_NE(text.find("    loong tasks approve x\n    loong tasks deny x\n\n"), std::string::npos)
        << text;
}

TEST(ListText, AnUnreadableTaskIsOneLineLikeAnyOther) {
    ListResult list;
    TaskRow row = sample_row("cccccc", Status::unknown, "");
    row.unreadable = Error{ErrorCode::store_corrupt, "task x: damaged", ""};
    list.tasks = {row};
    list.matched_count = 1;
    const std::string text = list_text(list, Terminal(), sample_time(0));
    EXPECT_NE(text.find("cccccc  u unknown    -  task x: damaged\n"), std::string::npos) << text;
}

} // namespace
} // namespace loong::cli
