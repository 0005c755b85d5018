#include "watch_sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using Kind = WatchAction::Kind;

constexpr std::size_t page = 20;

WatchModel sample_model() {
    WatchModel model("");
    model.show(watch_lists());
    return model;
}

std::string keys_of(const WatchModel& model) {
    std::string keys;
    for (const auto& hint : model.hints()) keys += std::string(hint.key) + " ";
    return keys;
}

TEST(WatchModel, TheFirstTaskIsSelectedAndTheSelectionMovesThroughTheSections) {
    WatchModel model = sample_model();
    EXPECT_THAT(model.selected_id(), EndsWith("asking"));
    for (const char* expected : {"runner", "waiter", "ender0", "ender0"}) {
        EXPECT_EQ(model.press({KeyKind::down, {}}, page).kind, Kind::none);
        EXPECT_THAT(model.selected_id(), EndsWith(expected));
    }
    model.press({KeyKind::home, {}}, page);
    EXPECT_THAT(model.selected_id(), EndsWith("asking"));
    model.press({KeyKind::up, {}}, page);
    EXPECT_THAT(model.selected_id(), EndsWith("asking"));
    for (const char* expected : {"runner", "waiter", "ender0", "asking"}) {
        model.press({KeyKind::tab, {}}, page);
        EXPECT_THAT(model.selected_id(), EndsWith(expected));
    }
}

TEST(WatchModel, TheSelectionStaysWithItsTaskOrItsPlace) {
    WatchModel model = sample_model();
    model.press({KeyKind::down, {}}, page);
    WatchLists lists = watch_lists();
    TaskRow row = std::move(lists.at(WatchSection::running).rows.front());
    lists.at(WatchSection::running) = {};
    add(lists, WatchSection::ended, std::move(row));
    model.show(lists);
    EXPECT_THAT(model.selected_id(), EndsWith("runner"));
    lists.at(WatchSection::ended).rows.pop_back();
    model.show(lists);
    EXPECT_THAT(model.selected_id(), EndsWith("ender0"));
    model.show(WatchLists());
    EXPECT_EQ(model.selected(), nullptr);
    EXPECT_EQ(model.press({KeyKind::enter, {}}, page).kind, Kind::none);
    EXPECT_EQ(model.page(), WatchPage::list);
}

TEST(WatchModel, OffersTheKeysThatTheTaskAllows) {
    WatchModel model = sample_model();
    EXPECT_EQ(keys_of(model), "a d Enter c / ? q ");
    model.press({KeyKind::down, {}}, page);
    EXPECT_EQ(keys_of(model), "Enter c / ? q ");
    model.press({KeyKind::end, {}}, page);
    EXPECT_EQ(keys_of(model), "Enter / ? q ");
    for (const char* key : {"a", "d", "i", "r", "l", "c"}) {
        EXPECT_EQ(model.press(letter(key), page).kind, Kind::none) << key;
    }
}

TEST(WatchModel, WhatChangesATaskIsAskedForFirst) {
    WatchModel model = sample_model();
    const WatchAction first = model.press(letter("a"), page);
    EXPECT_EQ(first.kind, Kind::approve);
    EXPECT_FALSE(first.confirmed);
    EXPECT_THAT(first.task_id, EndsWith("asking"));
    WatchAction asked = first;
    asked.request_id = "r1";
    for (const Key& no :
         {letter("n"), letter("x"), Key{KeyKind::enter, {}}, Key{KeyKind::escape, {}}}) {
        model.ask({WatchPrompt::Kind::confirm, "Allow?", asked, {}});
        EXPECT_EQ(model.press(no, page).kind, Kind::none);
        EXPECT_FALSE(model.prompt());
    }
    model.ask({WatchPrompt::Kind::confirm, "Allow?", asked, {}});
    EXPECT_EQ(keys_of(model), "y n ");
    const WatchAction done = model.press(letter("y"), page);
    EXPECT_EQ(done.kind, Kind::approve);
    EXPECT_TRUE(done.confirmed);
    EXPECT_EQ(done.request_id, "r1");
}

TEST(WatchModel, ATaskThatHasEndedIsRecoveredByANewAttempt) {
    WatchModel model("");
    WatchLists lists;
    TaskRow failed = watch_row("failed", Status::failed, "bad", {"recover --retry"});
    failed.task_status.terminal = true;
    add(lists, WatchSection::attention, failed);
    add(lists, WatchSection::attention,
        watch_row("orphan", Status::recoverable, "lost", {"recover"}));
    model.show(lists);
    EXPECT_TRUE(model.press(letter("r"), page).retry);
    model.press({KeyKind::down, {}}, page);
    EXPECT_FALSE(model.press(letter("r"), page).retry);
}

