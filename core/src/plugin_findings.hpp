#pragma once
/// What may be wrong with plugins: judged by their files, and, where they are configured, by loading
/// them.

#include "config.hpp"
#include "loong/diagnosis.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong {

struct PluginDiagnosis {
    /// Facts among them.
    std::vector<Diagnosed> findings;
    /// The store's plugin is among what was found, so opening the store tells nothing new.
    bool store_is_refused = false;
};

/// Looks at the plugin directories and at every plugin in them without running any, then loads the
/// configured runtimes and asks those that can tell how they stand.
[[nodiscard]] PluginDiagnosis diagnose_plugins(const Config& config);

/// Why a plugin cannot be used, as far as that can be told without running it; absent: it can.
[[nodiscard]] std::optional<Error>
why_unusable_runtime(const std::string& name_or_path, const std::vector<std::string>& directories);

} // namespace loong
