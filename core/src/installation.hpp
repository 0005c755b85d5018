#pragma once
/// Where the installation lies that this code belongs to: the program `loong`, its plugins, its
/// keeper.

#include <string>

namespace loong {

/// The directory above `bin`, absolute. Found from the program, or from the library where core is
/// loaded as one by a program of somebody else's. Empty where it cannot be told.
[[nodiscard]] std::string installation_prefix();

/// Where that installation's loong-keeper is.
[[nodiscard]] std::string installed_keeper();

} // namespace loong
