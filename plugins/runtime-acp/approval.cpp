#include "approval.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace loong::acp {
namespace {

constexpr std::size_t longest_question = 4096;
constexpr std::size_t longest_detail = std::size_t{64} * 1024;
constexpr std::size_t longest_id = 128;
constexpr std::size_t most_options = 32;

using Kind = RequestOption::Kind;

std::optional<Kind> kind_of(std::string_view word) {
    if (word == "allow_once") return Kind::allow_once;
    if (word == "allow_always") return Kind::allow_always;
    if (word == "reject_once") return Kind::deny_once;
    if (word == "reject_always") return Kind::deny_always;
    return std::nullopt;
}

void add_lines(std::string& text, char mark, const std::string& lines) {
    for (std::size_t at = 0; at < lines.size();) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        text.append(1, mark).append(lines, at, end - at).append("\n");
        at = end + 1;
    }
}

std::string diff_of(const json::value& content) {
    std::string text = "--- " + text_of(content, "path") + "\n";
    add_lines(text, '-', text_of(content, "oldText"));
    add_lines(text, '+', text_of(content, "newText"));
    return text;
}

std::string detail_of(const ToolCall& call) {
    std::string text;
    const auto add = [&](std::string_view what, const std::string& value) {
        if (!value.empty()) text.append(what).append(": ").append(value).append("\n");
    };
    add("kind", call.kind);
    add("command", command_of(call));
    for (const std::string& location : call.locations) add("location", location);
    for (const json::value& one : call.content) {
        const std::string type = text_of(one, "type");
        if (type == "diff") text += diff_of(one);
        if (const json::value* block = find(one, "content"); type == "content" && block) {
            text += text_of(*block, "text") + "\n";
        }
    }
    if (!call.raw_input.is_null()) add("input", json::serialize(call.raw_input));
    while (text.ends_with('\n')) text.pop_back();
    return cut(text, longest_detail);
}

std::string value_text(const json::value& value) {
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

/// The value that a text means for one property of a form.
std::optional<json::value> value_for(const json::value& schema, const std::string& text,
                                     std::string& why) {
    const std::string type = text_of(schema, "type");
    if (type == "boolean") {
        if (text == "true" || text == "yes") return json::value(true);
        if (text == "false" || text == "no") return json::value(false);
        why = "yes or no";
        return std::nullopt;
    }
    if (type == "integer" || type == "number") {
        std::optional<json::value> number = parse_json(text, why);
        const bool fits = number && (type == "integer" ? number->is_int64() : number->is_number());
        if (fits) return number;
        why = "a number";
        return std::nullopt;
    }
    const json::array& allowed = items_of(schema, "enum");
    if (allowed.empty()) return json::value(json::string(text));
    for (const json::value& one : allowed) {
        if (value_text(one) == text) return one;
        why += (why.empty() ? "one of: " : ", ") + value_text(one);
    }
    return std::nullopt;
}

} // namespace

std::vector<AgentOption> read_options(const json::value& params) {
    std::vector<AgentOption> options;
    for (const json::value& one : items_of(params, "options")) {
        const std::optional<Kind> kind = kind_of(text_of(one, "kind"));
        if (!kind || options.size() >= most_options) continue;
        AgentOption option;
        option.id = text_of(one, "optionId");
        option.shown = {option.id, text_of(one, "name"), *kind};
        const auto same = [&](const AgentOption& other) {
            return other.shown.id == option.shown.id;
        };
        if (option.id.empty() || option.id.size() > longest_id ||
            std::any_of(options.begin(), options.end(), same)) {
            option.shown.id = "option-" + std::to_string(options.size() + 1);
        }
        options.push_back(std::move(option));
    }
    return options;
}

std::string fingerprint_of(const ToolCall& call) {
    std::string text = call.kind + '\0' + call.title + '\0' + json::serialize(call.raw_input);
    for (const std::string& location : call.locations) text += '\0' + location;
    text += json::serialize(call.content);
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    std::array<char, 17> digits{};
    std::to_chars(digits.data(), digits.data() + 16, hash, 16);
    return digits.data();
}

NewRequest request_for(const ToolCall& call, const Ruling& ruling,
                       const std::vector<AgentOption>& options) {
    NewRequest request;
    request.kind = RequestKind::approval;
    request.tool = ruling.tool;
    if (ruling.what == Ruling::What::ask) request.rule = cut(ruling.rule, 1024);
    const std::string what = call.title.empty() ? call.kind : call.title;
    request.question = "Allow this? " + (what.empty() ? "(the agent does not say what)" : what);
    request.question = cut(request.question, longest_question);
    request.detail = detail_of(call);
    for (const AgentOption& option : options) request.options.push_back(option.shown);
    return request;
}

json::object cancelled_outcome() { return {{"outcome", json::object{{"outcome", "cancelled"}}}}; }

json::object cancelled_answer(bool is_question) {
    return is_question ? json::object{{"action", "cancel"}} : cancelled_outcome();
}

json::object outcome_for(const RequestStatus& answer, const std::vector<AgentOption>& options) {
    const auto selected = [](const AgentOption& option) {
        return json::object{
            {"outcome", json::object{{"outcome", "selected"}, {"optionId", option.id}}}};
    };
    const bool allowed = answer.state == RequestState::allowed;
    if (!allowed && answer.state != RequestState::denied) return cancelled_outcome();
    const auto fits = [&](Kind kind, bool for_good) {
        return kind == (allowed ? (for_good ? Kind::allow_always : Kind::allow_once)
                                : (for_good ? Kind::deny_always : Kind::deny_once));
    };
    for (const AgentOption& option : options) {
        const bool may = fits(option.shown.kind, false) || fits(option.shown.kind, true);
        if (option.shown.id == answer.option_id && may) return selected(option);
    }
    // A process that asks again may name its options otherwise.
    for (const bool for_good : {answer.always, false}) {
        for (const AgentOption& option : options) {
            if (fits(option.shown.kind, for_good)) return selected(option);
        }
    }
    return cancelled_outcome();
}

NewRequest question_for(const json::value& params) {
    NewRequest request;
    request.kind = RequestKind::input;
    request.question = text_of(params, "message");
    if (request.question.empty()) request.question = "The agent asks for an input";
    request.question = cut(request.question, longest_question);
    const json::value* schema = find(params, "requestedSchema");
    const json::value* properties = schema == nullptr ? nullptr : find(*schema, "properties");
    if (properties == nullptr || !properties->is_object()) return request;
    if (properties->get_object().size() > 1) {
        request.detail = "answer with a JSON object of these:\n";
    }
    for (const auto& [name, property] : properties->get_object()) {
        request.detail += std::string(name) + ": " + json::serialize(property) + "\n";
    }
    while (request.detail.ends_with('\n')) request.detail.pop_back();
    request.detail = cut(request.detail, longest_detail);
    return request;
}

std::optional<json::object> content_for(const json::value& params, const std::string& text,
                                        std::string& why) {
    const json::value* properties = find(params, "requestedSchema", "properties");
    if (properties == nullptr || !properties->is_object() || properties->get_object().empty()) {
        return json::object();
    }
    const json::object& named = properties->get_object();
    if (named.size() == 1) {
        const auto& [name, schema] = *named.begin();
        std::optional<json::value> value = value_for(schema, text, why);
        if (!value) return std::nullopt;
        return json::object{{name, *std::move(value)}};
    }
    std::optional<json::value> value = parse_json(text, why);
    if (value && value->is_object()) return value->get_object();
    why = "a JSON object";
    return std::nullopt;
}

} // namespace loong::acp
