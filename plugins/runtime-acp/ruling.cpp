#include "ruling.hpp"

#include <algorithm>
#include <filesystem>

namespace loong::acp {
namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path, const std::string& directory) {
    const fs::path whole = path.starts_with('/') ? fs::path(path) : fs::path(directory) / path;
    std::string text = whole.lexically_normal().string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

/// The simple commands of a shell text, roughly: whatever may begin a command begins one.
std::vector<std::string> commands_in(const std::string& text) {
    std::vector<std::string> commands;
    std::string current;
    const auto finish = [&] {
        if (current.find_first_not_of(" \t\r") != std::string::npos) commands.push_back(current);
        current.clear();
    };
    for (const char c : text) {
        if (std::string_view(";|&\n(){}`").find(c) != std::string_view::npos) {
            finish();
        } else {
            current += c;
        }
    }
    finish();
    return commands;
}

std::vector<std::string> uses_of(const ToolCall& call, std::string_view tool,
                                 const std::string& directory) {
    if (tool == tool::shell_exec) return commands_in(command_of(call));
    std::vector<std::string> uses;
    if (!takes_directories(tool)) return uses;
    for (const std::string& location : call.locations) {
        uses.push_back(absolute(location, directory));
    }
    for (const json::value& one : call.content) {
        const std::string path = text_of(one, "path");
        if (text_of(one, "type") == "diff" && !path.empty()) {
            uses.push_back(absolute(path, directory));
        }
    }
    for (const char* key : {"file_path", "filePath", "path", "abs_path"}) {
        const std::string path = text_of(call.raw_input, key);
        if (!path.empty()) uses.push_back(absolute(path, directory));
    }
    return uses;
}

Ruling::What what_of(const ToolRule* rule) {
    if (rule == nullptr || rule->decision == ToolDecision::ask) return Ruling::What::ask;
    return rule->decision == ToolDecision::allow ? Ruling::What::allow : Ruling::What::deny;
}

int strictness(Ruling::What what) {
    if (what == Ruling::What::deny) return 2;
    return what == Ruling::What::ask ? 1 : 0;
}

} // namespace

void overlay(ToolCall& call, const json::value& update) {
    const auto take = [&](const char* key, std::string& target) {
        std::string text = text_of(update, key);
        if (!text.empty()) target = std::move(text);
    };
    take("toolCallId", call.id);
    take("title", call.title);
    take("kind", call.kind);
    take("status", call.status);
    if (const json::value* locations = find(update, "locations"); locations != nullptr) {
        call.locations.clear();
        for (const json::value& one : items_of(update, "locations")) {
            const std::string path = text_of(one, "path");
            if (!path.empty()) call.locations.push_back(path);
        }
    }
    if (const json::value* input = find(update, "rawInput"); input && !input->is_null()) {
        call.raw_input = *input;
    }
    if (const json::value* content = find(update, "content"); content && content->is_array()) {
        call.content = content->get_array();
    }
}

std::string_view tool_of(std::string_view kind) {
    if (kind == "read" || kind == "search") return tool::fs_read;
    if (kind == "edit" || kind == "delete" || kind == "move") return tool::fs_write;
    if (kind == "execute") return tool::shell_exec;
    return kind == "fetch" ? tool::net_connect : std::string_view();
}

std::string command_of(const ToolCall& call) {
    for (const char* key : {"command", "cmd", "script"}) {
        std::string text = text_of(call.raw_input, key);
        if (!text.empty()) return text;
        std::string words;
        for (const json::value& one : items_of(call.raw_input, key)) {
            if (!one.is_string()) continue;
            words.append(words.empty() ? "" : " ").append(one.get_string());
        }
        if (!words.empty()) return words;
    }
    return {};
}

Ruling rule_about(const std::vector<ToolRule>& rules, const ToolCall& call,
                  const std::string& directory) {
    Ruling ruling;
    ruling.tool = tool_of(call.kind);
    if (ruling.tool.empty()) return ruling;
    const ToolRule* deciding = nullptr;
    int strictest = -1;
    const auto consider = [&](const ToolRule* rule) {
        const Ruling::What what = what_of(rule);
        if (strictness(what) <= strictest) return;
        strictest = strictness(what);
        deciding = rule;
        ruling.what = what;
    };
    const std::vector<std::string> uses = uses_of(call, ruling.tool, directory);
    for (const std::string& use : uses) consider(deciding_rule(rules, ruling.tool, use));
    if (uses.empty()) {
        consider(deciding_rule(rules, ruling.tool, {}));
        for (const ToolRule& rule : rules) {
            // It may be of the part that this rule speaks of, and is not surely.
            if (rule.tool != ruling.tool || rule.decision == ToolDecision::allow) continue;
            if (ruling.what != Ruling::What::allow || rule.prefix.empty()) continue;
            ruling.what = Ruling::What::ask;
            deciding = rule.decision == ToolDecision::ask ? &rule : nullptr;
        }
    }
    if (deciding != nullptr) ruling.rule = to_text(*deciding);
    return ruling;
}

} // namespace loong::acp
