// The part of AcpSession that puts to the operator what the agent asks, and gives it the answers.

#include "acp_session.hpp"
#include <loong/tool_policy.hpp>

#include <algorithm>

namespace loong::acp {

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

} // namespace loong::acp
