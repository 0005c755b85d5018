#include "config.hpp"
#include "json_writer.hpp"
#include "task_json.hpp"
#include "text.hpp"
#include "verbs.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace loong::cli {
namespace {

Value plugin_value(const std::string& plugin, const Settings& settings) {
    Value value;
    value.set("plugin", plugin);
    if (const Value::Object* members = settings.values.as_object()) {
        for (const Value::Member& member : *members) value.set(member.first, member.second);
    }
    return value;
}

Value tool_policy_value(const std::vector<ToolRule>& rules) {
    Value value = Value::Object{};
    for (const ToolRule& rule : rules) {
        const char* decision = rule.decision == ToolDecision::allow ? "allow"
                               : rule.decision == ToolDecision::ask ? "ask"
                                                                    : "deny";
        value.set(rule.prefix.empty() ? rule.tool : rule.tool + " " + rule.prefix, decision);
    }
    return value;
}

/// With the keys of the file.
Value config_value(const Config& config) {
    Value runtimes = Value::Object{};
    for (const auto& [name, entry] : config.runtimes) {
        Value runtime = plugin_value(entry.plugin, entry.settings);
        if (entry.max_parallel > 0) runtime.set("max_parallel", entry.max_parallel);
        runtimes.set(name, std::move(runtime));
    }
    Value workers;
    workers.set("max_parallel", config.max_parallel);
    workers.set("max_waiting", config.max_waiting);
    Value environment;
    environment.set("pass", strings(config.environment_pass));
    Value delegation;
    delegation.set("max_depth", config.max_depth);
    delegation.set("max_active_children", config.max_active_children);
    Value notify;
    notify.set("command", strings(config.notify_command));
    notify.set("on", strings(config.notify_on));
    notify.set("timeout_seconds", config.notify_timeout_seconds);
    Value value;
    value.set("store", plugin_value(config.store_plugin, config.store_settings));
    value.set("runtime", config.default_runtime);
    value.set("runtimes", std::move(runtimes));
    value.set("plugin_path", strings(config.plugin_path));
    value.set("workers", std::move(workers));
    value.set("environment", std::move(environment));
    value.set("delegation", std::move(delegation));
    value.set("tool_policy", tool_policy_value(config.tool_policy));
    value.set("notify", std::move(notify));
    return value;
}

Value header(const Invocation& invocation, const std::string& file) {
    Value answer = invocation.header(nullptr);
    answer.set("config", file.empty() ? Value() : Value(file));
    return answer;
}

class ConfigShow final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.example("loong config show");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Config> config = load_config(invocation.globals.config_file.value_or(""));
        if (!config) return std::move(config).error();
        if (invocation.globals.json) {
            Value answer = header(invocation, config->file);
            answer.set("state_directory", config->state_directory);
            answer.set("values", config_value(*config));
            invocation.out.print(to_json(answer));
        } else {
            invocation.out.print(show_config(*config));
        }
        return ExitCode::done;
    }
};

class ConfigPathVerb final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.note("With -q the name of the configuration alone.");
        table.example("loong config path");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        const ConfigPath path = find_config(invocation.globals.config_file.value_or(""));
        Result<std::string> state = find_state_directory();
        if (!state) return std::move(state).error();
        const bool exists = access(path.file.c_str(), F_OK) == 0;
        if (invocation.globals.json) {
            Value answer = header(invocation, exists ? path.file : "");
            answer.set("config_file", path.file);
            answer.set("exists", exists);
            answer.set("state_directory", *state);
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            invocation.out.print(path.file + "\n");
        } else {
            invocation.out.print("config  " + escape_controls(path.file) +
                                 (exists ? "" : "  (not there; everything is at its default)") +
                                 "\nstate   " + escape_controls(*state) + "\n");
        }
        return ExitCode::done;
    }
};

class ConfigInit final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.note(
            "Writes a configuration with every key, commented and at its default. An existing "
            "file is left alone.");
        table.example("loong config init");
        table.exit_codes("0 done, 2 failure, 5 the file is there already");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        const std::string file = find_config(invocation.globals.config_file.value_or("")).file;
        if (Result<void> written = write_new(file, config_template()); !written) {
            return std::move(written).error();
        }
        if (invocation.globals.json) {
            Value answer = header(invocation, file);
            answer.set("config_file", file);
            invocation.out.print(to_json(answer));
        } else {
            invocation.out.print(file + "\n");
        }
        return ExitCode::done;
    }

private:
    static Error failure(const std::string& file) {
        return {ErrorCode::store_io,
                "cannot write configuration " + file + ": " + std::strerror(errno), ""};
    }

    // Made whole under another name and linked, so that nobody finds half a configuration and none
    // is ever overwritten.
    static Result<void> write_new(const std::string& file, std::string_view content) {
        const std::filesystem::path path(file);
        std::error_code error;
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
        std::string name = file + ".XXXXXX";
        const int descriptor = mkostemp(name.data(), O_CLOEXEC);
        if (descriptor < 0) return failure(file);
        Result<void> result;
        while (!content.empty() && result) {
            const ssize_t written = write(descriptor, content.data(), content.size());
            if (written >= 0) {
                content.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno != EINTR) {
                result = failure(file);
            }
        }
        if (result && fsync(descriptor) != 0) result = failure(file);
        close(descriptor);
        if (result && link(name.c_str(), file.c_str()) != 0) {
            result = errno == EEXIST ? Error{ErrorCode::conflict,
                                             "configuration " + file + ": it is there already",
                                             "edit it, or move it away first"}
                                     : failure(file);
        }
        unlink(name.c_str());
        return result;
    }
};

} // namespace

std::unique_ptr<Verb> make_config_show() { return std::make_unique<ConfigShow>(); }
std::unique_ptr<Verb> make_config_path() { return std::make_unique<ConfigPathVerb>(); }
std::unique_ptr<Verb> make_config_init() { return std::make_unique<ConfigInit>(); }

} // namespace loong::cli
