#pragma once
/// Shared libraries: what one exports, and loading it. All that loong uses of Boost.DLL.

#include "loong/error.hpp"

#include <string>
#include <vector>

namespace loong {

/// The names that a shared library exports, read from the file; runs none of it. The message of
/// the error is a reason only, without the file. Call why_no_library() first.
[[nodiscard]] Result<std::vector<std::string>> exported_names(const std::string& file);

/// Loads the library for good, with every symbol bound now and none lent to other libraries, and
/// gives the address of one of its exports. The message of the error is the loader's own reason.
[[nodiscard]] Result<const void*> load_export(const std::string& file, const char* name);

} // namespace loong
