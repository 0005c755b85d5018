#include "settings.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace loong::acp {
namespace {

constexpr std::array<std::string_view, 12> known_keys{
    "command", "args",    "env",   "cwd",           "mode",        "options",
    "resume",  "install", "login", "resume_prompt", "mcp_servers", "watchdogs"};

/// Reads one value after the other and remembers what was wrong first.
class Reader {
public:
    explicit Reader(const Settings& settings) : settings_(settings) {}

    Result<AcpSettings> read() {
        const Value::Object* members = settings_.values.as_object();
        if (members != nullptr) {
            for (const auto& [key, value] : *members) read_member(key, value);
        }
        if (!error_ && result_.command.empty()) {
            refuse("command", settings_.values, "is missing; it names the agent's program");
        }
        if (error_) return *error_;
        return std::move(result_);
    }

private:
    void refuse(const std::string& key, const Value& value, const std::string& why,
                std::string hint = {}) {
        if (error_) return;
        std::string where = settings_.file;
        if (!where.empty() && value.place().line != 0) {
            where += ":" + std::to_string(value.place().line);
        }
        error_ = Error{ErrorCode::invalid_config,
                       (where.empty() ? "" : where + ": ") + "setting " + key +
                           " of runtime-acp: " + why,
                       std::move(hint)};
    }

    void read_member(const std::string& key, const Value& value) {
        if (key == "command") {
            read_text(key, value, result_.command);
            if (result_.command.find('/') != std::string::npos && result_.command[0] != '/') {
                refuse(key, value, "must be a program's name or an absolute path");
            }
        } else if (key == "args") {
            read_texts(key, value, result_.args);
        } else if (key == "env") {
            read_environment(value);
        } else if (key == "cwd") {
            read_text(key, value, result_.cwd);
            if (!result_.cwd.starts_with('/')) refuse(key, value, "must be an absolute path");
        } else if (key == "mode") {
            read_text(key, value, result_.mode);
        } else if (key == "options") {
            read_options(value);
        } else if (key == "resume") {
            std::string word;
            read_text(key, value, word);
            if (word != "auto" && word != "never") refuse(key, value, "must be auto or never");
            result_.resume = word != "never";
        } else if (key == "install") {
            read_text(key, value, result_.install);
        } else if (key == "login") {
            read_text(key, value, result_.login);
        } else if (key == "resume_prompt") {
            read_text(key, value, result_.resume_prompt);
        } else if (key == "mcp_servers") {
            read_servers(value);
        } else if (key == "watchdogs") {
            read_watchdogs(value);
        } else if (key != "max_parallel" && key != "plugin") {
            refuse(key, value, "is not known", "it knows: " + list_of(known_keys));
        }
    }

    template <typename Words>
    static std::string list_of(const Words& words) {
        std::string text;
        for (const std::string_view word : words) {
            text.append(text.empty() ? "" : ", ").append(word);
        }
        return text;
    }

    void read_text(const std::string& key, const Value& value, std::string& target) {
        const std::string* text = value.as_string();
        if (text == nullptr || text->empty() || text->find('\0') != std::string::npos) {
            return refuse(key, value, "must be a text that is not empty");
        }
        target = *text;
    }

    void read_texts(const std::string& key, const Value& value, std::vector<std::string>& target) {
        const Value::Array* items = value.as_array();
        if (items == nullptr) return refuse(key, value, "must be a list of texts");
        for (const Value& item : *items) {
            // A number, say, that YAML took for one.
            std::string text = scalar(item);
            if (item.as_array() != nullptr || item.as_object() != nullptr) {
                return refuse(key, item, "must be a list of texts");
            }
            target.push_back(std::move(text));
        }
    }

    static std::string scalar(const Value& value) {
        if (const std::string* text = value.as_string()) return *text;
        if (const std::int64_t* number = value.as_integer()) return std::to_string(*number);
        if (const bool* flag = value.as_bool()) return *flag ? "true" : "false";
        return {};
    }

