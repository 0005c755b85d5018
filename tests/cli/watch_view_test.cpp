#include "progress_bar.hpp"
#include "styled_text.hpp"
#include "watch_sample.hpp"
#include "watch_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

Terminal utf8_terminal() {
    Terminal terminal;
    terminal.utf8 = true;
    return terminal;
}

std::string text_of(const WatchFrame& frame) {
    std::string text;
    for (const ScreenLine& line : frame.lines) text += line.text + "\n";
    return text;
}

WatchFrame drawn(const WatchModel& model, const ScreenSize& size = {}) {
    WatchView view(utf8_terminal(), "loong, session default");
    return view.draw(model, size, sample_time(30));
}

TEST(WatchView, ShowsAttentionFirstWithReasonAndCommand) {
    WatchModel model("");
    model.show(watch_lists());
    const WatchFrame frame = drawn(model);
    const std::string id = model.selected_id();
    EXPECT_THAT(
        text_of(frame),
        HasSubstr("1 needs attention; 1 approval_pending, 1 completed, 1 running, 1 queued"));
    EXPECT_THAT(text_of(frame),
                HasSubstr("Needs attention  1\n"
                          "▸ ? approval_pending  asking    30 s  release\n"
                          "    request r1 asks for approval: \"Publish?\"\n"
                          "    loong tasks approve " +
                          id +
                          "\n\n"
                          "Running  1\n"
                          "  ● running  runner    30 s  make  ████────  50 %  linking\n\n"
                          "Queued  1\n"
                          "  ○ queued  waiter    30 s  later\n\n"
                          "Ended lately  1\n"
                          "  ✓ completed  ender0    30 s  done\n"));
    EXPECT_EQ(frame.lines.size(), 24U);
    EXPECT_EQ(frame.lines.back().text,
              "a approve  d deny  Enter open  c cancel  / filter  ? help  q "
              "quit");
    EXPECT_TRUE(frame.lines[3].selected);
    EXPECT_EQ(frame.ages_hold, Seconds(1));
}

TEST(WatchView, AgesAreRightForAMinuteOnceTheyAreOlder) {
    WatchModel model("");
    model.show(watch_lists());
    WatchView view(utf8_terminal(), "");
    EXPECT_EQ(view.draw(model, {}, sample_time(60)).ages_hold, Seconds(60));
}

TEST(WatchView, TheAgeOfAQuestionIsThatOfTheQuestion) {
    TaskRow row = watch_lists().at(WatchSection::attention).rows.front();
    EXPECT_EQ(age_start(row), sample_time(0));
    row.summary.oldest_request = OpenRequest{"r1", "Publish?", "", sample_time(20)};
    EXPECT_EQ(age_start(row), sample_time(20));
}

TEST(WatchView, EverySizeGetsAFrameThatFits) {
    WatchLists lists = watch_lists();
    for (int i = 0; i < 50; ++i) {
        add(lists, WatchSection::attention,
            watch_row("a" + std::to_string(1000 + i), Status::recoverable,
                      "a label that is so long that it fits nowhere, 日本語", {"recover"}));
    }
    for (const WatchPage page :
         {WatchPage::list, WatchPage::status, WatchPage::output, WatchPage::help}) {
        WatchModel model("*");
        model.show(lists);
        if (page == WatchPage::status) model.press({KeyKind::enter, {}}, 10);
        if (page == WatchPage::output) model.press(letter("o"), 10);
        if (page == WatchPage::help) model.press(letter("?"), 10);
        OpenedTask opened;
        opened.detail = sample_failed_task();
        opened.output = {"one", std::string(500, 'x'), "日本語\ttab"};
        if (page != WatchPage::list && page != WatchPage::help) model.show(opened);
        for (int i = 0; i < 3; ++i) {
            if (i == 1) model.say(std::string(400, 'm'), true);
            if (i == 2) model.ask({WatchPrompt::Kind::answer, std::string(400, 'q'), {}, "typed"});
            for (std::size_t columns = 1; columns <= 130; columns += columns < 12 ? 1 : 17) {
                for (std::size_t rows = 1; rows <= 40; rows += rows < 8 ? 1 : 11) {
                    const WatchFrame frame = drawn(model, {columns, rows});
                    ASSERT_LE(frame.lines.size(), rows);
                    for (const ScreenLine& line : frame.lines) {
                        ASSERT_LE(styled_width(line.text), columns);
                    }
                }
            }
        }
    }
}

