// The part of AcpSession that comes to a session in the wanted mode.

#include "acp_session.hpp"

#include <algorithm>

namespace loong::acp {
namespace {

constexpr std::int64_t protocol_version = 1;
/// A replay is over when nothing has come for that long; one agent answers before it replays.
constexpr Milliseconds quiet_time{300};
constexpr Milliseconds longest_replay{30'000};

std::string list_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text.empty() ? "none" : text;
}

bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> mode_ids(const json::value& opened) {
    std::vector<std::string> ids;
    const json::value* modes = find(opened, "modes");
    if (modes == nullptr) return ids;
    for (const json::value& mode : items_of(*modes, "availableModes")) {
        ids.push_back(text_of(mode, "id"));
    }
    return ids;
}

/// The option of that id or, with `category`, the first of that category; null where there is none.
const json::value* find_option(const json::value& opened, const std::string& id,
                               std::string_view category = {}) {
    for (const json::value& option : items_of(opened, "configOptions")) {
        const bool by_category = !category.empty() && text_of(option, "category") == category;
        if (by_category || text_of(option, "id") == id) return &option;
    }
    return nullptr;
}

/// The values that an option can take, those in groups too.
std::vector<std::string> values_of(const json::value& option) {
    std::vector<std::string> values;
    for (const json::value& one : items_of(option, "options")) {
        const std::string value = text_of(one, "value");
        if (!value.empty()) values.push_back(value);
        for (const json::value& inner : items_of(one, "options")) {
            values.push_back(text_of(inner, "value"));
        }
    }
    return values;
}

} // namespace

AcpSession::Ended AcpSession::initialize() {
    const json::object params{
        {"protocolVersion", protocol_version},
        {"clientCapabilities",
         json::object{{"fs", json::object{{"readTextFile", false}, {"writeTextFile", false}}},
                      {"terminal", false},
                      {"elicitation", json::object{{"form", json::object()}}}}},
        {"clientInfo", json::object{{"name", "loong"}, {"version", "1"}}}};
    Reply reply;
    Ended ended = call("initialize", params, settings_.initialize_limit, reply);
    if (!ended || *ended) return ended;
    if (reply.error) {
        return std::optional(failed(who() + ": initialize: " + to_text(*reply.error)));
    }
    if (const json::value* found = find(reply.result, "agentInfo")) agent_info_ = *found;
    const std::int64_t version = number_of(reply.result, "protocolVersion").value_or(0);
    if (version != protocol_version) {
        return std::optional(failed(who() + ": it speaks version " + std::to_string(version) +
                                    " of the protocol, and this runtime version 1"));
    }
    if (const json::value* found = find(reply.result, "agentCapabilities")) abilities_ = *found;
    login_methods_ = items_of(reply.result, "authMethods");
    context_.log("agent: " + who());
    return std::optional<Outcome>();
}

AcpSession::Ended AcpSession::refused(const std::string& what, const RpcError& error) {
    if (error.code == rpc_code::auth_required) {
        needs_login_ = true;
        return std::optional<Outcome>();
    }
    return std::optional(failed(who() + ": " + what + ": " + to_text(error)));
}

AcpSession::Ended AcpSession::open_new(json::value& opened) {
    Reply reply;
    const json::object params{{"cwd", directory_}, {"mcpServers", settings_.mcp_servers}};
    Ended ended = call("session/new", params, settings_.session_limit, reply);
    if (!ended || *ended) return ended;
    if (reply.error) return refused("session/new", *reply.error);
    handle_.session_id = text_of(reply.result, "sessionId");
    if (handle_.session_id.empty()) {
        return std::optional(failed(who() + ": session/new: it names no session"));
    }
    opened = std::move(reply.result);
    return std::optional<Outcome>();
}

AcpSession::Ended AcpSession::open_earlier(json::value& opened) {
    const json::value* of_sessions = find(abilities_, "sessionCapabilities");
    const bool resumes = of_sessions != nullptr && has_ability(*of_sessions, "resume");
    if (!resumes && !has_ability(abilities_, "loadSession")) {
        return std::optional(
            failed(who() + ": it cannot take up its session " + handle_.session_id + " again"));
    }
    const std::string method = resumes ? "session/resume" : "session/load";
    Reply reply;
    replaying_ = true;
    const json::object params{{"sessionId", handle_.session_id},
                              {"cwd", handle_.directory},
                              {"mcpServers", settings_.mcp_servers}};
    Ended ended = call(method, params, settings_.session_limit, reply);
    if (ended && !*ended && !reply.error && !resumes) {
        Result<void> quiet = wait_until_quiet();
        if (!quiet) return std::move(quiet).error();
    }
    replaying_ = false;
    if (!ended || *ended) return ended;
    if (reply.error) return refused(method + " of " + handle_.session_id, *reply.error);
    opened = std::move(reply.result);
    narrator_.set_state(ProgressState::active, "took up the agent's session " + handle_.session_id +
                                                   " again (" + method + ")");
    if (auto told = narrator_.tell_progress(); !told) return std::move(told).error();
    return std::optional<Outcome>();
}

Result<void> AcpSession::wait_until_quiet() {
    const Clock::time_point give_up = Clock::now() + longest_replay;
    Reply none;
    while (Clock::now() < give_up) {
        const Clock::time_point quiet_at = peer_->heard_at() + quiet_time;
        if (Clock::now() >= quiet_at) break;
        Result<Came> came = await(-1, quiet_at, none);
        if (!came) return std::move(came).error();
        if (*came != Came::late) break;
    }
    return {};
}

AcpSession::Ended AcpSession::open_session() {
    json::value opened;
    Ended ended = taking_up_ ? open_earlier(opened) : open_new(opened);
    if (!ended || *ended || needs_login_) return ended;
    const json::value* of_sessions = find(abilities_, "sessionCapabilities");
    handle_.method.clear();
    if (settings_.resume && has_ability(abilities_, "loadSession")) handle_.method = "load";
    if (settings_.resume && of_sessions != nullptr && has_ability(*of_sessions, "resume")) {
        handle_.method = "resume";
    }
    // After a load or a resume too: they set it back to what the agent begins with.
    if (!settings_.mode.empty()) ended = set_mode(opened);
    for (const auto& [id, value] : settings_.options) {
        if (ended && !*ended) ended = set_option(opened, id, value);
    }
    return ended;
}

AcpSession::Ended AcpSession::set_mode(const json::value& opened) {
    const std::vector<std::string> modes = mode_ids(opened);
    if (!has(modes, settings_.mode)) {
        const json::value* option = find_option(opened, "mode", "mode");
        if (option != nullptr && has(values_of(*option), settings_.mode)) {
            return set_option(opened, text_of(*option, "id"), json::string(settings_.mode));
        }
        const std::vector<std::string> there =
            modes.empty() && option != nullptr ? values_of(*option) : modes;
        return std::optional(
            failed(who() + ": it has no mode " + settings_.mode + "; it has " + list_of(there)));
    }
    Reply reply;
    const json::object params{{"sessionId", handle_.session_id}, {"modeId", settings_.mode}};
    Ended ended = call("session/set_mode", params, settings_.session_limit, reply);
    if (!ended || *ended || !reply.error) return ended;
    return std::optional(failed(who() + ": mode " + settings_.mode + ": " + to_text(*reply.error)));
}

AcpSession::Ended AcpSession::set_option(const json::value& opened, const std::string& id,
                                         const json::value& value) {
    const json::value* option = find_option(opened, id);
    if (option == nullptr) {
        std::vector<std::string> there;
        for (const json::value& one : items_of(opened, "configOptions")) {
            there.push_back(text_of(one, "id"));
        }
        return std::optional(
            failed(who() + ": it has no option " + id + "; it has " + list_of(there)));
    }
    json::object params{{"sessionId", handle_.session_id}, {"configId", id}, {"value", value}};
    if (value.is_bool()) params["type"] = "boolean";
    Reply reply;
    Ended ended = call("session/set_config_option", params, settings_.session_limit, reply);
    if (!ended || *ended || !reply.error) return ended;
    return std::optional(failed(who() + ": option " + id + ": " + to_text(*reply.error)));
}

} // namespace loong::acp
