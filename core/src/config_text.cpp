#include "config.hpp"
#include "text.hpp"
#include "yaml_reader.hpp"
#include "yaml_text.hpp"

#include <fmt/format.h>

#include <utility>

namespace loong {

namespace {

std::string scalar(std::string_view text) {
    std::string out;
    append_yaml_scalar(out, text);
    return out;
}

std::string list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const std::string& text : texts) {
        if (out.size() > 1) out += ", ";
        out += scalar(text);
    }
    return out + "]";
}

/// `plugin`, and whatever else an entry holds, as lines below its key.
std::string plugin_entry(const std::string& plugin, int max_parallel, const Settings& settings,
                         int indent) {
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    std::string out = fmt::format("{}plugin: {}\n", margin, scalar(plugin));
    if (max_parallel > 0) out += fmt::format("{}max_parallel: {}\n", margin, max_parallel);
    const Value::Object* members = settings.values.as_object();
    if (members == nullptr) return out;
    for (const auto& [key, value] : *members) {
        out += margin + scalar(key) + ":";
        append_yaml_value(out, value, indent + 2);
    }
    return out;
}

std::string show_runtimes(const Config& config) {
    std::string out = "runtimes:\n";
    for (const auto& [name, entry] : config.runtimes) {
        out += fmt::format("  {}:\n", scalar(name)) +
               plugin_entry(entry.plugin, entry.max_parallel, entry.settings, 4);
    }
    return out;
}

const char* word(ToolDecision decision) {
    switch (decision) {
    case ToolDecision::allow: return "allow";
    case ToolDecision::ask: return "ask";
    case ToolDecision::deny: return "deny";
    }
    return "deny";
}

/// A tool's rule without prefix comes first, and those with one follow it.
std::string show_tool_policy(const std::vector<ToolRule>& policy) {
    if (policy.empty()) return "tool_policy: {}\n";
    std::string out = "tool_policy:\n";
    std::string tool;
    for (const ToolRule& rule : policy) {
        if (rule.tool != tool) {
            const bool alone = &rule == &policy.back() || (&rule)[1].tool != rule.tool;
            out += fmt::format("  {}:", scalar(rule.tool));
            out += alone ? fmt::format(" {}\n", word(rule.decision))
                         : fmt::format("\n    default: {}\n    rules:\n", word(rule.decision));
            tool = rule.tool;
        } else {
            out += fmt::format("      - {{prefix: {}, decision: {}}}\n", scalar(rule.prefix),
                               word(rule.decision));
        }
    }
    return out;
}

std::string show_store(const Config& config) {
    return "store:\n" + plugin_entry(config.store_plugin, 0, config.store_settings, 2);
}

std::string show_workers(const Config& config) {
    return fmt::format("workers: {{max_parallel: {}, max_waiting: {}}}\n", config.max_parallel,
                       config.max_waiting);
}

std::string show_environment(const Config& config) {
    return fmt::format("environment: {{pass: {}}}\n", list(config.environment_pass));
}

std::string show_delegation(const Config& config) {
    return fmt::format("delegation: {{max_depth: {}, max_active_children: {}}}\n", config.max_depth,
                       config.max_active_children);
}

std::string show_notify(const Config& config) {
    return fmt::format("notify: {{command: {}, on: {}, timeout_seconds: {}}}\n",
                       list(config.notify_command), list(config.notify_on),
                       config.notify_timeout_seconds);
}

/// Comments must not end where a name has a line break.
std::string comment(const std::string& text) { return "# " + escape_controls(text) + "\n"; }

} // namespace

std::string config_template() {
    Config defaults;
    RuntimeEntry local;
    local.name = "local";
    local.plugin = "runtime-local";
    defaults.runtimes.emplace("local", local);
    return "# The configuration of loong. Every key may be left out; the values here are the\n"
           "# defaults. `loong config show` prints what is in effect.\n\n"
           "# Where tasks are kept: a plugin's name or the absolute path of a shared library. "
           "Further\n"
           "# keys are the plugin's own.\n" +
           show_store(defaults) +
           "\n# The runtime of tasks that name none.\nruntime: local\n\n"
           "# The runtimes that tasks can name, each a plugin as above. `max_parallel` (1 to "
           "1024)\n"
           "# limits how many sessions of a runtime go on at once. `local` is always there.\n" +
           show_runtimes(defaults) +
           "\n# Absolute directories where plugins are looked for before those of this "
           "installation.\n"
           "plugin_path: []\n"
           "\n# How many workers carry sessions at once, and how many more may wait for an answer "
           "to\n"
           "# a request meanwhile (each 1 to 1024).\n" +
           show_workers(defaults) +
           "\n# Variables that look like secrets are not passed to tasks unless they are named "
           "here\n"
           "# or by --env.\n" +
           show_environment(defaults) +
           "\n# Tasks that are created inside of tasks: how deep, and how many of one at a "
           "time.\n" +
           show_delegation(defaults) +
           "\n# What tasks may use: allow, ask or deny for shell.exec, fs.read, fs.write, "
           "net.connect,\n"
           "# task.create and the tools of runtimes. A task may narrow this, never widen it.\n"
           "#   shell.exec: {default: allow, rules: [{prefix: git push, decision: ask}]}\n" +
           show_tool_policy(defaults.tool_policy) +
           "\n# A command that is run when a task needs attention or has ended, for the tasks that "
           "are\n"
           "# created from then on. It gets the task as JSON; one that takes too long is killed, "
           "and\n"
           "# what fails is tried again.\n"
           "#   notify: {command: [notify-send, loong], on: [attention, terminal]}\n" +
           show_notify(defaults);
}

std::string show_config(const Config& config) {
    return comment(config.file.empty() ? "no configuration file: all is default"
                                       : "configuration: " + config.file) +
           comment("state: " + config.state_directory) + show_store(config) +
           fmt::format("runtime: {}\n", scalar(config.default_runtime)) + show_runtimes(config) +
           fmt::format("plugin_path: {}\n", list(config.plugin_path)) + show_workers(config) +
           show_environment(config) + show_delegation(config) +
           show_tool_policy(config.tool_policy) + show_notify(config);
}

Error in_config(const Config& config, Place place, std::string_view key, Error error) {
    if (place.line == 0) return error;
    error.message = fmt::format("config {}: key '{}': {}", describe_place(config.file, place), key,
                                error.message);
    return error;
}

} // namespace loong