TEST(WatchView, TheTimesOfEventsGrowOnTheScreen) {
    WatchModel model("*");
    model.show(watch_lists());
    model.press(letter("e"), 10);
    OpenedTask opened;
    opened.detail = sample_failed_task();
    opened.events = opened.detail.recent_events;
    model.show(opened);
    WatchView view(utf8_terminal(), "");
    const WatchFrame frame = view.draw(model, {80, 12}, sample_time(9));
    EXPECT_THAT(text_of(frame), HasSubstr("   3     5 s ago  delegate_failed"));
    EXPECT_EQ(frame.ages_hold, Seconds(1));
    EXPECT_THAT(text_of(view.draw(model, {80, 12}, sample_time(64))),
                HasSubstr("   3   1 min ago  delegate_failed"));
}

TEST(WatchView, TheSelectionIsAlwaysInSight) {
    WatchLists lists;
    for (int i = 0; i < 60; ++i) {
        add(lists, WatchSection::queued,
            watch_row("q" + std::to_string(1000 + i), Status::queued, "later"));
    }
    WatchModel model("");
    model.show(lists);
    WatchView view(utf8_terminal(), "");
    for (const KeyKind kind : {KeyKind::down, KeyKind::up}) {
        for (int i = 0; i < 60; ++i) {
            const WatchFrame frame = view.draw(model, {80, 12}, sample_time(0));
            EXPECT_THAT(text_of(frame), HasSubstr("▸"));
            model.press({kind, {}}, 9);
        }
    }
    EXPECT_THAT(text_of(view.draw(model, {80, 12}, sample_time(0))), HasSubstr("Queued  60\n▸"));
}

TEST(WatchView, WhatComesFromATaskIsEscaped) {
    WatchLists lists;
    TaskRow row = watch_row("evil00", Status::running, "l\x1b[2J");
    row.summary.progress.note = "n\x1b]0;t\x07";
    add(lists, WatchSection::running, row);
    TaskRow failed = watch_row("evil01", Status::failed, "f\r", {"recover"});
    failed.task_status.reason = "r\x1b[H";
    add(lists, WatchSection::attention, failed);
    WatchModel model("");
    model.show(lists);
    const std::string text = text_of(drawn(model));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, HasSubstr("l\\x1b[2J"));
    EXPECT_THAT(text, HasSubstr("n\\x1b]0;t\\x07"));
    EXPECT_THAT(text, HasSubstr("r\\x1b[H"));
}

TEST(WatchView, BarsAreOfPercentOrOfSteps) {
    Progress progress;
    Terminal terminal = utf8_terminal();
    EXPECT_EQ(progress_bar(progress, terminal, 10), "");
    progress.done = 1;
    progress.total = 3;
    EXPECT_EQ(progress_bar(progress, terminal, 10), "███─────── "
                                                    " 33 %");
    progress.percent = 100;
    EXPECT_EQ(progress_bar(progress, terminal, 4), "████ 100 %");
    progress.percent = 250;
    EXPECT_EQ(progress_bar(progress, terminal, 4), "████ 100 %");
    progress.percent = 0;
    terminal.utf8 = false;
    EXPECT_EQ(progress_bar(progress, terminal, 4), "----   0 %");
}

TEST(WatchView, OnANarrowScreenTheSignStandsForTheStatus) {
    WatchModel model("");
    model.show(watch_lists());
    const std::string text = text_of(drawn(model, {40, 24}));
    EXPECT_THAT(text, HasSubstr("▸ ?  asking    30 s  release"));
    EXPECT_THAT(text, Not(HasSubstr("approval_pending  asking")));
}

TEST(WatchView, AnEmptyViewSaysWhatToDo) {
    WatchModel model("");
    model.show(WatchLists());
    EXPECT_THAT(text_of(drawn(model)), HasSubstr("loong tasks create 'make -j4'"));
    WatchModel filtered("x*");
    filtered.show(WatchLists());
    EXPECT_THAT(text_of(drawn(filtered)), HasSubstr("No task has a label that matches x*."));
}

} // namespace
} // namespace loong::cli
