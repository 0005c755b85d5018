#pragma once
/// The plugin's part of the configuration.

#include "loong/error.hpp"
#include "loong/store.hpp"

#include <string>

namespace loong::store_common {

struct StoreSettings {
    /// Where everything is kept; absolute.
    std::string root;
};

/// `invalid_config`, with file and line, for an unknown key or a value of the wrong type.
[[nodiscard]] Result<StoreSettings> read_settings(const StoreSetup& setup,
                                                  const std::string& plugin);

} // namespace loong::store_common
