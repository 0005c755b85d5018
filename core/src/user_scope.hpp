#pragma once
/// A place for workers that nobody ends together with whoever started them: a scope of the user's
/// own service manager.

#include <string>
#include <utility>
#include <vector>

namespace loong {

/// One way to start a command in a scope of its own.
struct ScopeLauncher {
    /// To be put before the command; the command keeps its process id, descriptors and directory.
    std::vector<std::string> words;
    /// What the launcher needs in its environment.
    std::vector<std::pair<std::string, std::string>> environment;
};

/// The ways that this system offers, the best first; none where no service manager of this user runs
/// or the system has no program to ask it. A way may still fail: then the next one is to be tried.
/// `runtime_directory` is `$XDG_RUNTIME_DIR`, empty where it is not set.
[[nodiscard]] std::vector<ScopeLauncher> scope_launchers(const std::string& runtime_directory);

/// The same with the variable of this process.
[[nodiscard]] std::vector<ScopeLauncher> own_scope_launchers();

} // namespace loong
