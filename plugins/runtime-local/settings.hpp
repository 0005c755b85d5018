#pragma once
/// The settings of runtime-local.

#include <loong/error.hpp>
#include <loong/value.hpp>

#include <string>

namespace loong::local {

struct LocalSettings {
    /// What runs shell texts; takes `-c TEXT` and the name of a script. Absolute.
    std::string shell = "/bin/sh";
};

/// `invalid_config`, with file and line, for unknown keys and wrong values. `max_parallel` belongs
/// to the workers and is let pass.
[[nodiscard]] Result<LocalSettings> read_settings(const Settings& settings);

} // namespace loong::local
