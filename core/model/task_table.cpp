#include "task_table.hpp"

#include "record.hpp"
#include "task_document.hpp"

#include <stdexcept>

namespace loong::model {
namespace {

TaskDocument document() {
    TaskDocument document;
    document.task_id = "task-1";
    document.label = "work";
    document.owner_session_id = "default";
    document.scope_session_id = "default";
    document.visible_to = {"default"};
    document.runtime = "local";
    return document;
}

Outcome outcome(OutcomeKind kind, std::string message) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.message = std::move(message);
    if (kind == OutcomeKind::completed) outcome.exit_code = 0;
    return outcome;
}

command::Finish finish(const TaskState& state, std::uint8_t token, Outcome outcome, bool recovery) {
    command::Finish finish;
    finish.session_id = state.summary.task_session_id;
    finish.lease_token = token;
    finish.outcome = std::move(outcome);
    finish.by_recovery = recovery;
    if (recovery) finish.lease_token = current_session(state)->lease_token;
    return finish;
}

Command command_of(const TaskState& state, Move move, std::uint8_t token) {
    const std::string session = state.summary.task_session_id;
    switch (move) {
    case Move::create: return command::Create{};
    case Move::start: return command::Start{session, token, "here", 1};
    case Move::adopt: return command::Adopt{token, "here", 1, "taken over"};
    case Move::finish_completed:
        return finish(state, token, outcome(OutcomeKind::completed, {}), false);
    case Move::finish_failed:
        return finish(state, token, outcome(OutcomeKind::failed, "exit 1"), false);
    case Move::finish_unknown:
        return finish(state, token, outcome(OutcomeKind::failed, "unknown"), false);
    case Move::finish_cancelled:
        return finish(state, token, outcome(OutcomeKind::cancelled, {}), false);
    case Move::collect_completed:
        return finish(state, token, outcome(OutcomeKind::completed, {}), true);
    case Move::collect_failed:
        return finish(state, token, outcome(OutcomeKind::failed, "exit 1"), true);
    case Move::collect_cancelled:
        return finish(state, token, outcome(OutcomeKind::failed, "signal"), true);
    case Move::spawn_failed:
        return command::SpawnFailed{Error{ErrorCode::worker_unavailable, {}, {}}};
    case Move::cancel: return command::Cancel{};
    case Move::acknowledge: return command::AcknowledgeCancel{session};
    case Move::end_cancelled: return command::EndCancelled{"ended", std::nullopt};
    case Move::end_completed:
        return command::EndCancelled{"ended", outcome(OutcomeKind::completed, {})};
    case Move::mark_failed: {
        command::MarkEnded mark;
        mark.outcome = outcome(OutcomeKind::failed, "unknown");
        mark.action = "marked_failed";
        mark.found = "gone";
        mark.carrier_lost = true;
        return mark;
    }
    case Move::retry_never_started: break;
    }
    return command::Supersede{"retried", "not started", "never_started", false, false};
}

/// A terminal session never changes, whatever happens to its task.
void check_sessions(const TaskState& before, const TaskState& after) {
    for (std::size_t i = 0; i < before.sessions.size(); ++i) {
        if (is_terminal(before.sessions[i].state) &&
            before.sessions[i].state != after.sessions.at(i).state) {
            throw std::logic_error("a terminal session changed");
        }
    }
}

} // namespace

TaskTable::TaskTable() { intern(initial_state(document()), {}); }

History TaskTable::intern(TaskState state, std::string records) {
    const auto [entry, fresh] = known_.emplace(records, static_cast<History>(entries_.size()));
    if (state.sessions.size() > most_sessions) throw std::length_error("too many sessions");
    if (fresh) entries_.push_back({std::move(state), std::move(records)});
    return entry->second;
}

bool TaskTable::is_ready(History history) const {
    return history != 0 && entries_[history].state.summary.session_state == SessionState::ready;
}

bool TaskTable::is_running(History history) const {
    return history != 0 && entries_[history].state.summary.session_state == SessionState::running;
}

bool TaskTable::cancel_requested(History history) const {
    return entries_[history].state.summary.cancel_requested_at.has_value();
}

Decided TaskTable::decide(History history, Move move, std::uint8_t token) {
    const auto key = std::make_pair(
        history, static_cast<std::uint16_t>(static_cast<unsigned>(move) << 8U | token));
    const auto found = decisions_.find(key);
    if (found != decisions_.end()) return found->second;
    const TaskState before = entries_[history].state;
    const std::string next_session = "session-" + std::to_string(before.sessions.size() + 1);
    Result<std::vector<Event>> events = loong::decide(before, command_of(before, move, token),
                                                      DecisionInput{Time{}, "actor", next_session});
    Decided decided;
    if (events) {
        TaskState after = before;
        for (const Event& event : *events) after = evolve(std::move(after), event);
        check_sessions(before, after);
        std::string records = entries_[history].records;
        if (!events->empty()) {
            for (const std::string& record : write_records(*events)) records += record + '\n';
        }
        decided = {true, intern(std::move(after), std::move(records))};
    }
    decisions_.emplace(key, decided);
    return decided;
}

} // namespace loong::model
