#pragma once
/// A plugin's project, written so that it builds and passes.

#include "loong/error.hpp"

#include <string>
#include <vector>

namespace loong::cli {

struct PluginProject {
    /// `runtime` or `store`.
    std::string kind;
    /// Without the kind: `demo`.
    std::string name;
    /// Where its directory is made.
    std::string parent;

    [[nodiscard]] std::string id() const { return kind + "-" + name; }
};

/// What was written.
struct WrittenProject {
    /// Absolute.
    std::string directory;
    std::vector<std::string> files;
};

/// Writes the project's directory, whole or not at all. `invalid_argument`: a bad kind or name;
/// `conflict`: the directory is there; `store_io`.
[[nodiscard]] Result<WrittenProject> write_plugin_project(const PluginProject& project);

} // namespace loong::cli
