#pragma once
/// The configuration: which store, which runtimes, which limits.

#include "loong/error.hpp"
#include "loong/notification.hpp"
#include "loong/session_spec.hpp"
#include "loong/value.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

struct RuntimeEntry {
    std::string name;
    /// A plugin's name or a path to a shared library.
    std::string plugin;
    /// At most that many sessions of this runtime at once; 0: no limit of its own.
    int max_parallel = 0;
    /// Without `plugin` and `max_parallel`.
    Settings settings;
    /// Where `plugin` stands in the configuration.
    Place plugin_place;
};

struct Config {
    /// The file that was read; empty where none is there and all is default.
    std::string file;
    std::string store_plugin = "store-files";
    Settings store_settings;
    std::string default_runtime = "local";
    std::map<std::string, RuntimeEntry> runtimes;
    std::vector<std::string> plugin_path;
    int max_parallel = 4;
    int max_waiting = 100;
    std::vector<std::string> environment_pass;
    int max_depth = 3;
    int max_active_children = 100;
    std::vector<ToolRule> tool_policy;
    std::vector<std::string> notify_command;
    std::vector<std::string> notify_on;
    /// A notify command that takes longer is killed.
    int notify_timeout_seconds = 10;
    /// Absolute.
    std::string state_directory;
    /// Where `store.plugin` stands in the configuration.
    Place store_plugin_place;
};

/// Whether there is a notify command, and it is to be run on this.
[[nodiscard]] bool tells(const Config& config, NotifyOn on);

/// Where the configuration is: `explicit_file`, else `$LOONG_CONFIG`, else
/// `$XDG_CONFIG_HOME/loong/config.yaml`, else `~/.config/loong/config.yaml` (the home directory of
/// the user database where `HOME` is not set). The first two must exist, the others may.
struct ConfigPath {
    std::string file;
    bool must_exist = false;
};
[[nodiscard]] ConfigPath find_config(std::string_view explicit_file);

/// Where the state is: `$LOONG_HOME`, else `$XDG_STATE_HOME/loong`, else `~/.local/state/loong`.
[[nodiscard]] Result<std::string> find_state_directory();

/// Reads and checks it. `invalid_config` names file, line, column, key and the nearest valid word.
[[nodiscard]] Result<Config> load_config(std::string_view explicit_file);

/// The same from a text, for tests and embedders.
[[nodiscard]] Result<Config> parse_config(std::string_view yaml, const std::string& file);

/// The error of something that the configuration named, with the place where it did in front.
[[nodiscard]] Error in_config(const Config& config, Place place, std::string_view key, Error error);

/// A commented configuration with every key at its default, as `config init` writes it.
[[nodiscard]] std::string config_template();

/// The configuration in effect as YAML, as `config show` prints it.
[[nodiscard]] std::string show_config(const Config& config);

} // namespace loong
