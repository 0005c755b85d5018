#include "user_scope.hpp"

#include "trusted_file.hpp"

#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {

namespace {

constexpr const char* launcher = "/usr/bin/systemd-run";

/// Whether something of that type is there and nobody else could have put it there.
bool is_own(const std::string& path, mode_t type) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && (status.st_mode & S_IFMT) == type &&
           (status.st_uid == ::geteuid() || status.st_uid == 0);
}

bool has_manager(const std::string& runtime_directory) {
    return is_own(runtime_directory, S_IFDIR) &&
           is_own(runtime_directory + "/systemd/private", S_IFSOCK);
}

} // namespace

std::vector<ScopeLauncher> scope_launchers(const std::string& runtime_directory) {
    struct stat status {};
    const bool usable = ::stat(launcher, &status) == 0 && why_not_trusted(status).empty() &&
                        ::access(launcher, X_OK) == 0;
    if (!usable) return {};
    // Where a service or a bare environment calls, the directory is where the manager makes it.
    const std::string directory =
        runtime_directory.empty() ? "/run/user/" + std::to_string(::geteuid()) : runtime_directory;
    if (!has_manager(directory)) return {};
    const std::vector<std::string> words = {launcher, "--user", "--scope", "--quiet", "--collect"};
    ScopeLauncher plain{words, {{"XDG_RUNTIME_DIR", directory}}};
    plain.words.emplace_back("--");
    // Otherwise one command that runs out of memory would take its worker along. Managers before
    // version 253 do not know this of scopes, and refuse.
    ScopeLauncher careful{words, plain.environment};
    careful.words.insert(careful.words.end(), {"--property=OOMPolicy=continue", "--"});
    return {careful, plain};
}

std::vector<ScopeLauncher> own_scope_launchers() {
    const char* directory = std::getenv("XDG_RUNTIME_DIR");
    return scope_launchers(directory == nullptr ? "" : directory);
}

} // namespace loong
