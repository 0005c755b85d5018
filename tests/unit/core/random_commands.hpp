#pragma once
/// Random commands: mostly what the state of a task asks for, sometimes anything.

#include "nasty_text.hpp"
#include "task_machine.hpp"

#include <cstdint>
#include <string>

namespace loong::test {

class RandomCommands {
public:
    explicit RandomCommands(std::uint32_t seed) : random_(seed) {}

    Command next(const TaskMachine& task) {
        if (task.state.sessions.empty()) return command::Create{random_.chance(4)};
        // Mostly what the state asks for, so that the walk gets far; sometimes anything.
        const SessionState state = task.summary().session_state;
        const std::size_t kinds = 26;
        if (random_.chance(4)) return any(task, random_.number(kinds));
        // A command that keeps failing, so that it is given up at times.
        if (!task.state.notifications.empty() && random_.chance(2)) {
            return any(task, random_.chance(6) ? 24 : 23);
        }
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
        case 1: return command::Start{session(task), 7, "host", 1};
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
        case 20: return command::AwaitSlot{session(task)};
        case 21: return command::TakeSlot{session(task)};
        case 22: return notice(task);
        case 23: return note_delivery(task);
        case 24: return command::ScheduleNotifications{};
        default: return random_.chance(2) ? finish(task) : resolve(task);
        }
    }
    Command notice(const TaskMachine& task) {
        const std::uint64_t behind = random_.chance(3) ? 1 : 0;
        return command::NoticeAttention{task.summary().revision - behind,
                                        random_.chance(2) ? "overdue" : "recoverable",
                                        random_.text()};
    }
    Command note_delivery(const TaskMachine& task) {
        command::NoteDelivery note;
        note.event_id = random_.number(30);
        for (const NotificationFacts& one : task.state.notifications) {
            if (one.state == DeliveryState::owed) note.event_id = one.event_id;
        }
        if (!random_.chance(40)) note.failure = random_.text();
        return note;
    }
    Command supersede(const std::string& action) {
        return command::Supersede{action, random_.text(), "gone", action == "resumed",
                                  random_.chance(2)};
    }
    std::string session(const TaskMachine& task) {
        return random_.chance(8) ? session_id_of(1, random_.number(4) + 1) : task.session();
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
        if (random_.chance(2)) outcome.started_at = test_time(random_.number(100));
        if (random_.chance(2))
            outcome.resource_use = ResourceUse{Microseconds(123456), Microseconds(7), 1024};
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
        const bool has_rule = request.kind == RequestKind::approval && random_.chance(2);
        if (has_rule) request.rule = "rule " + std::to_string(random_.number(2));
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

} // namespace loong::test
