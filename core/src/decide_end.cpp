/// Commands that end a session, and those that put another one in its place.

#include "event_data.hpp"
#include "event_group.hpp"

#include <algorithm>

namespace loong {
namespace {

/// 1 s, doubled for each retry that went before, at most 5 min.
Microseconds back_off(const TaskState& state, const Outcome& outcome) {
    if (outcome.transient) return Seconds(1);
    return doubling_back_off(state.summary.retry_limit - retries_left(state));
}

/// How a session ends that reports this outcome: a cancel wins over everything but completion.
Outcome ruled(const TaskState& state, Outcome outcome) {
    if (outcome.kind == OutcomeKind::detached) outcome.kind = OutcomeKind::failed;
    if (outcome.kind != OutcomeKind::completed && state.summary.cancel_requested_at) {
        outcome.kind = OutcomeKind::cancelled;
    }
    return outcome;
}

bool may_be_retried(OutcomeKind kind) {
    return kind == OutcomeKind::failed || kind == OutcomeKind::timed_out;
}

Error no_session_id(const TaskState& state) {
    return refuse(state, ErrorCode::invalid_argument, "its next session has no id");
}

bool is_running(const TaskState& state) {
    return !state.sessions.empty() && state.summary.session_state == SessionState::running;
}

bool is_ready(const TaskState& state) {
    return !state.sessions.empty() && state.summary.session_state == SessionState::ready;
}

Error not_running(const TaskState& state, std::string_view what) {
    return refuse(state, ErrorCode::conflict,
                  std::string(state_sentence(state)) + ", and only a running session can be " +
                      std::string(what),
                  hint_command(state, "status") + " tells how it stands");
}

Decision late_result(const TaskState& state, const command::Finish& finish,
                     const DecisionInput& input) {
    Value data;
    data.set("outcome", outcome_value(finish.outcome));
    data.set("message", "session " + kept_text(finish.session_id, limit::key) +
                            " reported its end when " +
                            (has_ended(state) ? "the task had ended already"
                                              : "it did not carry the task any more"));
    EventGroup group(state, input);
    group.add(EventKind::delegate_late_result, finish.session_id, std::move(data));
    return group.take();
}

} // namespace

Decision decide_one(const TaskState& state, const command::Finish& finish,
                    const DecisionInput& input) {
    if (finish.outcome.kind == OutcomeKind::detached) return std::vector<Event>{};
    const SessionFacts* session = current_session(state);
    if (session == nullptr) return not_running(state, "finished");
    const bool is_current = session->session_id == finish.session_id;
    const bool is_stale = !finish.by_recovery && session->lease_token != finish.lease_token;
    if (is_current && session->state == SessionState::ready) return not_running(state, "finished");
    if (!is_current || is_stale || is_terminal(session->state)) {
        return late_result(state, finish, input);
    }
    const Outcome outcome = ruled(state, finish.outcome);
    const bool is_retried = may_be_retried(outcome.kind) && retries_left(state) > 0;
    if (is_retried && input.new_session_id.empty()) return no_session_id(state);
    EventGroup group(state, input);
    if (finish.by_recovery) {
        constexpr std::string_view message = "the work had ended while no worker carried it";
        group.add_carrier_lost("finished", message);
        group.add_recovery("outcome_collected", message);
    }
    group.add_end(outcome, finish.by_recovery ? "recovery" : "work");
    if (is_retried) group.add_retry(true, add_saturating(input.now, back_off(state, outcome)));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::SpawnFailed& failed,
                    const DecisionInput& input) {
    if (!is_ready(state)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) + ", so a worker was there after all");
    }
    Value data;
    data.set("code", to_string(failed.error.code));
    data.set("message", kept_text(failed.error.message, limit::message));
    EventGroup group(state, input);
    group.add(EventKind::delegate_spawn_failed, state.summary.task_session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Cancel& cancel,
                    const DecisionInput& input) {
    EventGroup group(state, input);
    if (is_ready(state)) {
        Outcome outcome;
        outcome.kind = OutcomeKind::cancelled;
        outcome.message = cancel.reason.empty() ? "cancelled before it started" : cancel.reason;
        group.add_end(outcome, {});
        return group.take();
    }
    if (!is_running(state)) {
        return refuse(state, ErrorCode::not_cancellable,
                      std::string(state_sentence(state)) + ", and nothing is left to cancel",
                      has_ended(state) ? hint_command(state, "archive") + " puts it out of sight"
                                       : std::string());
    }
    const bool is_requested = state.summary.cancel_requested_at.has_value();
    if (is_requested && (state.force_cancel || !cancel.force)) return group.take();
    Value data;
    data.set("force", cancel.force);
    if (!cancel.reason.empty()) data.set("reason", kept_text(cancel.reason, limit::message));
    group.add(EventKind::delegate_cancel_requested, state.summary.task_session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::AcknowledgeCancel& acknowledge,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, acknowledge.session_id)) return *error;
    if (!state.summary.cancel_requested_at) {
        return refuse(state, ErrorCode::conflict, "nobody asked to cancel it");
    }
    EventGroup group(state, input);
    if (!state.cancel_acknowledged) {
        group.add(EventKind::delegate_cancel_acknowledged, state.summary.task_session_id);
    }
    return group.take();
}

