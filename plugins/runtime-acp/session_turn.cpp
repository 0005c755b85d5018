// The part of AcpSession that puts the prompt and waits for its answer.

#include "acp_session.hpp"

#include <algorithm>

namespace loong::acp {
namespace {

constexpr std::chrono::hours never{24 * 365};

Outcome ended(OutcomeKind kind, std::string message) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.message = std::move(message);
    return outcome;
}

std::string seconds_text(Milliseconds limit) {
    return std::to_string(std::chrono::duration_cast<Seconds>(limit).count()) + " s";
}

} // namespace

Outcome AcpSession::lost_turn() const {
    std::string message = "the worker was lost in the middle of a turn: " + who() +
                          " has its session " + handle_.session_id +
                          " still, but not the turn that was under way";
    if (!handle_.pending.empty()) {
        message += ", in which " + std::to_string(handle_.pending.size()) +
                   (handle_.pending.size() == 1 ? " approval was" : " approvals were") +
                   " not answered";
    }
    return ended(OutcomeKind::failed, message + "; it may be gone on with only where the task says "
                                                "--retry");
}

AcpSession::Ended AcpSession::take_turn() {
    if (taking_up_ && !context_.spec().may_redo) return std::optional(lost_turn());
    const std::string& task = context_.spec().work.text;
    handle_.prompted = true;
    if (Result<void> saved = save_handle(); !saved) return std::move(saved).error();
    narrator_.set_state(ProgressState::active,
                        who() +
                            (settings_.mode.empty() ? std::string() : ", mode " + settings_.mode));
    const std::string text = taking_up_ ? settings_.resume_prompt + "\n\n" + task : task;
    const json::array prompt{json::object{{"type", "text"}, {"text", text}}};
    quiet_since_ = Clock::now();
    if (settings_.turn_limit) turn_until_ = quiet_since_ + *settings_.turn_limit;
    const std::int64_t id = peer_->request(
        "session/prompt", json::object{{"sessionId", handle_.session_id}, {"prompt", prompt}});
    return watch_turn(id);
}

AcpSession::Clock::time_point AcpSession::next_watch() const {
    Clock::time_point next = Clock::now() + never;
    if (!waiting_.empty()) return next;
    if (turn_until_) next = std::min(next, *turn_until_);
    if (settings_.silence_limit) {
        next = std::min(next, std::max(quiet_since_, peer_->heard_at()) + *settings_.silence_limit);
    }
    return next;
}

std::optional<Outcome> AcpSession::overdue() const {
    const Clock::time_point now = Clock::now();
    if (next_watch() > now) return std::nullopt;
    if (turn_until_ && *turn_until_ <= now) {
        return ended(OutcomeKind::failed, who() + ": its turn took longer than " +
                                              seconds_text(*settings_.turn_limit) +
                                              " (watchdogs.turn)");
    }
    return ended(OutcomeKind::failed, who() + ": nothing was heard of it for " +
                                          seconds_text(*settings_.silence_limit) +
                                          " (watchdogs.silence)");
}

AcpSession::Ended AcpSession::watch_turn(std::int64_t prompt) {
    while (true) {
        Reply reply;
        Result<Came> came = await(prompt, next_watch(), reply);
        if (!came) return std::move(came).error();
        switch (*came) {
        case Came::answer:
            if (reply.error && reply.error->code == rpc_code::auth_required) {
                needs_login_ = true;
                return std::optional<Outcome>();
            }
            return std::optional(outcome_of(reply));
        case Came::told: {
            const Outcome told = told_outcome();
            if (told.kind == OutcomeKind::detached) return std::optional(told);
            return stop_turn(prompt, told);
        }
        case Came::silence:
            return std::optional(ended(OutcomeKind::failed, who() + ": " + how_it_ended() +
                                                                " before its turn was over"));
        case Came::late:
            if (const std::optional<Outcome> late = overdue()) return stop_turn(prompt, *late);
        }
    }
}

AcpSession::Ended AcpSession::stop_turn(std::int64_t prompt, Outcome outcome) {
    ending_ = true;
    peer_->notify("session/cancel", json::object{{"sessionId", handle_.session_id}});
    if (Result<void> done = withdraw_all("the turn is cancelled"); !done) {
        return std::move(done).error();
    }
    const auto until = Clock::now() + context_.spec().limits.grace;
    Reply reply;
    Came came = Came::told;
    if (!signals_.force) {
        Result<Came> waited = await(prompt, until, reply);
        if (!waited) return std::move(waited).error();
        came = *waited;
    }
    if (came == Came::late) {
        context_.log("agent: it did not answer session/cancel in the grace time");
        outcome.message += "; it did not answer the cancel and was ended";
        peer_->close_input();
        peer_->ask();
    }
    if (came == Came::told) peer_->force();
    return std::optional(std::move(outcome));
}

Outcome AcpSession::outcome_of(const Reply& reply) {
    narrator_.take_result(reply.result);
    if (reply.error) {
        if (reply.error->code == rpc_code::request_cancelled) {
            return ended(OutcomeKind::failed, who() + ": it cancelled its turn by itself");
        }
        Outcome outcome = ended(OutcomeKind::failed, who() + ": " + to_text(*reply.error));
        // What a service says when it is busy; positive codes are those of HTTP.
        const std::int64_t code = reply.error->code;
        outcome.transient = code == 429 || (code >= 500 && code <= 599);
        return outcome;
    }
    const std::string reason = text_of(reply.result, "stopReason");
    if (reason == "end_turn") return ended(OutcomeKind::completed, {});
    std::string why = "it ended its turn without a reason";
    if (reason == "refusal") why = "it refused to go on";
    if (reason == "max_tokens") why = "it ran out of tokens";
    if (reason == "max_turn_requests") why = "it asked its model as often as it may in a turn";
    if (reason == "cancelled") why = "it ended its turn by itself, cancelled by nobody";
    return ended(OutcomeKind::failed,
                 who() + ": " + why + (reason.empty() ? "" : " (" + reason + ")"));
}

} // namespace loong::acp
