#include "request_names.hpp"

#include "event_data.hpp"
#include "event_group.hpp"
#include "text.hpp"

#include <functional>
#include <vector>

namespace loong {
namespace {

using Found = std::vector<const RequestFacts*>;

Found those(const TaskState& state, const std::function<bool(const RequestFacts&)>& wanted) {
    Found found;
    for (const RequestFacts& request : state.requests) {
        if (wanted(request)) found.push_back(&request);
    }
    return found;
}

Error ambiguous(const TaskState& state, const Found& found, const std::string& which) {
    constexpr std::size_t shown_question = 60;
    constexpr std::size_t most_shown = 5;
    std::string names;
    for (std::size_t at = 0; at < found.size() && at < most_shown; ++at) {
        names += (names.empty() ? "" : ", ") + found[at]->request_id + " \"" +
                 escape_controls(shorten(found[at]->question, shown_question)) + "\"";
    }
    if (found.size() > most_shown) names += ", …";
    return {ErrorCode::ambiguous_id,
            "task " + state.summary.task_id + ": " + std::to_string(found.size()) + " " + which +
                ": " + names,
            "say which: " + state.summary.task_id + "/" + found.front()->request_id +
                ", or --request " + found.front()->request_id};
}

} // namespace

std::string how_resolved(const RequestFacts& request) {
    switch (request.state) {
    case RequestState::open: return "it is open";
    case RequestState::allowed: return "it was allowed already";
    case RequestState::denied: return "it was denied already";
    case RequestState::answered: return "it was answered already";
    case RequestState::expired: return "it has expired";
    case RequestState::withdrawn: return "it was withdrawn";
    }
    return "it is not open";
}

Error no_such_request(const TaskState& state, const std::string& request_id) {
    return {ErrorCode::request_not_found,
            "request " + escape_controls(kept_text(request_id, limit::key)) + ": task " +
                state.summary.task_id + " has no such request",
            hint_command(state, "status") + " lists its requests"};
}

Result<RequestName> read_request_name(const std::string& text, const std::string& request_id) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return RequestName{text, request_id};
    RequestName name{text.substr(0, slash), text.substr(slash + 1)};
    if (name.request_id.empty() || (!request_id.empty() && request_id != name.request_id)) {
        return Error{ErrorCode::invalid_argument,
                     "request " + escape_controls(shorten(text, 80)) +
                         (request_id.empty() ? ": no request is named behind the '/'"
                                             : ": another one is named besides, '" +
                                                   escape_controls(shorten(request_id, 80)) + "'"),
                     "name it once: TASK/R, or TASK --request R"};
    }
    return name;
}

Result<std::string> only_open(const TaskState& state, RequestKind kind) {
    const bool is_approval = kind == RequestKind::approval;
    const Found open = those(state, [&](const RequestFacts& request) {
        return request.kind == kind && request.state == RequestState::open;
    });
    if (open.size() == 1) return open.front()->request_id;
    if (open.size() > 1) {
        return ambiguous(state, open, is_approval ? "approvals are open" : "inputs are open");
    }
    const Found resolved =
        those(state, [&](const RequestFacts& request) { return request.kind == kind; });
    if (resolved.empty()) {
        return refuse(state, ErrorCode::request_not_found,
                      is_approval ? "it asks for no approval" : "it asks no question",
                      hint_command(state, "status") + " tells how it stands");
    }
    const RequestFacts& last = *resolved.back();
    return Error{ErrorCode::request_already_resolved,
                 "request " + last.request_id + ": " + how_resolved(last) + ", and no other " +
                     (is_approval ? "approval" : "input") + " is open",
                 hint_command(state, "status") + " tells how the task stands"};
}

Result<const RequestFacts*> find_named(const TaskState& state, const std::string& request_id) {
    if (!request_id.empty()) {
        const RequestFacts* request = find_request(state, request_id);
        if (request == nullptr) return no_such_request(state, request_id);
        return request;
    }
    const Found open = those(
        state, [](const RequestFacts& request) { return request.state == RequestState::open; });
    if (open.size() == 1) return open.front();
    if (open.size() > 1) return ambiguous(state, open, "requests are open");
    const Found all = those(state, [](const RequestFacts&) { return true; });
    if (all.size() == 1) return all.front();
    if (all.size() > 1) return ambiguous(state, all, "requests are resolved, and none is open");
    return refuse(state, ErrorCode::request_not_found, "it has asked nothing",
                  hint_command(state, "status") + " tells how it stands");
}

} // namespace loong