    void read_environment(const Value& value) {
        const Value::Object* members = value.as_object();
        if (members == nullptr) return refuse("env", value, "must be names with values");
        for (const auto& [name, one] : *members) {
            if (one.as_array() != nullptr || one.as_object() != nullptr) {
                return refuse("env." + name, one, "must be a text");
            }
            result_.env.push_back({name, scalar(one)});
        }
    }

    void read_options(const Value& value) {
        const Value::Object* members = value.as_object();
        if (members == nullptr) return refuse("options", value, "must be ids with values");
        for (const auto& [id, one] : *members) {
            if (const bool* flag = one.as_bool()) {
                result_.options.emplace_back(id, *flag);
            } else {
                result_.options.emplace_back(id, json::string(scalar(one)));
            }
        }
    }

    static json::array named(const Value* members) {
        json::array list;
        const Value::Object* object = members == nullptr ? nullptr : members->as_object();
        if (object == nullptr) return list;
        for (const auto& [name, value] : *object) {
            list.push_back(json::object{{"name", name}, {"value", scalar(value)}});
        }
        return list;
    }

    void read_servers(const Value& value) {
        const Value::Array* items = value.as_array();
        if (items == nullptr) return refuse("mcp_servers", value, "must be a list");
        for (const Value& item : *items) {
            json::object server{{"name", item.string_or("name", "")}};
            const std::string url = item.string_or("url", "");
            if (server["name"].get_string().empty()) {
                return refuse("mcp_servers", item, "a server needs a name");
            }
            if (!url.empty()) {
                server["type"] = item.string_or("type", "http");
                server["url"] = url;
                server["headers"] = named(item.find("headers"));
            } else {
                server["command"] = item.string_or("command", "");
                // Both are required, also where they are empty.
                json::array args;
                if (const Value* list = item.find("args"); list != nullptr && list->as_array()) {
                    for (const Value& one : *list->as_array()) args.emplace_back(scalar(one));
                }
                server["args"] = std::move(args);
                server["env"] = named(item.find("env"));
                if (server["command"].get_string().empty()) {
                    return refuse("mcp_servers", item, "a server needs a command or a url");
                }
            }
            result_.mcp_servers.push_back(std::move(server));
        }
    }

    /// `30s`, `10m`, `1h`, `never`, or a number of seconds.
    std::optional<Milliseconds> read_duration(const std::string& key, const Value& value,
                                              bool may_be_never) {
        const std::string text = scalar(value);
        if (may_be_never && text == "never") return std::nullopt;
        std::int64_t number = 0;
        const char* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, number);
        const std::string_view unit(read.ptr, static_cast<std::size_t>(end - read.ptr));
        std::int64_t factor = 0;
        if (unit.empty() || unit == "s") factor = 1000;
        if (unit == "ms") factor = 1;
        if (unit == "m") factor = 60'000;
        if (unit == "h") factor = 3'600'000;
        if (read.ec != std::errc{} || factor == 0 || number <= 0 || number > 10'000'000) {
            refuse(key, value,
                   std::string("must be a duration, as 30s, 10m or 1h") +
                       (may_be_never ? ", or never" : ""));
            return std::nullopt;
        }
        return Milliseconds(number * factor);
    }

    void read_watchdogs(const Value& value) {
        const Value::Object* members = value.as_object();
        if (members == nullptr) return refuse("watchdogs", value, "must be names with durations");
        for (const auto& [name, one] : *members) {
            const std::string key = "watchdogs." + name;
            if (name == "initialize") {
                result_.initialize_limit =
                    read_duration(key, one, false).value_or(result_.initialize_limit);
            } else if (name == "session") {
                result_.session_limit =
                    read_duration(key, one, false).value_or(result_.session_limit);
            } else if (name == "turn") {
                result_.turn_limit = read_duration(key, one, true);
            } else if (name == "silence") {
                result_.silence_limit = read_duration(key, one, true);
            } else {
                refuse(key, one, "is not known", "it knows: initialize, session, turn, silence");
            }
        }
    }

    const Settings& settings_;
    AcpSettings result_;
    std::optional<Error> error_;
};

} // namespace

Result<AcpSettings> read_settings(const Settings& settings) { return Reader(settings).read(); }

} // namespace loong::acp
