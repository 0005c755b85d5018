/// Random commands in random order: whatever happens, some things never do.

#include "json.hpp"
#include "nasty_text.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "support/summary_text.hpp"
#include "task_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace loong {
namespace {

using namespace std::chrono_literals;
using test::Random;
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
    text += "\nstate " + state.last_error;
    add(state.outcome_by_recovery), add(state.paused.count()), add(state.force_cancel);
    add(state.cancel_acknowledged), add_time(state.paused_since), add_time(state.released_at);
    return text;
}

class RandomCommands {
public:
    explicit RandomCommands(std::uint32_t seed) : random_(seed) {}

    Command next(const TaskMachine& task) {
        if (task.state.sessions.empty()) return command::Create{random_.chance(4)};
        // Mostly what the state asks for, so that the walk gets far; sometimes anything.
        const SessionState state = task.summary().session_state;
        const std::size_t kinds = 21;
        if (random_.chance(4)) return any(task, random_.number(kinds));
        if (is_terminal(state)) return any(task, random_.chance(3) ? 12 : 13);
        if (state == SessionState::ready) {
            return any(task, task.summary().held ? 9 : random_.chance(8) ? 5 : 1);
        }
        return any(task, 14 + random_.number(kinds - 14));
    }

    Microseconds pause() {
        const auto step = static_cast<std::int64_t>(random_.number(5'000'000));
        // The clock is set back at times.
        return Microseconds(random_.chance(20) ? -step : step);
    }

private:
    Command any(const TaskMachine& task, std::size_t kind) {
        switch (kind) {
        case 0: return command::Create{random_.chance(2)};
        case 1: return command::Start{7, "host", 1};
        case 2: return command::Adopt{random_.number(2) + 6, "host", 2, random_.text()};
        case 3: return finish(task);
        case 4: return mark_ended();
        case 5: return command::SpawnFailed{{any_code(), random_.text(), {}}};
        case 6: return command::Cancel{random_.chance(2), random_.text()};
        case 7: return command::AcknowledgeCancel{session(task)};
        case 8: return end_cancelled();
        case 9: return command::Release{};
        case 10: return supersede("retried");
        case 11: return supersede("resumed");
        case 12: return command::Archive{};
        case 13: return command::Retry{random_.text()};
        case 14: return report(task);
        case 15: return step(task);
        case 16: return command::ReportDenied{session(task), random_.text(), random_.text(), "r"};
        case 17: return open(task);
        case 18: return resolve(task);
        case 19: return command::WithdrawRequest{request_id(task), random_.text()};
        default: return random_.chance(2) ? finish(task) : resolve(task);
        }
    }
    Command supersede(const std::string& action) {
        return command::Supersede{action, random_.text(), "gone", action == "resumed",
                                  random_.chance(2)};
    }
    std::string session(const TaskMachine& task) {
        return random_.chance(8) ? test::session_id_of(1, random_.number(4) + 1) : task.session();
    }
    std::string request_id(const TaskMachine& task) {
        return "r" + std::to_string(random_.number(task.state.requests.size() + 1) + 1);
    }
    ErrorCode any_code() {
        return random_.chance(2) ? ErrorCode::unsupported : ErrorCode::worker_unavailable;
    }
    Outcome outcome() {
        Outcome outcome;
        outcome.kind = static_cast<OutcomeKind>(random_.number(5));
        if (random_.chance(2)) outcome.exit_code = static_cast<int>(random_.number(256));
        if (random_.chance(4)) outcome.signal = static_cast<int>(random_.number(64));
        if (random_.chance(2)) outcome.started_at = test::test_time(random_.number(100));
        if (random_.chance(2)) outcome.resource_use = ResourceUse{123456us, 7us, 1024};
        outcome.message = random_.text();
        outcome.result = random_.text();
        outcome.transient = random_.chance(2);
        return outcome;
    }
    Command finish(const TaskMachine& task) {
        return command::Finish{session(task), random_.number(3) + 6, outcome(), random_.chance(5)};
    }
    Command end_cancelled() {
        command::EndCancelled end{random_.text(), std::nullopt};
        if (random_.chance(2)) end.outcome = outcome();
        return end;
    }
    Command mark_ended() {
        command::MarkEnded mark;
        mark.outcome = outcome();
        mark.action = random_.chance(2) ? "expired" : "marked_failed";
        mark.message = random_.text();
        mark.found = random_.text();
        mark.carrier_lost = random_.chance(2);
        mark.retry = random_.chance(2);
        return mark;
    }
    Command report(const TaskMachine& task) {
        Progress progress;
        progress.state = static_cast<ProgressState>(random_.number(5));
        if (random_.chance(2)) progress.percent = static_cast<int>(random_.number(120));
        progress.note = random_.text();
        return command::Report{session(task), progress};
    }
    Command step(const TaskMachine& task) {
        StepReport report;
        report.step = "step " + std::to_string(random_.number(3));
        report.index = static_cast<int>(random_.number(3));
        report.total = 3;
        report.state = static_cast<StepRecord::State>(random_.number(3));
        report.message = random_.text();
        return command::ReportStep{session(task), report};
    }
    Command open(const TaskMachine& task) {
        NewRequest request;
        request.kind = random_.chance(2) ? RequestKind::approval : RequestKind::input;
        request.key = "key " + std::to_string(random_.number(4));
        request.question = random_.text();
        request.detail = random_.text();
        if (random_.chance(3)) request.expires_after = Seconds(random_.number(10));
        return command::OpenRequest{session(task), request};
    }
    Command resolve(const TaskMachine& task) {
        const std::string id = request_id(task);
        const RequestFacts* request = find_request(task.state, id);
        const bool is_input = request != nullptr && request->kind == RequestKind::input;
        const RequestState fit = is_input            ? RequestState::answered
                                 : random_.chance(2) ? RequestState::allowed
                                                     : RequestState::denied;
        const auto any_state = static_cast<RequestState>(random_.number(6));
        return command::ResolveRequest{id, random_.chance(3) ? any_state : fit,
                                       random_.chance(5) ? "allow" : "", random_.text(),
                                       random_.chance(5)};
    }

    Random random_;
};

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
    ASSERT_EQ(state.paused_since.has_value(), approvals + inputs > 0);
    ASSERT_TRUE(!summary.held || current.state == SessionState::ready);
    ASSERT_TRUE(!summary.archived || is_terminal(current.state));
    ASSERT_TRUE(!summary.archived || !summary.attention);
    ASSERT_TRUE(!summary.overdue_at || !is_terminal(current.state));
    ASSERT_TRUE(!summary.deadline_at || current.state == SessionState::running);
    ASSERT_TRUE(!summary.not_before || current.state == SessionState::ready);
    ASSERT_TRUE(!summary.cancel_requested_at || current.state != SessionState::ready);
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

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalk, ::testing::Range(1U, 9U));

} // namespace
} // namespace loong
