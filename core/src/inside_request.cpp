#include "inside_request.hpp"

#include "text.hpp"

namespace loong {
namespace {

constexpr std::size_t longest_key = 64;

/// The session at which the current attempt began.
const std::string& first_of_attempt(const TaskState& state) {
    std::size_t at = state.sessions.size() - 1;
    while (at > 0 && state.sessions[at].reason == "resumed") --at;
    return state.sessions[at].session_id;
}

} // namespace

RequestStatus status_of(const RequestFacts& facts) {
    RequestStatus status;
    status.request_id = facts.request_id;
    status.state = facts.state;
    status.option_id = facts.option_id;
    status.text = facts.text;
    status.always = facts.always;
    return status;
}

Result<NewRequest> inside_request(const TaskState& state, const AskRequest& ask,
                                  std::string_view unique) {
    if (ask.key.size() > longest_key || !is_utf8(ask.key)) {
        return Error{ErrorCode::invalid_argument,
                     "key '" + escape_controls(shorten(ask.key, longest_key)) +
                         "': longer than 64 bytes, or no UTF-8",
                     "a short name will do"};
    }
    NewRequest request;
    request.kind = ask.kind;
    request.question = ask.question;
    request.detail = ask.detail;
    request.expires_after = ask.expires_after;
    if (ask.key.empty() || state.sessions.empty()) {
        request.key = "ask " + std::string(unique);
    } else {
        request.key = "ask " + ask.key + "/" + first_of_attempt(state);
    }
    return request;
}

} // namespace loong
