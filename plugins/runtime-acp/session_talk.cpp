// The part of AcpSession that listens: to the agent, to the operator, and to signals.

#include "acp_session.hpp"

#include <algorithm>

namespace loong::acp {
namespace {

/// How long one that has closed its output has to die, so that it can be told how it died.
constexpr Milliseconds death_patience{1'000};

} // namespace

// ---- signals ------------------------------------------------------------------------------------

void AcpSession::look_at_signals() {
    const SessionSignals now = context_.take_signals();
    signals_.cancel |= now.cancel;
    signals_.force |= now.force;
    signals_.timeout |= now.timeout;
    signals_.detach |= now.detach;
    signals_.answer |= now.answer;
}

bool AcpSession::is_told() const {
    return signals_.cancel || signals_.force || signals_.timeout || signals_.detach;
}

Outcome AcpSession::told_outcome() const {
    Outcome outcome;
    outcome.kind = OutcomeKind::cancelled;
    outcome.message = "cancelled";
    if (signals_.cancel || signals_.force) return outcome;
    if (signals_.timeout) {
        outcome.kind = OutcomeKind::timed_out;
        outcome.message = "timed out";
    } else if (handle_.prompted && handle_.can_be_taken_up()) {
        outcome.kind = OutcomeKind::detached;
        outcome.message.clear();
    }
    return outcome;
}

// ---- the loop -----------------------------------------------------------------------------------

Result<AcpSession::Came> AcpSession::await(std::int64_t id, Clock::time_point until, Reply& reply) {
    while (true) {
        look_at_signals();
        if (signals_.answer) {
            signals_.answer = false;
            if (Result<void> done = look_at_answers(); !done) return std::move(done).error();
        }
        // What is being ended already only wants to hear that there is no more time.
        if (ending_ ? signals_.force && !force_seen_ : is_told()) {
            force_seen_ = signals_.force;
            return Came::told;
        }
        while (std::optional<Message> message = peer_->take()) {
            Result<bool> answered = handle_one(*std::move(message), id, reply);
            if (!answered) return std::move(answered).error();
            if (*answered) return Came::answer;
        }
        if (trouble_) return *trouble_;
        if (peer_->is_silent()) {
            Result<void> waited = wait_for_end();
            if (!waited) return std::move(waited).error();
            return Came::silence;
        }
        if (Clock::now() >= until) return Came::late;
        auto due = narrator_.tell_progress();
        if (!due) return std::move(due).error();
        Result<void> waited =
            peer_->wait(context_.signal_descriptor(), std::min(until, due->value_or(until)));
        if (!waited) return std::move(waited).error();
    }
}

Result<void> AcpSession::wait_for_end() {
    const Clock::time_point until = Clock::now() + death_patience;
    while (!peer_->end() && !signals_.force && Clock::now() < until) {
        if (Result<void> waited = peer_->wait(context_.signal_descriptor(), until); !waited) {
            return waited;
        }
        look_at_signals();
    }
    return {};
}

AcpSession::Ended AcpSession::call(std::string_view method, json::value params, Milliseconds limit,
                                   Reply& reply) {
    const std::int64_t id = peer_->request(method, std::move(params));
    Result<Came> came = await(id, Clock::now() + limit, reply);
    if (!came) return std::move(came).error();
    const std::string what = who() + ": " + std::string(method) + ": ";
    switch (*came) {
    case Came::answer: return std::optional<Outcome>();
    case Came::told: return std::optional(told_outcome());
    case Came::silence: return std::optional(failed(what + how_it_ended()));
    case Came::late: break;
    }
    return std::optional(
        failed(what + "no answer within " + std::to_string(limit.count() / 1000) + " s"));
}

Result<bool> AcpSession::handle_one(Message message, std::int64_t awaited, Reply& reply) {
    if (message.kind == Message::Kind::response) {
        const json::value& id = message.id;
        const bool is_awaited = (id.is_int64() && id.get_int64() == awaited) ||
                                (id.is_string() && id.get_string() == std::to_string(awaited));
        if (!is_awaited) {
            context_.log("agent: an answer that nobody waits for");
            return false;
        }
        reply = {std::move(message.result), std::move(message.error)};
        return true;
    }
    Result<void> done = message.kind == Message::Kind::notification ? handle_notification(message)
                                                                    : handle_request(message);
    if (!done) return std::move(done).error();
    return false;
}

Result<void> AcpSession::handle_notification(const Message& message) {
    if (message.method == "$/cancel_request") {
        const json::value* id = find(message.params, "requestId");
        return id == nullptr ? Result<void>() : withdraw(*id);
    }
    if (message.method != "session/update" || replaying_) return {};
    const std::string session = text_of(message.params, "sessionId");
    // A session of a sub-agent's, say, or one that we never heard of.
    if (!session.empty() && session != handle_.session_id) return {};
    const json::value* update = find(message.params, "update");
    return update == nullptr ? Result<void>() : narrator_.take(*update);
}

Result<void> AcpSession::handle_request(const Message& message) {
    const bool is_permission = message.method == "session/request_permission";
    const bool is_question =
        message.method == "elicitation/create" && text_of(message.params, "mode") != "url";
    if (!is_permission && !is_question) {
        peer_->refuse(message.id, rpc_code::method_not_found,
                      "method not found: " + message.method);
        return {};
    }
    if (ending_) {
        peer_->reply(message.id, cancelled_answer(is_question));
        return {};
    }
    return is_permission ? open_permission(message) : open_question(message, {});
}

} // namespace loong::acp
