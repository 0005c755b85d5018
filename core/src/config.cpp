#include "config.hpp"

#include "config_section.hpp"
#include "config_tool_policy.hpp"
#include "runtime_presets.hpp"
#include "text.hpp"
#include "yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace loong {

namespace {

constexpr int most_parallel = 1024;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }
bool is_mark(char c) { return c == '.' || c == '_' || c == '-'; }

/// Lease names contain it, so it is made of what they may be made of.
bool is_runtime_name(std::string_view name) {
    const auto fits = [](char c) { return is_lower_or_digit(c) || is_mark(c); };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), fits) &&
           name.front() != '.' && name.front() != '-';
}

bool is_plugin_name(std::string_view name) {
    const auto fits = [](char c) { return is_alphanumeric(c) || is_mark(c); };
    return !name.empty() && name.size() <= 200 && std::all_of(name.begin(), name.end(), fits) &&
           name.front() != '.';
}

bool is_environment_name(std::string_view name) {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '_'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), fits) &&
           (name.front() < '0' || name.front() > '9');
}

void check_plugin(ConfigSection& section, const std::string& plugin) {
    // A worker has another working directory than the command that started it.
    if (!is_plugin_name(plugin) && !plugin.starts_with('/'))
        section.refuse("plugin", "expected a plugin's name or an absolute path");
}

Settings read_settings(ConfigSection& section) {
    Value::Object values;
    for (const YamlMember* member : section.take_rest()) {
        values.emplace_back(member->key, to_value(member->value));
    }
    return {Value(std::move(values)), section.problems().file()};
}

void read_store(ConfigSection section, Config& config) {
    section.read("plugin", config.store_plugin);
    check_plugin(section, config.store_plugin);
    config.store_plugin_place = section.place_of("plugin");
    config.store_settings = read_settings(section);
}

/// `preset: NAME`: everything as that one says, but for what is said here.
void read_preset(ConfigSection& section, RuntimeEntry& entry) {
    std::string preset;
    section.read("preset", preset);
    if (preset.empty()) return;
    // Also where it is none: that is said then, and not that the plugin is missing as well.
    entry.plugin = preset;
    const Result<const RuntimeEntry*> found = find_preset(preset);
    if (!found) return section.refuse("preset", found.error().message);
    if (*found == nullptr) {
        return section.refuse(
            "preset", fmt::format("there is no '{}'; {}", preset, suggest(preset, preset_names())));
    }
    entry.plugin = (*found)->plugin;
    entry.max_parallel = (*found)->max_parallel;
    entry.settings = (*found)->settings;
}

/// `entry` is what it is where nothing else is said.
RuntimeEntry read_runtime(RuntimeEntry entry, ConfigSection section) {
    section.read("plugin", entry.plugin);
    if (entry.plugin.empty() && section.take("plugin") == nullptr) {
        section.refuse("plugin", "is missing; it names the plugin that runs the sessions");
    } else {
        check_plugin(section, entry.plugin);
    }
    entry.plugin_place = section.place_of("plugin");
    section.read("max_parallel", entry.max_parallel, 1, most_parallel);
    Settings own = read_settings(section);
    for (Value::Member& member : *own.values.as_object()) {
        entry.settings.values.set(member.first, std::move(member.second));
    }
    entry.settings.file = std::move(own.file);
    return entry;
}

void read_runtimes(ConfigSection section, Config& config) {
    RuntimeEntry local;
    local.name = "local";
    local.plugin = "runtime-local";
    local.settings.file = config.file;
    config.runtimes.emplace("local", std::move(local));
    for (const YamlMember* member : section.take_rest()) {
        const std::string path = section.path_of(member->key);
        if (!is_runtime_name(member->key)) {
            section.problems().add(member->place, path,
                                   "a runtime's name is 1 to 64 of a-z 0-9 . _ -, and does not "
                                   "start with . or -");
            continue;
        }
        ConfigSection own(&member->value, path, section.problems());
        RuntimeEntry entry;
        entry.name = member->key;
        if (entry.name == "local") entry.plugin = "runtime-local";
        read_preset(own, entry);
        config.runtimes[member->key] = read_runtime(std::move(entry), std::move(own));
    }
}

