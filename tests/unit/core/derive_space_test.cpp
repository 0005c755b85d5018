/// The derivation by exhaustion: all of its facts, in every combination.
///
/// What is expected is written down a second time, as text; an independent little interpreter
/// reads it.

#include "derivation.hpp"
#include "loong/status.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace loong {
namespace {

// ---- the space ----------------------------------------------------------------------------------

struct Axis {
    const char* name;
    std::vector<const char*> values;
    void (*set)(Facts&, unsigned);
};

template <typename Member, Member Facts::*Where>
void set_member(Facts& facts, unsigned value) {
    facts.*Where = static_cast<Member>(value);
}

template <bool Facts::*Where>
Axis flag(const char* name) {
    return {name, {"no", "yes"}, set_member<bool, Where>};
}

const std::vector<Axis>& axes() {
    static const std::vector<Axis> all = {
        {"state",
         {"ready", "running", "completed", "failed", "timed_out", "cancelled"},
         set_member<SessionState, &Facts::session_state>},
        {"lease", {"free", "held", "unknown"}, set_member<Held, &Facts::carrier_lease>},
        {"work", {"free", "held", "unknown"}, set_member<Held, &Facts::work>},
        {"served", {"free", "held", "unknown"}, set_member<Held, &Facts::queue_served>},
        {"progress",
         {"none", "active", "waiting", "blocked", "verifying"},
         set_member<ProgressState, &Facts::progress>},
        {"dependencies",
         {"met", "pending", "failed"},
         set_member<DependencyState, &Facts::dependencies>},
        flag<&Facts::overdue>("overdue"),
        flag<&Facts::held>("held"),
        flag<&Facts::cancel_requested>("cancel"),
        flag<&Facts::approval_open>("approval"),
        flag<&Facts::input_open>("input"),
        flag<&Facts::retry_not_due>("not_due"),
        flag<&Facts::retry_possible>("retry_possible"),
        flag<&Facts::archived>("archived"),
        flag<&Facts::retried>("retried"),
        flag<&Facts::recovered>("recovered"),
        flag<&Facts::narrowing_active>("narrowed"),
    };
    return all;
}

using Point = std::array<unsigned, 17>;

std::size_t axis_of(const std::string& name) {
    for (std::size_t at = 0; at < axes().size(); ++at) {
        if (axes()[at].name == name) return at;
    }
    ADD_FAILURE() << "no axis " << name;
    return 0;
}

/// Moves to the next point; false after the last. The first axis stays as it is.
bool next_point(Point& point) {
    for (std::size_t at = axes().size() - 1; at > 0; --at) {
        if (++point[at] < axes()[at].values.size()) return true;
        point[at] = 0;
    }
    return false;
}

Facts facts_at(const Point& point) {
    Facts facts;
    for (std::size_t at = 0; at < axes().size(); ++at) axes()[at].set(facts, point[at]);
    return facts;
}

std::string shown(const Point& point) {
    std::string text;
    for (std::size_t at = 0; at < axes().size(); ++at) {
        text += std::string(axes()[at].name) + '=' + axes()[at].values[point[at]] + ' ';
    }
    return text;
}

// ---- the table, once more -----------------------------------------------------------------------

struct ExpectedRow {
    int number;
    Status status;
    /// t(erminal), b(locked), a(ttention)
    const char* flags;
    const char* next_action;
    /// Alternatives, divided by `|`; each is a list of `axis=value` that all hold.
    const char* when;
};

/// An action `recover/x=y events` means: recover where x is y, else events.
const std::vector<ExpectedRow>& expected_rows() {
    static const std::vector<ExpectedRow> all = {
        {1, Status::completed, "t", "output", "state=completed"},
        {2, Status::failed, "ta", "recover/retry_possible=yes events", "state=failed"},
        {3, Status::timed_out, "ta", "recover/retry_possible=yes events", "state=timed_out"},
        {4, Status::cancelled, "t", "events", "state=cancelled"},
        {5, Status::recoverable, "ba", "recover", "state=running lease=free"},
        {6, Status::overdue, "ba", "recover", "overdue=yes"},
        {7, Status::cancel_requested, "", "wait",
         "state=ready cancel=yes | state=running lease=held cancel=yes"},
        {8, Status::approval_pending, "ba", "approve",
         "state=ready approval=yes | state=running lease=held approval=yes"},
        {9, Status::blocked, "ba", "answer",
         "state=ready input=yes | state=running lease=held input=yes"},
        {10, Status::blocked, "ba", "output",
         "state=ready progress=blocked | state=running lease=held progress=blocked"},
        {11, Status::blocked, "ba", "cancel",
         "state=ready dependencies=failed | state=running lease=held dependencies=failed"},
        {12, Status::waiting, "", "release/held=yes wait",
         "state=ready held=yes | state=running lease=held held=yes | "
         "state=ready dependencies=pending | state=running lease=held dependencies=pending | "
         "state=ready not_due=yes | state=running lease=held not_due=yes | "
         "state=ready progress=waiting | state=running lease=held progress=waiting"},
        {13, Status::running, "", "wait", "state=running lease=held"},
        {14, Status::recoverable, "ba", "recover", "state=ready served=free"},
        {15, Status::queued, "", "wait", "state=ready"},
        {16, Status::unknown, "a", "doctor", ""},
    };
    return all;
}

struct Condition {
    std::size_t axis = 0;
    unsigned value = 0;
};

Condition condition_of(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::size_t axis = axis_of(word.substr(0, equals));
    const std::vector<const char*>& values = axes()[axis].values;
    for (unsigned value = 0; value < values.size(); ++value) {
        if (values[value] == word.substr(equals + 1)) return {axis, value};
    }
    ADD_FAILURE() << "no value " << word;
    return {};
}

struct Row {
    const ExpectedRow* expected = nullptr;
    std::vector<std::vector<Condition>> alternatives;
    /// Null where the action does not depend on anything.
    std::optional<Condition> action_condition;
    std::string action;
    std::string other_action;
};

std::vector<Row> read_rows() {
    std::vector<Row> rows;
    for (const ExpectedRow& expected : expected_rows()) {
        Row row;
        row.expected = &expected;
        row.alternatives.emplace_back();
        std::istringstream when(expected.when);
        for (std::string word; when >> word;) {
            if (word == "|") {
                row.alternatives.emplace_back();
            } else {
                row.alternatives.back().push_back(condition_of(word));
            }
        }
        std::istringstream action(expected.next_action);
        action >> row.action >> row.other_action;
        if (const std::size_t slash = row.action.find('/'); slash != std::string::npos) {
            row.action_condition = condition_of(row.action.substr(slash + 1));
            row.action.resize(slash);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

bool holds(const Row& row, const Point& point) {
    return std::any_of(row.alternatives.begin(), row.alternatives.end(), [&](const auto& all) {
        return std::all_of(all.begin(), all.end(), [&](const Condition& condition) {
            return point[condition.axis] == condition.value;
        });
    });
}

std::string action_at(const Row& row, const Point& point) {
    const bool first =
        !row.action_condition || point[row.action_condition->axis] == row.action_condition->value;
    return first ? row.action : row.other_action;
}

// ---- the walk -----------------------------------------------------------------------------------

/// One part of the space for each session state, so that the parts can be walked at once.
class DeriveSpace : public ::testing::TestWithParam<unsigned> {
protected:
    Point first() const {
        Point point{};
        point[0] = GetParam();
        return point;
    }
};

TEST_P(DeriveSpace, EveryPointHasTheRowOfTheTable) {
    const std::vector<Row> rows = read_rows();
    ASSERT_EQ(rows.size(), 16U);
    std::size_t points = 0;
    std::map<int, std::size_t> used;
    Point point = first();
    do {
        ++points;
        const auto expected = std::find_if(rows.begin(), rows.end(),
                                           [&](const Row& row) { return holds(row, point); });
        ASSERT_NE(expected, rows.end()) << shown(point);
        const Facts facts = facts_at(point);
        const DerivationRow& row = derivation_row(facts);
        ASSERT_EQ(row.number, expected->expected->number) << shown(point);
        ASSERT_EQ(row.status, expected->expected->status) << shown(point);
        ASSERT_EQ(to_string(row.next_action(facts)), action_at(*expected, point)) << shown(point);
        const std::string_view flags = expected->expected->flags;
        const bool attention = flags.find('a') != std::string_view::npos && !facts.archived;
        ASSERT_EQ(row.terminal, flags.find('t') != std::string_view::npos);
        ASSERT_EQ(row.blocked, flags.find('b') != std::string_view::npos);
        ASSERT_EQ(derive_needs_attention(facts), attention) << shown(point);
        ASSERT_EQ(derive_status(facts), row.status);
        ASSERT_EQ(row.terminal, is_terminal(facts.session_state)) << shown(point);
        ++used[row.number];
    } while (next_point(point));
    std::cout << points << " points with session state " << axes()[0].values[GetParam()] << ':';
    for (const auto& [number, count] : used) std::cout << "  row " << number << ": " << count;
    std::cout << '\n';
    EXPECT_EQ(points * 6, 4'976'640U);
}

/// What is said at each point. The last three facts decide nothing but a signal each, so here they
/// take turns.
TEST_P(DeriveSpace, WhatIsSaidIsWhole) {
    FactDetails details;
    details.task_id = test::task_id_of(1);
    details.task_session_id = test::session_id_of(1);
    details.now = test::test_time(100);
    details.state_since = test::test_time(1);
    details.request = OpenRequest{"r1", "May I?", "shell.exec", test::test_time(5), true};
    details.open_requests = 2;
    std::size_t points = 0;
    Point point = first();
    do {
        const unsigned turn = static_cast<unsigned>(points) % 8;
        for (unsigned bit = 0; bit < 3; ++bit) point[14 + bit] = (turn >> bit) & 1U;
        const Facts facts = facts_at(point);
        const TaskStatus status = derive(facts, details);
        ++points;
        ASSERT_FALSE(status.reason.empty()) << shown(point);
        ASSERT_FALSE(status.next_command.empty()) << shown(point);
        ASSERT_EQ(status.next_commands.front(), status.next_command);
        ASSERT_TRUE(std::is_sorted(status.signals.begin(), status.signals.end())) << shown(point);
        ASSERT_EQ(std::adjacent_find(status.signals.begin(), status.signals.end()),
                  status.signals.end());
        const std::set<std::string> unique(status.next_commands.begin(),
                                           status.next_commands.end());
        ASSERT_EQ(unique.size(), status.next_commands.size()) << shown(point);
        ASSERT_TRUE(!status.blocked || !status.terminal);
        ASSERT_TRUE(!status.blocked || status.needs_attention || facts.archived);
        ASSERT_TRUE(!facts.archived || !status.needs_attention);
        ASSERT_EQ(status.needs_attention, derive_needs_attention(facts));
        ASSERT_EQ(status.display.ends_with(" (recovered)"), facts.recovered);
        const std::string action(to_string(status.next_action));
        ASSERT_NE(status.next_command.find(action), std::string::npos) << status.next_command;
        point[14] = point[15] = point[16] = 1;
    } while (next_point(point));
    std::cout << points << " sentences and lists of commands\n";
    EXPECT_EQ(points * 6, 4'976'640U / 8);
}

std::string state_name(const ::testing::TestParamInfo<unsigned>& part) {
    return axes()[0].values[part.param];
}

INSTANTIATE_TEST_SUITE_P(BySessionState, DeriveSpace, ::testing::Range(0U, 6U), state_name);

} // namespace
} // namespace loong
