/// Commands about requests: what a session asks of the operator, and the answers.

#include "event_data.hpp"
#include "event_group.hpp"
#include "request_names.hpp"
#include "text.hpp"
#include "words.hpp"

#include <algorithm>

namespace loong {
namespace {

Error refuse_request(const std::string& request_id, ErrorCode code, const std::string& why,
                     std::string hint = {}) {
    return {code, "request " + request_id + ": " + why, std::move(hint)};
}

/// Null where the request keeps the limits of NewRequest.
std::optional<std::string> broken_limit(const NewRequest& request) {
    const auto longer = [](const std::string& text, std::size_t limit, const char* name) {
        return text.size() <= limit ? std::nullopt
                                    : std::optional(std::string(name) + " is longer than " +
                                                    std::to_string(limit) + " bytes");
    };
    if (request.key.empty()) return "a request without a key is opened";
    if (!is_utf8(request.key)) return "a request's key is no UTF-8";
    if (auto why = longer(request.key, limit::key, "a request's key")) return why;
    if (auto why = longer(request.tool, limit::key, "a request's tool")) return why;
    if (auto why = longer(request.rule, limit::line, "a request's rule")) return why;
    if (request.question.empty()) return "a request without a question is opened";
    if (auto why = longer(request.question, limit::question, "a request's question")) {
        return why;
    }
    if (auto why = longer(request.detail, limit::long_text, "a request's detail")) return why;
    if (request.kind == RequestKind::input && !request.options.empty()) {
        return "an input has options, and only approvals may";
    }
    if (request.kind == RequestKind::input && !request.rule.empty()) {
        return "an input has a rule, and only approvals may";
    }
    if (!is_utf8(request.rule)) return "a request's rule is no UTF-8";
    if (request.options.size() > limit::options) {
        return "a request has more than " + std::to_string(limit::options) + " options";
    }
    return std::nullopt;
}

std::optional<std::string> broken_option(const NewRequest& request) {
    for (auto option = request.options.begin(); option != request.options.end(); ++option) {
        if (option->id.empty() || option->id.size() > limit::key || !is_utf8(option->id)) {
            return "an option's id is empty, too long, or no UTF-8";
        }
        const auto same = [&](const RequestOption& other) { return other.id == option->id; };
        if (std::any_of(std::next(option), request.options.end(), same)) {
            return "two options of a request have the id '" + option->id + "'";
        }
    }
    return std::nullopt;
}

std::vector<RequestOption> options_or_default(const std::vector<RequestOption>& options) {
    if (!options.empty()) return options;
    return {{"allow", "Allow once", RequestOption::Kind::allow_once},
            {"deny", "Deny once", RequestOption::Kind::deny_once}};
}

Value option_values(const std::vector<RequestOption>& options) {
    Value::Array values;
    for (const RequestOption& option : options) {
        Value value;
        value.set("id", option.id);
        value.set("label", kept_text(option.label, limit::line));
        value.set("kind", to_string(option.kind));
        values.push_back(std::move(value));
    }
    return values;
}

bool is_always(RequestOption::Kind kind) {
    return kind == RequestOption::Kind::allow_always || kind == RequestOption::Kind::deny_always;
}

bool is_allowing(RequestOption::Kind kind) {
    return kind == RequestOption::Kind::allow_once || kind == RequestOption::Kind::allow_always;
}

/// Why this answer is none for this request; null where it is one.
std::optional<Error> check_answer(const TaskState& state, const RequestFacts& request,
                                  const command::ResolveRequest& answer) {
    const std::string& id = request.request_id;
    const std::string which = state.summary.task_id + " --request " + id + "`";
    const auto invalid = [&](const std::string& why, std::string hint) {
        return refuse_request(id, ErrorCode::invalid_argument, why, std::move(hint));
    };
    if (answer.state == RequestState::expired) {
        if (request.expires_at) return std::nullopt;
        return invalid("it has no end and cannot expire", {});
    }
    if (answer.state == RequestState::open || answer.state == RequestState::withdrawn) {
        return invalid("'" + std::string(to_string(answer.state)) + "' is no answer", {});
    }
    const bool is_text = answer.state == RequestState::answered;
    if (request.kind == RequestKind::approval && is_text) {
        return invalid("it asks for an approval and takes no text",
                       "`loong tasks approve " + which + " or `loong tasks deny " + which);
    }
    if (request.kind == RequestKind::input && !is_text) {
        return invalid("it asks a question that is answered with a text",
                       "`loong tasks answer " + state.summary.task_id + " ANSWER --request " + id +
                           "`");
    }
    const bool allows = answer.state == RequestState::allowed;
    const bool may_be_for_good =
        !request.rule.empty() ||
        std::any_of(request.options.begin(), request.options.end(), [&](const auto& option) {
            return is_always(option.kind) && is_allowing(option.kind) == allows;
        });
    if (answer.always && !may_be_for_good) {
        return invalid("no rule asks it, so it cannot be answered for good", "leave --always out");
    }
    const std::size_t longest = is_text ? limit::long_text : limit::message;
    if (answer.text.size() > longest) {
        return invalid("the answer is longer than " + std::to_string(longest) + " bytes",
                       "shorten it, or put it in a file and answer with its name");
    }
    return std::nullopt;
}

/// The option that an allowing or denying answer stands for; empty where the request has none.
Result<std::string> chosen_option(const RequestFacts& request,
                                  const command::ResolveRequest& answer) {
    const bool allows = answer.state == RequestState::allowed;
    if (!answer.option_id.empty()) {
        const auto named = [&](const RequestOption& one) { return one.id == answer.option_id; };
        const auto option = std::find_if(request.options.begin(), request.options.end(), named);
        if (option != request.options.end() && is_allowing(option->kind) == allows) {
            return option->id;
        }
        std::vector<std::string> ids;
        for (const RequestOption& one : request.options) {
            if (is_allowing(one.kind) == allows) ids.push_back(one.id);
        }
        return refuse_request(request.request_id, ErrorCode::invalid_argument,
                              "'" + kept_text(answer.option_id, limit::key) + "' is no option to " +
                                  (allows ? "allow" : "deny") + " it",
                              ids.empty() ? std::string() : suggest(answer.option_id, ids));
    }
    const RequestOption* other = nullptr;
    for (const RequestOption& option : request.options) {
        if (is_allowing(option.kind) != allows) continue;
        if (is_always(option.kind) == answer.always) return option.id;
        if (other == nullptr) other = &option;
    }
    if (other != nullptr && is_always(other->kind)) {
        return refuse_request(request.request_id, ErrorCode::invalid_argument,
                              "it can only be answered for good", "add --always if that is meant");
    }
    return other == nullptr ? std::string() : other->id;
}

/// An approval's own answer, as the event that records it.
Result<Value> resolution(const RequestFacts& request, const command::ResolveRequest& answer) {
    Value data;
    data.set("request_id", request.request_id);
    if (answer.state == RequestState::expired) {
        data.set("decision", "expired");
        data.set("always", false);
        return data;
    }
    const Result<std::string> option = chosen_option(request, answer);
    if (!option) return option.error();
    data.set("decision", answer.state == RequestState::allowed ? "allow" : "deny");
    if (!option->empty()) data.set("option_id", *option);
    data.set("always", answer.always);
    if (!answer.text.empty()) data.set("note", kept_text(answer.text, limit::message));
    return data;
}

/// The `always` answer that holds for this rule: the newest. Null where there is none.
const RequestFacts* standing_answer(const TaskState& state, const std::string& rule) {
    const RequestFacts* standing = nullptr;
    for (const RequestFacts& request : state.requests) {
        // An answer that was given because of another one is no answer of its own.
        if (rule.empty() || request.rule != rule || !request.always) continue;
        if (!request.because_of.empty()) continue;
        const bool is_newer = standing == nullptr || request.resolved_at.value_or(Time{}) >=
                                                         standing->resolved_at.value_or(Time{});
        if (is_newer) standing = &request;
    }
    return standing;
}

/// What `given` (an answer with `always`, to a request with the same rule) means for `request`.
/// Null where the request has no option that means it: such a one has to be asked.
std::optional<Value> resolution_by_rule(const RequestFacts& request, const RequestFacts& given) {
    command::ResolveRequest answer;
    answer.request_id = request.request_id;
    answer.state = given.state;
    answer.always = true;
    Result<Value> data = resolution(request, answer);
    if (!data || data->find("option_id") == nullptr) return std::nullopt;
    data->set("because_of", given.request_id);
    return *std::move(data);
}

Decision resolve_approval(const TaskState& state, const RequestFacts& request,
                          const command::ResolveRequest& answer, const DecisionInput& input) {
    Result<Value> data = resolution(request, answer);
    if (!data) return std::move(data).error();
    EventGroup group(state, input);
    group.add(EventKind::approval_resolved, request.session_id, *std::move(data));
    if (!answer.always || request.rule.empty()) return group.take();
    RequestFacts given = request;
    given.state = answer.state;
    for (const RequestFacts& other : state.requests) {
        const bool is_meant = other.state == RequestState::open && other.rule == request.rule &&
                              other.request_id != request.request_id;
        if (!is_meant) continue;
        if (std::optional<Value> same = resolution_by_rule(other, given)) {
            group.add(EventKind::approval_resolved, other.session_id, *std::move(same));
        }
    }
    return group.take();
}

Decision resolve_input(const TaskState& state, const RequestFacts& request,
                       const command::ResolveRequest& answer, const DecisionInput& input) {
    Value data;
    data.set("request_id", request.request_id);
    EventGroup group(state, input);
    if (answer.state == RequestState::expired) {
        data.set("reason", "expired");
        group.add(EventKind::request_withdrawn, request.session_id, std::move(data));
    } else {
        data.set("text", kept_text(answer.text, limit::long_text));
        group.add(EventKind::input_answered, request.session_id, std::move(data));
    }
    return group.take();
}

} // namespace

Decision decide_one(const TaskState& state, const command::OpenRequest& open,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, open.session_id)) return *error;
    if (find_request_by_key(state, open.request.key) != nullptr) return std::vector<Event>{};
    if (state.summary.cancel_requested_at) {
        return refuse(state, ErrorCode::conflict,
                      "its cancel was requested, and nothing more is asked");
    }
    const NewRequest& request = open.request;
    for (const auto& why : {broken_limit(request), broken_option(request)}) {
        if (why) return refuse(state, ErrorCode::invalid_argument, *why);
    }
    const bool is_approval = request.kind == RequestKind::approval;
    const std::string request_id = "r" + std::to_string(state.requests.size() + 1);
    Value data;
    data.set("request_id", request_id);
    data.set("key", request.key);
    if (is_approval && !request.tool.empty()) data.set("tool", kept_text(request.tool, limit::key));
    if (!request.rule.empty()) data.set("rule", request.rule);
    data.set("question", kept_text(request.question, limit::question));
    if (!request.detail.empty()) {
        data.set("detail", kept_text(request.detail, limit::long_text));
    }
    if (is_approval) data.set("options", option_values(options_or_default(request.options)));
    if (request.expires_after) {
        constexpr Seconds longest = std::chrono::years(100);
        const Seconds after = std::clamp(*request.expires_after, Seconds(0), longest);
        data.set("expires_at", format_time(add_saturating(input.now, after)));
    }
    EventGroup group(state, input);
    group.add(is_approval ? EventKind::approval_requested : EventKind::input_requested,
              open.session_id, std::move(data));
    if (const RequestFacts* standing = standing_answer(state, request.rule)) {
        RequestFacts opened;
        opened.request_id = request_id;
        opened.options = options_or_default(request.options);
        if (std::optional<Value> same = resolution_by_rule(opened, *standing)) {
            group.add(EventKind::approval_resolved, open.session_id, *std::move(same));
        }
    }
    return group.take();
}