void check_default_runtime(ConfigSection& root, const Config& config) {
    std::vector<std::string> names;
    for (const auto& [name, entry] : config.runtimes) names.push_back(name);
    if (config.runtimes.contains(config.default_runtime)) return;
    for (std::string& name : preset_names()) {
        if (name == config.default_runtime) return;
        names.push_back(std::move(name));
    }
    root.refuse("runtime", fmt::format("no runtime '{}' in runtimes; {}", config.default_runtime,
                                       suggest(config.default_runtime, names)));
}

void read_notify(ConfigSection section, Config& config) {
    section.read("command", config.notify_command);
    static const std::vector<std::string> known = {"attention", "terminal"};
    if (!config.notify_command.empty()) config.notify_on = known;
    section.read("on", config.notify_on);
    section.read("timeout_seconds", config.notify_timeout_seconds, 1, 3600);
    section.refuse_rest();
    if (!config.notify_command.empty() && config.notify_command.front().empty()) {
        section.refuse("command", "expected a program, found the text ''");
    } else if (!config.notify_command.empty()) {
        // It is run by a worker, which has another working directory than whoever wrote this.
        const std::string& program = config.notify_command.front();
        if (program.find('/') != std::string::npos && program.front() != '/') {
            section.refuse("command", "expected a program's name or an absolute path");
        }
    }
    for (const std::string& word : config.notify_on) {
        if (std::find(known.begin(), known.end(), word) != known.end()) continue;
        section.refuse("on", fmt::format("unknown word '{}'; {}", word, suggest(word, known)));
    }
}

void read_limits(ConfigSection& root, Config& config) {
    ConfigSection workers = root.section("workers");
    workers.read("max_parallel", config.max_parallel, 1, most_parallel);
    workers.read("max_waiting", config.max_waiting, 1, most_parallel);
    workers.refuse_rest();
    ConfigSection delegation = root.section("delegation");
    delegation.read("max_depth", config.max_depth, 1, most_parallel);
    delegation.read("max_active_children", config.max_active_children, 1, 1'000'000);
    delegation.refuse_rest();
}

void read_environment(ConfigSection section, Config& config) {
    section.read("pass", config.environment_pass);
    section.refuse_rest();
    for (const std::string& name : config.environment_pass) {
        if (is_environment_name(name)) continue;
        section.refuse("pass", fmt::format("'{}' is no name of an environment variable", name));
    }
}

void read_plugin_path(ConfigSection& root, Config& config) {
    root.read("plugin_path", config.plugin_path);
    for (const std::string& directory : config.plugin_path) {
        if (directory.starts_with('/')) continue;
        root.refuse("plugin_path", fmt::format("'{}' is no absolute directory", directory));
    }
}

} // namespace

Result<RuntimeEntry> parse_preset(std::string_view yaml, const std::string& file,
                                  const std::string& name) {
    const Result<YamlNode> tree = read_yaml(yaml, "runtime", file, ErrorCode::invalid_config);
    if (!tree) return tree.error();
    ConfigProblems problems(file);
    RuntimeEntry entry;
    entry.name = name;
    entry = read_runtime(std::move(entry), {&*tree, {}, problems});
    if (problems.first()) return *problems.first();
    return entry;
}

bool tells(const Config& config, NotifyOn on) {
    const std::vector<std::string>& words = config.notify_on;
    return !config.notify_command.empty() &&
           std::find(words.begin(), words.end(), to_string(on)) != words.end();
}

Result<Config> parse_config(std::string_view yaml, const std::string& file) {
    const Result<YamlNode> tree = read_yaml(yaml, "config", file, ErrorCode::invalid_config);
    if (!tree) return tree.error();
    Result<std::string> state_directory = find_state_directory();
    if (!state_directory) return std::move(state_directory).error();

    Config config;
    config.file = file;
    config.state_directory = *std::move(state_directory);
    ConfigProblems problems(file);
    ConfigSection root(&*tree, {}, problems);
    read_store(root.section("store"), config);
    root.read("runtime", config.default_runtime);
    read_runtimes(root.section("runtimes"), config);
    check_default_runtime(root, config);
    read_plugin_path(root, config);
    read_limits(root, config);
    read_environment(root.section("environment"), config);
    read_tool_policy(root.section("tool_policy"), config.tool_policy);
    read_notify(root.section("notify"), config);
    root.refuse_rest();
    if (problems.first()) return *problems.first();
    return config;
}

} // namespace loong
