#pragma once
/// Finding, checking and loading plugins. The only part of loong that knows of shared libraries.

#include "loong/error.hpp"
#include "loong/runtime.hpp"
#include "loong/store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace loong {

enum class PluginKind : std::uint8_t { runtime, store };

/// Where plugins are looked for: the configured path first, then the places that belong to this
/// installation.
[[nodiscard]] std::vector<std::string>
plugin_directories(const std::vector<std::string>& configured_path);

struct PluginFile {
    std::string file;
    /// The file's name without `.so`.
    std::string name;
    std::optional<PluginKind> kind;
    /// Filled in only by load.
    std::string id;
    std::string version;
    /// Why it would be refused, as far as that can be told without running any of it.
    std::optional<Error> refused;
};

/// What lies in these directories; runs none of it.
[[nodiscard]] std::vector<PluginFile> find_plugins(const std::vector<std::string>& directories);

template <typename Made>
using PluginObject = std::unique_ptr<Made, std::function<void(Made*)>>;

/// Loads the plugin `name_or_path` and makes its object, wrapped so that what it throws becomes
/// `plugin_fault`. `plugin_not_found` names where was looked and the nearest name;
/// `plugin_refused` says what does not fit, both sides, and what to do; errors of the plugin's own
/// create are passed on.
[[nodiscard]] Result<PluginObject<Store>> load_store(const std::string& name_or_path,
                                                     const std::vector<std::string>& directories,
                                                     const StoreSetup& setup);
[[nodiscard]] Result<PluginObject<Runtime>>
load_runtime(const std::string& name_or_path, const std::vector<std::string>& directories,
             const RuntimeSetup& setup);

/// The file that `name_or_path` stands for.
[[nodiscard]] Result<std::string> resolve_plugin(const std::string& name_or_path,
                                                 const std::vector<std::string>& directories);

} // namespace loong
