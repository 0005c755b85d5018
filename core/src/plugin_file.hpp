#pragma once
/// What can be told of a plugin's file without running any of it.

#include "loong/error.hpp"
#include "plugins.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// `runtime` or `store`.
[[nodiscard]] std::string_view to_string(PluginKind kind) noexcept;

/// `plugin_refused` with a message of the form `FILE: WHY`.
[[nodiscard]] Error refused_plugin(const std::string& file, const std::string& why);

/// The interface numbers that a file exports descriptors for.
struct PluginExports {
    std::vector<std::uint32_t> runtime;
    std::vector<std::uint32_t> store;
};

/// Why the file must not be believed: it is none, or others may write to it or to its directory;
/// absent where it may be. `plugin_not_found`, `plugin_refused`.
[[nodiscard]] std::optional<Error> refuse_file(const std::string& file);

/// Checks who may write to the file and its directory and what kind of file it is, then reads what
/// it exports. `plugin_not_found`, `plugin_refused`.
[[nodiscard]] Result<PluginExports> read_plugin_exports(const std::string& file);

/// Why these exports do not make a plugin of that kind for this loong; absent where they do.
[[nodiscard]] std::optional<Error> refuse_exports(const std::string& file,
                                                  const PluginExports& exports, PluginKind kind);

/// The loong to build a plugin against: `0.1`.
[[nodiscard]] std::string_view own_series() noexcept;

} // namespace loong
