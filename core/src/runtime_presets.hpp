#pragma once
/// Runtimes that need no entry in the configuration: files `share/loong/runtimes/NAME.yaml` of this
/// installation, each written as an entry of `runtimes` is. Whoever packages a plugin, or a set of
/// settings for one, adds a file.

#include "config.hpp"
#include "loong/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// Their names, in order.
[[nodiscard]] std::vector<std::string> preset_names();

/// Null where there is none of that name. The files are taken not to change while a process runs: each
/// is read once, and the entry lives as long as the process. `invalid_config`.
[[nodiscard]] Result<const RuntimeEntry*> find_preset(const std::string& name);

/// Reads what such a file holds (config.cpp, for it is a part of a configuration).
[[nodiscard]] Result<RuntimeEntry> parse_preset(std::string_view yaml, const std::string& file,
                                                const std::string& name);

} // namespace loong
