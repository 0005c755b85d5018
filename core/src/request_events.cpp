#include "request_events.hpp"

#include "event_data.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>
#include <utility>

namespace loong {
namespace {

std::vector<RequestOption> options_of(const Value& data) {
    std::vector<RequestOption> options;
    const Value* member = data.find("options");
    const Value::Array* items = member == nullptr ? nullptr : member->as_array();
    if (items == nullptr) return options;
    for (const Value& item : *items) {
        const auto kind =
            enumeration_of(item.string_or("kind", ""), RequestOption::Kind::deny_always);
        // A kind that this version does not know must not become a permission.
        options.push_back({item.string_or("id", ""), item.string_or("label", ""),
                           kind.value_or(RequestOption::Kind::deny_once)});
    }
    return options;
}

void open(TaskState& state, const Event& event, RequestKind kind) {
    const SessionFacts* session = current_session(state);
    std::string request_id = event.data.string_or("request_id", "");
    if (session == nullptr || session->session_id != event.session_id) return;
    if (session->state != SessionState::running || request_id.empty()) return;
    if (find_request(state, request_id) != nullptr) return;
    RequestFacts request;
    request.request_id = std::move(request_id);
    request.key = event.data.string_or("key", "");
    request.kind = kind;
    request.session_id = event.session_id;
    request.tool = event.data.string_or("tool", "");
    request.rule = event.data.string_or("rule", "");
    request.question = event.data.string_or("question", "");
    request.detail = event.data.string_or("detail", "");
    request.options = options_of(event.data);
    request.expires_at = optional_time(event.data, "expires_at");
    request.since = event.at;
    request.since_clock = clock_time(event);
    state.requests.push_back(std::move(request));
}

RequestFacts* open_request(TaskState& state, const Event& event) {
    const std::string request_id = event.data.string_or("request_id", "");
    for (RequestFacts& request : state.requests) {
        if (request.request_id == request_id && request.state == RequestState::open) {
            return &request;
        }
    }
    return nullptr;
}

void resolve(TaskState& state, const Event& event) {
    RequestFacts* request = open_request(state, event);
    if (request == nullptr || request->kind != RequestKind::approval) return;
    const std::string decision = event.data.string_or("decision", "");
    // What is not plainly allowed is denied, also a decision that this version does not know.
    request->state = decision == "allow"     ? RequestState::allowed
                     : decision == "expired" ? RequestState::expired
                                             : RequestState::denied;
    request->option_id = event.data.string_or("option_id", "");
    request->always = event.data.bool_or("always", false);
    request->text = event.data.string_or("note", "");
    request->because_of = event.data.string_or("because_of", "");
    request->resolved_at = event.at;
    if (request->state != RequestState::expired) request->resolved_by = event.actor_session_id;
}

void answer(TaskState& state, const Event& event) {
    RequestFacts* request = open_request(state, event);
    if (request == nullptr || request->kind != RequestKind::input) return;
    request->state = RequestState::answered;
    request->text = event.data.string_or("text", "");
    request->resolved_at = event.at;
    request->resolved_by = event.actor_session_id;
}

void withdraw(TaskState& state, const Event& event) {
    RequestFacts* request = open_request(state, event);
    if (request == nullptr) return;
    const bool is_expired = event.data.string_or("reason", "") == "expired";
    request->state = is_expired ? RequestState::expired : RequestState::withdrawn;
    request->resolved_at = event.at;
}

/// The oldest approval, else the oldest input: the one that decides the status.
const RequestFacts* deciding_request(const TaskState& state) {
    const RequestFacts* input = nullptr;
    for (const RequestFacts& request : state.requests) {
        if (request.state != RequestState::open) continue;
        if (request.kind == RequestKind::approval) return &request;
        if (input == nullptr) input = &request;
    }
    return input;
}

void count_open_requests(TaskState& state) {
    const auto open_of = [&](RequestKind kind) {
        return static_cast<int>(std::count_if(
            state.requests.begin(), state.requests.end(), [&](const RequestFacts& request) {
                return request.kind == kind && request.state == RequestState::open;
            }));
    };
    TaskSummary& summary = state.summary;
    summary.open_approvals = open_of(RequestKind::approval);
    summary.open_inputs = open_of(RequestKind::input);
    summary.requests = static_cast<int>(state.requests.size());
    summary.oldest_request.reset();
    if (const RequestFacts* request = deciding_request(state)) {
        constexpr std::size_t question_limit = 200;
        summary.oldest_request = OpenRequest{
            request->request_id, shorten(request->question, question_limit), request->tool,
            request->since_clock, request->kind == RequestKind::approval};
    }
}

void run_clock(TaskState& state, Time at) {
    const bool stopped =
        state.awaits_slot || state.summary.open_approvals + state.summary.open_inputs > 0;
    if (stopped && !state.paused_since) {
        state.paused_since = at;
    } else if (!stopped && state.paused_since) {
        state.paused += std::max(Microseconds(0), at - *state.paused_since);
        state.paused_since.reset();
    }
}

} // namespace

void fold_request_event(TaskState& state, const Event& event) {
    switch (event.kind) {
    case EventKind::approval_requested: open(state, event, RequestKind::approval); break;
    case EventKind::input_requested: open(state, event, RequestKind::input); break;
    case EventKind::approval_resolved: resolve(state, event); break;
    case EventKind::input_answered: answer(state, event); break;
    case EventKind::request_withdrawn: withdraw(state, event); break;
    default: return;
    }
    count_open_requests(state);
    run_clock(state, clock_time(event));
}

void set_slot_awaited(TaskState& state, const Event& event, bool awaited) {
    state.awaits_slot = awaited;
    run_clock(state, clock_time(event));
}

std::optional<Microseconds> timeout_left(const TaskState& state, Time now) {
    if (!state.timeout) return std::nullopt;
    const Time until = state.paused_since.value_or(now);
    return *state.timeout - (until - state.summary.state_since - state.paused);
}

void withdraw_requests(TaskState& state, const Event& event) {
    state.awaits_slot = false;
    for (RequestFacts& request : state.requests) {
        if (request.state != RequestState::open) continue;
        request.state = RequestState::withdrawn;
        request.resolved_at = event.at;
    }
    count_open_requests(state);
    run_clock(state, clock_time(event));
}

} // namespace loong
