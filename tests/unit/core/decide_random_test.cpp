/// Random commands in random order: whatever happens, some things never do.

#include "random_commands.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "support/summary_text.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::RandomCommands;
using test::TaskMachine;

/// Everything that a state is made of, as text.
std::string shown(const TaskState& state) {
    std::string text = test::write_summary_text(state.summary);
    const auto add = [&text](auto number) { text += ' ' + std::to_string(number); };
    const auto add_time = [&](const std::optional<Time>& time) {
        add(time ? time->time_since_epoch().count() : -1);
    };
    for (const SessionFacts& session : state.sessions) {
        text += "\nsession " + session.session_id + ' ' + session.reason + ' ' + session.host;
        add(session.attempt), add(static_cast<int>(session.state)), add(session.pid);
        add(session.lease_token), add(session.steps.size()), add(session.rerun_started_steps);
        add_time(session.queued_at), add_time(session.started_at), add_time(session.ended_at);
        add_time(session.cancel_acknowledged_at);
        if (session.outcome) {
            text += ' ' + session.outcome->message + ' ' + session.outcome->result;
            add(static_cast<int>(session.outcome->kind)), add(session.outcome->transient);
            add(session.outcome->exit_code.value_or(-1)), add(session.outcome->signal.value_or(-1));
        }
    }
    for (const RequestFacts& request : state.requests) {
        text += "\nrequest " + request.request_id + ' ' + request.key + ' ' + request.question +
                ' ' + request.option_id + ' ' + request.text + ' ' + request.detail;
        add(static_cast<int>(request.state)), add(request.options.size()), add(request.always);
        add_time(request.since), add_time(request.resolved_at), add_time(request.expires_at);
    }
    for (const NotificationFacts& one : state.notifications) {
        text += "\nnotification " + one.status + ' ' + one.request_id + ' ' + one.last_error;
        add(static_cast<int>(one.on)), add(static_cast<int>(one.state)), add(one.event_id);
        add(one.attempts), add_time(one.since), add_time(one.next_at), add_time(one.delivered_at);
    }
    text += "\nstate " + state.last_error;
    add(state.outcome_by_recovery), add(state.paused.count()), add(state.force_cancel);
    add(state.cancel_acknowledged), add_time(state.paused_since), add_time(state.released_at);
    add(state.awaits_slot);
    return text;
}

int count_live(const TaskState& state) {
    int live = 0;
    for (const SessionFacts& session : state.sessions) live += is_terminal(session.state) ? 0 : 1;
    return live;
}

void expect_sound(const TaskState& state) {
    const TaskSummary& summary = state.summary;
    ASSERT_LE(count_live(state), 1);
    if (state.sessions.empty()) return;
    const SessionFacts& current = state.sessions.back();
    ASSERT_EQ(summary.task_session_id, current.session_id);
    ASSERT_EQ(summary.session_state, current.state);
    ASSERT_EQ(summary.attempt, current.attempt);
    int approvals = 0;
    int inputs = 0;
    for (const RequestFacts& request : state.requests) {
        if (request.state != RequestState::open) continue;
        ASSERT_EQ(request.session_id, current.session_id);
        ASSERT_EQ(current.state, SessionState::running);
        ++(request.kind == RequestKind::approval ? approvals : inputs);
    }
    ASSERT_EQ(summary.open_approvals, approvals);
    ASSERT_EQ(summary.open_inputs, inputs);
    ASSERT_EQ(summary.oldest_request.has_value(), approvals + inputs > 0);
    ASSERT_EQ(state.paused_since.has_value(), state.awaits_slot || approvals + inputs > 0);
    ASSERT_TRUE(!state.awaits_slot || current.state == SessionState::running);
    ASSERT_TRUE(!summary.held || current.state == SessionState::ready);
    ASSERT_TRUE(!summary.archived || is_terminal(current.state));
    ASSERT_TRUE(!summary.archived || !summary.attention);
    ASSERT_TRUE(!summary.overdue_at || !is_terminal(current.state));
    ASSERT_TRUE(!summary.deadline_at || current.state == SessionState::running);
    ASSERT_TRUE(!summary.not_before || current.state == SessionState::ready);
    ASSERT_TRUE(!summary.cancel_requested_at || current.state != SessionState::ready);
    ASSERT_EQ(
        summary.notify_at.has_value(),
        std::any_of(state.notifications.begin(), state.notifications.end(),
                    [](const NotificationFacts& one) { return one.state == DeliveryState::owed; }));
    ASSERT_TRUE(summary.noticed.empty() || !is_terminal(current.state));
    ASSERT_EQ(current.outcome.has_value(), is_terminal(current.state));
    ASSERT_EQ(current.ended_at.has_value(), is_terminal(current.state));
}