TEST(WatchModel, AnAnswerIsTypedAndSent) {
    WatchModel model = sample_model();
    WatchAction action;
    action.kind = Kind::answer;
    model.ask({WatchPrompt::Kind::answer, "Which?", action, {}});
    for (const char* key : {"q", "a", "ü", "é"}) model.press(letter(key), page);
    model.press({KeyKind::backspace, {}}, page);
    EXPECT_EQ(model.prompt()->input, "qaü");
    const WatchAction sent = model.press({KeyKind::enter, {}}, page);
    EXPECT_EQ(sent.kind, Kind::answer);
    EXPECT_EQ(sent.text, "qaü");
    EXPECT_TRUE(sent.confirmed);
    model.ask({WatchPrompt::Kind::answer, "Which?", action, {}});
    EXPECT_EQ(model.press({KeyKind::enter, {}}, page).kind, Kind::none) << "nothing was typed";
}

TEST(WatchModel, TheFilterIsAWordOrAPattern) {
    WatchModel model = sample_model();
    const auto type = [&](const std::string& text) {
        model.press(letter("/"), page);
        while (!model.prompt()->input.empty()) model.press({KeyKind::backspace, {}}, page);
        for (const char c : text) model.press(letter(std::string(1, c)), page);
        EXPECT_EQ(model.press({KeyKind::enter, {}}, page).kind, Kind::look);
        return model.filter();
    };
    EXPECT_EQ(type("night"), "*night*");
    EXPECT_EQ(type("night*"), "night*");
    EXPECT_EQ(type(""), "");
    type("x");
    EXPECT_EQ(model.press({KeyKind::escape, {}}, page).kind, Kind::look);
    EXPECT_EQ(model.filter(), "");
}

TEST(WatchModel, PagesOpenAndGoBack) {
    WatchModel model = sample_model();
    EXPECT_EQ(model.press({KeyKind::enter, {}}, page).kind, Kind::look);
    EXPECT_EQ(model.page(), WatchPage::status);
    EXPECT_THAT(model.opened_id(), EndsWith("asking"));
    for (const WatchPage expected : {WatchPage::events, WatchPage::output, WatchPage::status}) {
        model.press({KeyKind::tab, {}}, page);
        EXPECT_EQ(model.page(), expected);
    }
    model.press(letter("?"), page);
    EXPECT_EQ(model.page(), WatchPage::help);
    EXPECT_EQ(model.press(letter("c"), page).kind, Kind::none);
    model.press(letter("q"), page);
    EXPECT_EQ(model.page(), WatchPage::status);
    model.press({KeyKind::escape, {}}, page);
    EXPECT_EQ(model.page(), WatchPage::list);
    EXPECT_EQ(model.opened_id(), "");
    EXPECT_EQ(model.press(letter("q"), page).kind, Kind::quit);
}

TEST(WatchModel, ScrollsFromTheEndWhereThatIsFollowed) {
    WatchModel model = sample_model();
    model.press(letter("o"), page);
    model.press({KeyKind::up, {}}, page);
    model.press({KeyKind::page_up, {}}, page);
    EXPECT_EQ(model.scrolled(), page);
    model.limit_scroll(7);
    EXPECT_EQ(model.scrolled(), 7U);
    model.press({KeyKind::end, {}}, page);
    EXPECT_EQ(model.scrolled(), 0U);
    model.press(letter("s"), page);
    model.press({KeyKind::down, {}}, page);
    EXPECT_EQ(model.scrolled(), 1U);
    model.press({KeyKind::home, {}}, page);
    EXPECT_EQ(model.scrolled(), 0U);
}

TEST(WatchModel, LoadsWhatFitsAndMoreAtTheEndOfIt) {
    WatchModel model("");
    WatchLists totals;
    totals.at(WatchSection::queued).total = 1000;
    totals.at(WatchSection::ended).total = 1000;
    const WatchLimits first = model.limits(totals, page);
    EXPECT_THAT(first, ElementsAre(0, 0, 13, 2));
    for (std::size_t i = 0; i < first[2]; ++i) {
        totals.at(WatchSection::queued)
            .rows.push_back(watch_row("wait" + std::to_string(i), Status::queued, "later"));
    }
    for (const char* id : {"ender0", "ender1"}) {
        totals.at(WatchSection::ended).rows.push_back(watch_row(id, Status::completed, "done"));
    }
    model.show(totals);
    EXPECT_FALSE(model.wants_more(page));
    for (std::size_t i = 1; i < first[2]; ++i) model.press({KeyKind::down, {}}, page);
    EXPECT_TRUE(model.wants_more(page));
    EXPECT_EQ(model.limits(totals, page)[2], 12 + page);
}

TEST(WatchModel, EachSectionKeepsAFewRows) {
    const WatchModel model("");
    WatchLists totals;
    for (WatchLists::Section& section : totals.sections) section.total = 1000;
    EXPECT_THAT(model.limits(totals, 30), ElementsAre(7, 3, 2, 2));
    EXPECT_THAT(model.limits(totals, 0), ElementsAre(2, 3, 2, 2));
    EXPECT_THAT(model.limits(WatchLists(), 30), ElementsAre(0, 0, 0, 0));
}

} // namespace
} // namespace loong::cli
