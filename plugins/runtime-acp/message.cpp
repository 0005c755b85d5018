#include "message.hpp"

#include <boost/json/serialize.hpp>

namespace loong::acp {
namespace {

std::string line_of(const json::object& object) { return json::serialize(object) + "\n"; }

RpcError read_error(const json::value& value) {
    RpcError error;
    error.code = number_of(value, "code").value_or(0);
    error.message = text_of(value, "message");
    if (const json::value* data = find(value, "data")) {
        for (const char* key : {"details", "message", "error"}) {
            if (error.detail.empty()) error.detail = text_of(*data, key);
        }
        if (data->is_string()) error.detail = std::string(data->get_string());
    }
    return error;
}

json::value member_or_null(const json::value& value, std::string_view key) {
    const json::value* member = find(value, key);
    return member == nullptr ? json::value() : *member;
}

} // namespace

std::optional<Message> read_message(std::string_view line, std::string& why) {
    std::optional<json::value> value = parse_json(line, why);
    if (!value) return std::nullopt;
    if (!value->is_object()) {
        why = "it is no object";
        return std::nullopt;
    }
    Message message;
    const json::value* id = find(*value, "id");
    if (id != nullptr) message.id = *id;
    message.method = text_of(*value, "method");
    if (!message.method.empty()) {
        message.kind = id == nullptr ? Message::Kind::notification : Message::Kind::request;
        message.params = member_or_null(*value, "params");
        return message;
    }
    if (id == nullptr) {
        why = "it has neither a method nor an id";
        return std::nullopt;
    }
    message.kind = Message::Kind::response;
    if (const json::value* error = find(*value, "error"); error != nullptr && !error->is_null()) {
        message.error = read_error(*error);
    } else {
        message.result = member_or_null(*value, "result");
    }
    return message;
}

std::string write_request(std::int64_t id, std::string_view method, json::value params) {
    return line_of(
        {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}

std::string write_notification(std::string_view method, json::value params) {
    return line_of({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

std::string write_result(const json::value& id, json::value result) {
    return line_of({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

std::string write_error(const json::value& id, std::int64_t code, std::string_view message) {
    return line_of({{"jsonrpc", "2.0"},
                    {"id", id},
                    {"error", json::object{{"code", code}, {"message", message}}}});
}

std::string to_text(const RpcError& error) {
    std::string text = error.message.empty() ? std::string("without a message") : error.message;
    if (!error.detail.empty() && error.detail != error.message) text += ": " + error.detail;
    return text + " (code " + std::to_string(error.code) + ")";
}

} // namespace loong::acp
