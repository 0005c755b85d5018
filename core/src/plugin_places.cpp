#include "installation.hpp"
#include "plugin_file.hpp"
#include "plugins.hpp"
#include "text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

namespace loong {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".so";

void add_once(std::vector<std::string>& directories, const fs::path& directory) {
    std::string text = directory.lexically_normal().string();
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    if (std::find(directories.begin(), directories.end(), text) == directories.end()) {
        directories.push_back(text);
    }
}

/// The libraries of a directory, by name; none where it cannot be read.
std::vector<std::string> libraries_in(const std::string& directory, std::error_code& failed) {
    std::vector<std::string> files;
    fs::directory_iterator entry(directory, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        if (name.size() > suffix.size() && name.ends_with(suffix)) {
            files.push_back(entry->path().string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string name_of(const std::string& file) {
    std::string name = fs::path(file).filename().string();
    name.resize(name.size() - suffix.size());
    return name;
}

bool exists(const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0;
}

PluginFile inspect(const std::string& file) {
    PluginFile plugin;
    plugin.file = file;
    plugin.name = name_of(file);
    Result<PluginExports> exports = read_plugin_exports(file);
    if (!exports) {
        plugin.refused = std::move(exports).error();
        return plugin;
    }
    if (!exports->runtime.empty()) {
        plugin.kind = PluginKind::runtime;
    } else if (!exports->store.empty()) {
        plugin.kind = PluginKind::store;
    } else {
        plugin.refused = refused_plugin(file, "is no plugin for loong");
        return plugin;
    }
    plugin.refused = refuse_exports(file, *exports, *plugin.kind);
    return plugin;
}

Error not_found(const std::string& name, const std::vector<std::string>& directories) {
    std::vector<std::string> names;
    for (const std::string& directory : directories) {
        std::error_code ignored;
        for (const std::string& file : libraries_in(directory, ignored)) {
            names.push_back(name_of(file));
        }
    }
    std::string message = fmt::format("plugin {}: there is no {}{} in {}", name, name, suffix,
                                      fmt::join(directories, ", "));
    if (const std::string words = suggest(name, names); !words.empty()) message += "; " + words;
    return {ErrorCode::plugin_not_found, message, "`loong plugins list` shows what is there"};
}

} // namespace

std::vector<std::string> plugin_directories(const std::vector<std::string>& configured_path) {
    std::vector<std::string> directories;
    for (const std::string& directory : configured_path) add_once(directories, directory);
    const fs::path prefix = installation_prefix();
    if (prefix.empty()) return directories;
    // As it is built, and as it is installed: LOONG_LIBDIR may be lib64, or lib/x86_64-linux-gnu.
    add_once(directories, prefix / "lib/loong/plugins");
    add_once(directories, prefix / LOONG_LIBDIR / "loong/plugins");
    return directories;
}

std::vector<PluginFile> find_plugins(const std::vector<std::string>& directories) {
    std::vector<PluginFile> plugins;
    for (const std::string& directory : directories) {
        std::error_code failed;
        for (const std::string& file : libraries_in(directory, failed)) {
            plugins.push_back(inspect(file));
        }
        const bool missing =
            failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory;
        if (!failed || missing) continue;
        PluginFile unreadable;
        unreadable.file = directory;
        unreadable.refused = refused_plugin(directory, "cannot be read: " + failed.message());
        plugins.push_back(std::move(unreadable));
    }
    return plugins;
}

Result<std::string> resolve_plugin(const std::string& name_or_path,
                                   const std::vector<std::string>& directories) {
    if (name_or_path.find('/') != std::string::npos) {
        if (exists(name_or_path)) return name_or_path;
        return Error{
            ErrorCode::plugin_not_found, "plugin " + name_or_path + ": there is no such file", {}};
    }
    for (const std::string& directory : directories) {
        std::string file = fmt::format("{}/{}{}", directory, name_or_path, suffix);
        if (exists(file)) return file;
    }
    return not_found(name_or_path, directories);
}

} // namespace loong