std::string frozen(const SessionFacts& session) {
    TaskState state;
    state.sessions = {session};
    return shown(state);
}

class RandomWalk : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomWalk, KeepsTheInvariants) {
    std::map<std::string, int> applied;
    int rejected = 0;
    for (std::uint32_t round = 0; round < 250; ++round) {
        RandomCommands commands(GetParam() * 1000 + round);
        TaskDocument document = test::sample_document();
        document.retry_limit = static_cast<int>(round % 4);
        if (round % 2 == 0) document.limits.timeout = 30s;
        if (round % 3 == 0) document.start_within = 20s;
        document.notify_attention = round % 4 < 2;
        document.notify_terminal = round % 4 == 1 || round % 4 == 2;
        TaskMachine task(document);
        std::map<std::string, std::string> ended;
        bool was_cancelled = false;
        for (int step = 0; step < 60; ++step) {
            const std::uint64_t revision = task.summary().revision;
            const std::string before = shown(task.state);
            if (!task.apply(commands.next(task)).empty()) {
                ++rejected;
                ASSERT_EQ(shown(task.state), before);
            } else {
                // Dense and growing, also within a group.
                ASSERT_EQ(task.summary().revision, revision + task.last.size());
                ASSERT_EQ(task.log.size(), task.summary().revision);
                for (const std::string& name : task.last) ++applied[name];
            }
            ASSERT_NO_FATAL_FAILURE(expect_sound(task.state));
            for (const SessionFacts& session : task.state.sessions) {
                if (!is_terminal(session.state)) continue;
                const auto [known, is_new] = ended.emplace(session.session_id, frozen(session));
                ASSERT_EQ(known->second, frozen(session)) << "a session that has ended changed";
            }
            if (was_cancelled) {
                ASSERT_EQ(task.summary().session_state, SessionState::cancelled);
            }
            was_cancelled = task.summary().session_state == SessionState::cancelled &&
                            !task.state.sessions.empty();
            task.advance(commands.pause());
        }
        if (task.log.empty()) continue;
        const Result<FoldedTask> folded =
            fold_task(document.task_id, write_task_document(document), write_records(task.log));
        ASSERT_TRUE(folded) << folded.error().message;
        ASSERT_EQ(shown(folded->state), shown(task.state)) << "the records tell another story";
        for (const std::string& record : write_records(task.log)) {
            ASSERT_LE(record.size(), std::size_t{1} << 20);
        }
    }
    // Every kind of event came about, so that the invariants were in danger.
    for (int at = 1; at <= static_cast<int>(last_event_kind); ++at) {
        const std::string name(to_string(static_cast<EventKind>(at)));
        EXPECT_GT(applied[name], 0) << name;
    }
    EXPECT_GT(rejected, 0);
}

#ifdef __SANITIZE_ADDRESS__
constexpr unsigned seeds = 2;
#else
constexpr unsigned seeds = 8;
#endif
INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalk, ::testing::Range(1U, 1U + seeds));

} // namespace
} // namespace loong