Decision decide_one(const TaskState& state, const command::ResolveRequest& answer,
                    const DecisionInput& input) {
    const RequestFacts* request = find_request(state, answer.request_id);
    if (request == nullptr) return no_such_request(state, answer.request_id);
    const bool is_open = request->state == RequestState::open;
    // Over is over, even where its carrier has not recorded that yet.
    const bool is_over = request->expires_at && *request->expires_at <= input.now &&
                         answer.state != RequestState::expired;
    if (!is_open || is_over) {
        return refuse_request(request->request_id, ErrorCode::request_already_resolved,
                              is_open ? "it has expired" : how_resolved(*request),
                              hint_command(state, "status") + " tells how the task stands");
    }
    if (const auto error = check_answer(state, *request, answer)) return *error;
    return request->kind == RequestKind::approval ? resolve_approval(state, *request, answer, input)
                                                  : resolve_input(state, *request, answer, input);
}

Decision decide_one(const TaskState& state, const command::WithdrawRequest& withdraw,
                    const DecisionInput& input) {
    const RequestFacts* request = find_request(state, withdraw.request_id);
    if (request == nullptr) return no_such_request(state, withdraw.request_id);
    EventGroup group(state, input);
    if (request->state != RequestState::open) return group.take();
    Value data;
    data.set("request_id", request->request_id);
    const std::string reason = kept_text(withdraw.reason, limit::message);
    // `expired` has a meaning of its own.
    data.set("reason", reason == "expired" ? "withdrawn" : reason);
    group.add(EventKind::request_withdrawn, request->session_id, std::move(data));
    return group.take();
}

} // namespace loong
