#include "tool_policy_places.hpp"

#include "descriptor.hpp"
#include "loong/narrow_policy.hpp"
#include "plugins.hpp"
#include "text.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

namespace fs = std::filesystem;

Result<std::string> resolve_directory(const std::string& directory,
                                      const std::string& working_directory) {
    const std::string what = "tool policy: directory " + escape_controls(directory) + ": ";
    const char* const hint = "name a directory that exists; relative ones lie below the task's";
    if (directory.empty()) {
        return Error{ErrorCode::invalid_argument, "tool policy: a directory's name is empty", hint};
    }
    const std::string path =
        directory.front() == '/' ? directory : working_directory + '/' + directory;
    struct stat info {};
    const int error = ::stat(path.c_str(), &info) != 0 ? errno
                      : S_ISDIR(info.st_mode)          ? 0
                                                       : ENOTDIR;
    if (error != 0) {
        return Error{ErrorCode::invalid_argument, what + std::strerror(error), hint};
    }
    return real_path(path);
}

/// What the kernel calls it: that takes three system calls, and to look at each part of the path takes
/// one for each. Empty where it is not there.
std::string path_that_is_there(const std::string& path) {
    const Descriptor opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!opened) return {};
    const std::string link = "/proc/self/fd/" + std::to_string(opened.get());
    std::array<char, PATH_MAX> name{};
    const ssize_t length = ::readlink(link.c_str(), name.data(), name.size());
    if (length <= 0 || length == static_cast<ssize_t>(name.size())) return {};
    std::string real(name.data(), static_cast<std::size_t>(length));
    // What was removed meanwhile is called otherwise, and so is what lies outside of our root.
    const bool is_name = real.front() == '/' && !real.ends_with(" (deleted)");
    return is_name ? real : std::string();
}

struct ProtectedPlace {
    std::string what;
    std::string path;
};

std::string parent_of(const std::string& path) {
    return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
}

std::vector<ProtectedPlace> protected_places(const Workspace& workspace,
                                             const std::vector<std::string>& hidden) {
    const Config& config = workspace.config();
    std::vector<ProtectedPlace> places;
    places.reserve(hidden.size());
    for (const std::string& directory : hidden) places.push_back({"loong's state", directory});
    // Also where there is none yet: who writes the first one decides what the operator runs.
    const std::string file = config.file.empty() ? find_config({}).file : config.file;
    if (!file.empty()) places.push_back({"the configuration", real_path(file)});
    for (const std::string& directory : plugin_directories(config.plugin_path)) {
        places.push_back({"loong's plugins", real_path(directory)});
    }
    const auto add_plugin = [&](const std::string& plugin) {
        if (plugin.find('/') != std::string::npos) {
            places.push_back({"the plugin " + plugin, real_path(plugin)});
        }
    };
    add_plugin(config.store_plugin);
    for (const auto& [name, entry] : config.runtimes) add_plugin(entry.plugin);
    for (const std::string& program : {workspace.worker_program(), workspace.keeper_path()}) {
        places.push_back({"loong itself", parent_of(real_path(program))});
    }
    return places;
}

} // namespace

std::string real_path(const std::string& path) {
    if (std::string there = path_that_is_there(path); !there.empty()) return there;
    std::error_code failed;
    const fs::path real = fs::weakly_canonical(path, failed);
    std::string text = failed ? fs::path(path).lexically_normal().string() : real.string();
    while (text.size() > 1 && text.back() == '/') text.pop_back();
    return text;
}

Result<ToolNarrowing> resolve_narrowing(ToolNarrowing wish, const std::string& working_directory) {
    const auto resolve = [&](std::string& directory) -> Result<void> {
        Result<std::string> real = resolve_directory(directory, working_directory);
        if (!real) return std::move(real).error();
        directory = *std::move(real);
        return {};
    };
    for (auto* directories : {&wish.read, &wish.write}) {
        for (std::string& directory : *directories) {
            if (Result<void> done = resolve(directory); !done) return std::move(done).error();
        }
    }
    for (ToolRule& rule : wish.rules) {
        if (!takes_directories(rule.tool) || rule.prefix.empty()) continue;
        if (Result<void> done = resolve(rule.prefix); !done) return std::move(done).error();
    }
    return wish;
}

std::vector<ToolRule> resolve_rules(std::vector<ToolRule> rules) {
    for (ToolRule& rule : rules) {
        if (takes_directories(rule.tool) && !rule.prefix.empty()) {
            rule.prefix = real_path(rule.prefix);
        }
    }
    return rules;
}

std::vector<std::string> hidden_directories(const Config& config) {
    std::vector<std::string> directories{real_path(config.state_directory)};
    // A store may be told to keep things elsewhere; whichever of its settings says so is a path.
    if (const Value::Object* settings = config.store_settings.values.as_object()) {
        for (const auto& [key, value] : *settings) {
            const std::string* text = value.as_string();
            if (text != nullptr && text->starts_with('/')) directories.push_back(real_path(*text));
        }
    }
    return directories;
}

ToolPolicyPlaces find_places(const Workspace& workspace) {
    ToolPolicyPlaces places;
    places.hidden_directories = hidden_directories(workspace.config());
    for (ProtectedPlace& place : protected_places(workspace, places.hidden_directories)) {
        places.protected_places.push_back(std::move(place.path));
    }
    return places;
}

Result<void> check_write_directories(const ToolPolicy& policy, const Workspace& workspace) {
    // Only narrowed work is held to directories.
    if (!policy.narrowed) return {};
    ToolPolicy placed = policy;
    ToolPolicyPlaces places = find_places(workspace);
    placed.hidden_directories = std::move(places.hidden_directories);
    placed.protected_places = std::move(places.protected_places);
    const std::optional<PathConflict> conflict = write_conflict(placed);
    if (!conflict) return {};
    std::string what;
    for (const ProtectedPlace& place : protected_places(workspace, placed.hidden_directories)) {
        if (place.path == conflict->place) what = place.what;
    }
    return Error{ErrorCode::invalid_argument,
                 "tool policy: narrowed work could write " + escape_controls(conflict->writable) +
                     ", and with it " + what + " (" + escape_controls(conflict->place) + ")",
                 "name smaller directories with --write, or a directory of its own with --cwd"};
}

} // namespace loong
