#include "handle.hpp"

#include "json.hpp"

#include <boost/json/serialize.hpp>

namespace loong::acp {

std::string format_handle(const Handle& handle) {
    json::array pending;
    for (const PendingRequest& one : handle.pending) {
        pending.push_back(json::object{{"key", one.key}, {"fingerprint", one.fingerprint}});
    }
    return json::serialize(json::object{{"format", 1},
                                        {"agent", handle.agent},
                                        {"session", handle.session_id},
                                        {"directory", handle.directory},
                                        {"mode", handle.mode},
                                        {"method", handle.method},
                                        {"prompted", handle.prompted},
                                        {"asked", handle.asked},
                                        {"pending", std::move(pending)}});
}

std::optional<Handle> parse_handle(std::string_view text) {
    std::string why;
    const std::optional<json::value> value = parse_json(text, why);
    if (!value || number_of(*value, "format") != 1) return std::nullopt;
    Handle handle;
    handle.agent = text_of(*value, "agent");
    handle.session_id = text_of(*value, "session");
    handle.directory = text_of(*value, "directory");
    handle.mode = text_of(*value, "mode");
    handle.method = text_of(*value, "method");
    handle.prompted = has_ability(*value, "prompted");
    handle.asked = number_of(*value, "asked").value_or(0);
    for (const json::value& one : items_of(*value, "pending")) {
        handle.pending.push_back({text_of(one, "key"), text_of(one, "fingerprint")});
    }
    return handle;
}

} // namespace loong::acp
