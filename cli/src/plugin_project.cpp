#include "plugin_project.hpp"

#include "option_values.hpp"
#include "plugin_file.hpp"
#include "plugin_templates.hpp"
#include "text.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace loong::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_name = 40;

Error invalid(const std::string& what, const std::string& hint) {
    return {ErrorCode::invalid_argument, what, hint};
}

std::string why_no_name(const PluginProject& project) {
    const std::string& name = project.name;
    if (name.empty()) return "it is empty";
    if (name.size() > longest_name) return "it is longer than 40 characters";
    for (const char c : name) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (!fits) return "it has more than lower-case letters, digits and '-' in it";
    }
    if (name.front() < 'a') return "it does not start with a letter";
    if (name.back() == '-' || name.find("--") != std::string::npos) {
        return "each '-' has to stand between two words";
    }
    if (name.starts_with(project.kind + "-")) return "the kind is put before it anyway";
    return {};
}

Result<void> check(const PluginProject& project) {
    if (project.kind != "runtime" && project.kind != "store") {
        return unknown_word("kind of plugin", project.kind, {"runtime", "store"});
    }
    if (const std::string why = why_no_name(project); !why.empty()) {
        return invalid("name " + shorten(escape_controls(project.name), longest_name) + ": " + why,
                       "for example: loong plugins new " + project.kind + " demo");
    }
    const Result<std::string> own = resolve_plugin(project.id(), plugin_directories({}));
    if (own) {
        return Error{ErrorCode::conflict,
                     "name " + project.name + ": there is a plugin " + project.id() +
                         " in this installation already",
                     "choose another name"};
    }
    return {};
}

/// `coding-agent` as `CodingAgentRuntime`.
std::string class_name(const PluginProject& project) {
    std::string result;
    bool first = true;
    for (const char c : project.name + "-" + project.kind) {
        const bool letter = c >= 'a' && c <= 'z';
        if (c != '-') result += first && letter ? static_cast<char>(c - 'a' + 'A') : c;
        first = c == '-';
    }
    return result;
}

std::string replaced(std::string_view text,
                     const std::vector<std::pair<std::string, std::string>>& words) {
    std::string result(text);
    for (const auto& [word, value] : words) {
        for (std::size_t at = result.find(word); at != std::string::npos;
             at = result.find(word, at + value.size())) {
            result.replace(at, word.size(), value);
        }
    }
    return result;
}

Error io_error(const std::string& what) {
    return {ErrorCode::store_io, what + ": " + std::strerror(errno), {}};
}

/// A directory that is removed again unless it was kept.
class Unfinished {
public:
    explicit Unfinished(std::string path) : path_(std::move(path)) {}
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    /// Gives it its name, if that is still free.
    Result<void> keep_as(const std::string& name) {
        if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) != 0) {
            if (errno != EEXIST) return io_error("directory " + name);
            return Error{ErrorCode::conflict, "directory " + name + ": it is there already",
                         "choose another name, or another place with --dir"};
        }
        path_.clear();
        return {};
    }

private:
    std::string path_;
};

} // namespace

Result<WrittenProject> write_plugin_project(const PluginProject& project) {
    if (Result<void> checked = check(project); !checked) return std::move(checked).error();
    std::error_code failed;
    const fs::path parent = fs::absolute(project.parent.empty() ? "." : project.parent, failed);
    WrittenProject written;
    written.directory = (parent / project.id()).lexically_normal().string();
    std::string making = (parent / ".loong-new-XXXXXX").string();
    if (failed || ::mkdtemp(making.data()) == nullptr) return io_error("directory " + making);
    Unfinished unfinished(making);
    ::chmod(making.c_str(), 0755);
    std::string name_space = project.id();
    for (char& c : name_space) c = c == '-' ? '_' : c;
    const std::vector<std::pair<std::string, std::string>> words = {
        {"@ID@", project.id()},
        {"@NAME@", project.name},
        {"@CLASS@", class_name(project)},
        {"@NAMESPACE@", name_space},
        {"@SERIES@", std::string(own_series())},
        {"@DIRECTORY@", written.directory}};
    for (const TemplateFile& file : plugin_templates()) {
        if (file.kind != project.kind) continue;
        const std::string path = making + "/" + std::string(file.name);
        std::ofstream stream(path, std::ios::binary);
        stream << replaced(file.content, words);
        stream.close();
        if (!stream) return io_error("file " + path);
        written.files.emplace_back(file.name);
    }
    if (Result<void> kept = unfinished.keep_as(written.directory); !kept) {
        return std::move(kept).error();
    }
    return written;
}

} // namespace loong::cli
