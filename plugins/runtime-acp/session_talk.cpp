// The part of AcpSession that listens: to the agent, to the operator, and to signals.

#include "acp_session.hpp"
#include <loong/tool_policy.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>

namespace loong::acp {
namespace {

/// How long an agent has to go by itself after its input was closed, and after KILL.
constexpr Milliseconds eof_patience{2'000};
/// How long one that has closed its output has to die, so that it can be told how it died.
constexpr Milliseconds death_patience{1'000};
constexpr Milliseconds close_patience{1'000};
constexpr Milliseconds kill_patience{6'000};

Outcome failed(std::string message) {
    Outcome outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = std::move(message);
    return outcome;
}

json::object cancelled_answer(bool is_question) {
    return is_question ? json::object{{"action", "cancel"}} : cancelled_outcome();
}

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

// ---- what is asked ------------------------------------------------------------------------------

Result<void> AcpSession::open_permission(const Message& message) {
    const json::value* described = find(message.params, "toolCall");
    // It may be the first that is heard of this call, and the only time that its title is said.
    const std::string id = described == nullptr ? "" : text_of(*described, "toolCallId");
    ToolCall unnamed;
    ToolCall& call = id.empty() ? unnamed : narrator_.call(id);
    if (described != nullptr) overlay(call, *described);
    std::vector<AgentOption> options = read_options(message.params);
    if (options.empty()) {
        context_.log("agent: a permission without an option that could be chosen");
        peer_->reply(message.id, cancelled_outcome());
        return {};
    }
    const Ruling ruling = rule_about(context_.spec().tool_policy.rules, call, directory_);
    NewRequest request = request_for(call, ruling, options);
    Waiting waiting;
    waiting.id = message.id;
    waiting.options = std::move(options);
    waiting.tool = ruling.tool;
    waiting.rule = ruling.rule;
    const bool by_rule = ruling.what != Ruling::What::ask;
    if (by_rule) {
        RequestStatus answer;
        const bool allowed = ruling.what == Ruling::What::allow;
        answer.state = allowed ? RequestState::allowed : RequestState::denied;
        const json::object outcome = outcome_for(answer, waiting.options);
        // Allowed only for good: that is for the operator to say.
        const bool can_say = outcome != cancelled_outcome();
        if (can_say || !allowed) {
            context_.log("policy: " + ruling.rule + ": " + one_line(request.question, 200));
            peer_->reply(message.id, outcome);
            if (allowed) return {};
            return context_.report_denied(ruling.tool, request.question, ruling.rule);
        }
    }
    return put(std::move(waiting), std::move(request), fingerprint_of(call));
}

Result<void> AcpSession::open_question(const Message& message, const std::string& complaint) {
    NewRequest request = question_for(message.params);
    const std::string fingerprint = "q " + request.question + complaint;
    if (!complaint.empty()) {
        request.question =
            cut(request.question, 3'000) + " (the answer has to be " + cut(complaint, 1'000) + ")";
    }
    Waiting waiting;
    waiting.id = message.id;
    waiting.is_question = true;
    waiting.params = message.params;
    return put(std::move(waiting), std::move(request), cut(fingerprint, 200));
}

Result<void> AcpSession::put(Waiting waiting, NewRequest request, const std::string& fingerprint) {
    // What an earlier process asked and nobody answered is the same request still.
    const auto is_asked = [&](const std::string& key) {
        return std::any_of(waiting_.begin(), waiting_.end(),
                           [&](const Waiting& one) { return one.key == key; });
    };
    const auto same =
        std::find_if(handle_.pending.begin(), handle_.pending.end(), [&](const auto& one) {
            return one.fingerprint == fingerprint && !is_asked(one.key);
        });
    if (same != handle_.pending.end()) {
        waiting.key = same->key;
    } else {
        waiting.key = (waiting.is_question ? "question " : "permission ") +
                      std::to_string(++handle_.asked) + "/" + context_.spec().task_session_id;
        handle_.pending.push_back({waiting.key, fingerprint});
    }
    if (Result<void> saved = save_handle(); !saved) return saved;
    request.key = waiting.key;
    Result<RequestStatus> status = context_.open_request(request);
    if (!status && status.error().code == ErrorCode::conflict) {
        // Cancelled in this very moment, or not ours any more: either way the signal is on its way.
        std::erase_if(handle_.pending, [&](const auto& one) { return one.key == waiting.key; });
        peer_->reply(waiting.id, cancelled_answer(waiting.is_question));
        return {};
    }
    if (!status) return std::move(status).error();
    waiting.request_id = status->request_id;
    if (waiting_.empty()) paused_at_ = Clock::now();
    waiting_.push_back(std::move(waiting));
    if (status->state == RequestState::open) return {};
    return look_at_answers();
}

Result<void> AcpSession::look_at_answers() {
    std::vector<Waiting> asked;
    asked.swap(waiting_);
    std::vector<Waiting> open;
    for (Waiting& one : asked) {
        Result<RequestStatus> status = context_.request_status(one.request_id);
        if (!status) return std::move(status).error();
        if (status->state == RequestState::open) {
            open.push_back(std::move(one));
            continue;
        }
        Result<bool> delivered = deliver(one, *status);
        if (!delivered) return std::move(delivered).error();
    }
    // An answer that did not fit has been asked for anew.
    for (Waiting& one : waiting_) open.push_back(std::move(one));
    waiting_ = std::move(open);
    if (waiting_.empty() && paused_at_) {
        const Clock::time_point now = Clock::now();
        if (turn_until_) *turn_until_ += now - *paused_at_;
        quiet_since_ = now;
        paused_at_.reset();
    }
    return {};
}

Result<bool> AcpSession::deliver(const Waiting& waiting, const RequestStatus& status) {
    // Forgotten before it is told: an answer is used once, and who takes over rather asks again.
    std::erase_if(handle_.pending, [&](const auto& one) { return one.key == waiting.key; });
    if (Result<void> saved = save_handle(); !saved) return std::move(saved).error();
    if (!waiting.is_question) {
        peer_->reply(waiting.id, outcome_for(status, waiting.options));
        if (status.state != RequestState::denied || waiting.tool.empty()) return true;
        Result<void> told =
            context_.report_denied(waiting.tool, "denied by the operator", waiting.rule);
        return told ? Result<bool>(true) : Result<bool>(std::move(told).error());
    }
    if (status.state != RequestState::answered) {
        peer_->reply(waiting.id, cancelled_answer(true));
        return true;
    }
    std::string why;
    std::optional<json::object> content = content_for(waiting.params, status.text, why);
    if (content) {
        peer_->reply(waiting.id,
                     json::object{{"action", "accept"}, {"content", *std::move(content)}});
        return true;
    }
    Message again;
    again.id = waiting.id;
    again.params = waiting.params;
    Result<void> asked = open_question(again, why);
    return asked ? Result<bool>(false) : Result<bool>(std::move(asked).error());
}

Result<void> AcpSession::withdraw(const json::value& id) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& one) { return one.id == id; });
    if (found == waiting_.end()) return {};
    const Waiting waiting = std::move(*found);
    waiting_.erase(found);
    std::erase_if(handle_.pending, [&](const auto& one) { return one.key == waiting.key; });
    peer_->reply(waiting.id, cancelled_answer(waiting.is_question));
    Result<void> done =
        context_.withdraw_request(waiting.request_id, "the agent withdrew its question");
    if (!done) return done;
    if (waiting_.empty()) quiet_since_ = Clock::now();
    return save_handle();
}

Result<void> AcpSession::withdraw_all(const std::string& reason) {
    std::vector<Waiting> asked;
    asked.swap(waiting_);
    for (const Waiting& one : asked) {
        peer_->reply(one.id, cancelled_answer(one.is_question));
        Result<void> done = context_.withdraw_request(one.request_id, reason);
        // Where somebody else has ended the session, that one has withdrawn them.
        if (!done && done.error().code != ErrorCode::conflict) return done;
    }
    handle_.pending.clear();
    return {};
}

// ---- the end of the process ---------------------------------------------------------------------

Result<void> AcpSession::end_leftovers() {
    const KeptEnd& end = *peer_->end();
    const bool keeper_lost = !end.exit_code && !end.signal && end.not_started.empty();
    if (!keeper_lost) return {};
    // Nobody keeps what it had kept.
    const LostSession lost{context_.spec(), context_.directory(), {}};
    Result<bool> gone = end_kept(context_.keeper_path(), lost, EndHow::forced);
    if (!gone) return std::move(gone).error();
    if (*gone) return {};
    return Error{ErrorCode::worker_unavailable, who() + ": its processes could not be ended", {}};
}

Result<void> AcpSession::end_process(bool politely) {
    if (!peer_) return {};
    if (peer_->end()) return end_leftovers();
    ending_ = true;
    const json::value* of_sessions = find(abilities_, "sessionCapabilities");
    const bool closes = of_sessions != nullptr && has_ability(*of_sessions, "close");
    Reply reply;
    if (politely && closes && !handle_.session_id.empty() && !peer_->is_silent()) {
        const std::int64_t id =
            peer_->request("session/close", json::object{{"sessionId", handle_.session_id}});
        Result<Came> came = await(id, Clock::now() + close_patience, reply);
        if (!came) return std::move(came).error();
    }
    peer_->close_input();
    enum class Stage : std::uint8_t { input_closed, asked, forced } stage = Stage::input_closed;
    Clock::time_point until = Clock::now() + (politely ? eof_patience : Milliseconds(0));
    while (!peer_->end()) {
        look_at_signals();
        if (stage != Stage::forced &&
            (signals_.force || (Clock::now() >= until && stage == Stage::asked))) {
            peer_->force();
            stage = Stage::forced;
            until = Clock::now() + kill_patience;
        } else if (stage == Stage::input_closed && Clock::now() >= until) {
            peer_->ask();
            stage = Stage::asked;
            until = Clock::now() +
                    std::min<Milliseconds>(kill_patience / 2, std::chrono::ceil<Milliseconds>(
                                                                  context_.spec().limits.grace));
        } else if (stage == Stage::forced && Clock::now() >= until) {
            return Error{
                ErrorCode::worker_unavailable, who() + ": its processes could not be ended", {}};
        }
        Result<void> waited = peer_->wait(context_.signal_descriptor(), until);
        if (!waited) return std::move(waited).error();
        // It may talk to the end; what it asks for is not given any more.
        while (std::optional<Message> message = peer_->take()) {
            Result<bool> handled = handle_one(*std::move(message), -1, reply);
            if (!handled) return std::move(handled).error();
        }
    }
    return end_leftovers();
}

std::string AcpSession::how_it_ended() const {
    const std::optional<KeptEnd>& end = peer_->end();
    if (!end) return "it closed its output";
    if (!end->not_started.empty()) {
        return "it could not be started (" + end->not_started +
               "): " + std::strerror(end->error_number);
    }
    if (end->exit_code) return "it ended with exit code " + std::to_string(*end->exit_code);
    if (end->signal) {
        const char* name = ::sigabbrev_np(*end->signal);
        return "it was ended by signal " +
               (name == nullptr ? std::to_string(*end->signal) : "SIG" + std::string(name));
    }
    return "it was ended, and how is not known";
}

} // namespace loong::acp