Decision decide_one(const TaskState& state, const command::EndCancelled& ended,
                    const DecisionInput& input) {
    if (!is_running(state)) return not_running(state, "ended as cancelled");
    if (!state.summary.cancel_requested_at) {
        return refuse(state, ErrorCode::conflict, "nobody asked to cancel it",
                      hint_command(state, "cancel") + " does");
    }
    Outcome outcome = ended.outcome.value_or(Outcome{});
    if (!ended.outcome || outcome.kind != OutcomeKind::completed) {
        outcome.kind = OutcomeKind::cancelled;
    }
    if (outcome.message.empty()) outcome.message = ended.message;
    const bool is_completed = outcome.kind == OutcomeKind::completed;
    EventGroup group(state, input);
    group.add_carrier_lost(is_completed ? "finished" : "ended", ended.message);
    group.add_recovery(is_completed ? "outcome_collected" : "cancelled", ended.message);
    group.add_end(outcome, "recovery");
    return group.take();
}

Decision decide_one(const TaskState& state, const command::MarkEnded& mark,
                    const DecisionInput& input) {
    if (!is_ready(state) && !is_running(state)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) + ", so there is nothing to mark",
                      hint_command(state, "status") + " tells how it stands");
    }
    Outcome outcome = ruled(state, mark.outcome);
    const bool needs_running =
        outcome.kind == OutcomeKind::completed || outcome.kind == OutcomeKind::timed_out;
    // What never ran cannot have taken too long, nor have been completed.
    if (is_ready(state) && needs_running) outcome.kind = OutcomeKind::failed;
    if (outcome.message.empty()) outcome.message = mark.message;
    const bool is_retried = mark.retry && may_be_retried(outcome.kind);
    if (is_retried && input.new_session_id.empty()) return no_session_id(state);
    EventGroup group(state, input);
    if (mark.carrier_lost) group.add_carrier_lost(mark.found, mark.message);
    const bool is_cancelled = outcome.kind == OutcomeKind::cancelled;
    group.add_recovery(is_cancelled ? "cancelled" : mark.action, mark.message);
    group.add_end(outcome, mark.action == "expired" ? "start_within" : "recovery");
    if (is_retried) group.add_retry(false, std::nullopt);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Retry& retry,
                    const DecisionInput& input) {
    const SessionState now = state.summary.session_state;
    if (!has_ended(state) || now == SessionState::completed || now == SessionState::cancelled) {
        const std::string why = now == SessionState::cancelled ? ", and a cancel is final"
                                                               : ", so there is nothing to retry";
        return refuse(state, ErrorCode::not_recoverable, std::string(state_sentence(state)) + why,
                      hint_command(state, "status") + " tells how it stands");
    }
    if (!state.summary.retry_possible) {
        return refuse(state, ErrorCode::not_recoverable,
                      "its runtime cannot run this work, another attempt would meet the same: " +
                          state.summary.message,
                      hint_command(state, "events") + " tells what happened");
    }
    if (input.new_session_id.empty()) return no_session_id(state);
    EventGroup group(state, input);
    group.add_recovery("retried", retry.message);
    group.add_retry(false, std::nullopt);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Supersede& supersede,
                    const DecisionInput& input) {
    if (!is_running(state)) return not_running(state, "replaced");
    if (state.summary.cancel_requested_at) {
        return refuse(state, ErrorCode::conflict, "its cancel was requested, and a cancel is final",
                      hint_command(state, "recover") + " ends it as cancelled");
    }
    if (input.new_session_id.empty()) return no_session_id(state);
    Outcome outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = "the carrier was lost; session " + input.new_session_id +
                      (supersede.resumes ? " goes on from here" : " starts again");
    EventGroup group(state, input);
    group.add_carrier_lost(supersede.found, supersede.message);
    group.add_recovery(supersede.action, supersede.message);
    group.add_end(outcome, "recovery");
    if (supersede.resumes) {
        group.add_next_session("resumed", std::nullopt, supersede.rerun_started_steps);
    } else {
        group.add_retry(false, std::nullopt);
    }
    return group.take();
}

} // namespace loong
