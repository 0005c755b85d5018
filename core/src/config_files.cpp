#include "config.hpp"
#include "descriptor.hpp"
#include "trusted_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace loong {

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

/// Empty where it is not set; what is set to nothing counts as not set.
std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// A relative path would mean another place for each process that reads the variable.
std::string absolute_environment(const char* name) {
    std::string value = environment(name);
    return value.starts_with('/') ? value : std::string();
}

std::string home_directory() {
    std::string home = absolute_environment("HOME");
    if (!home.empty()) return home;
    std::vector<char> buffer(16'384);
    struct passwd entry {};
    struct passwd* found = nullptr;
    if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr || found->pw_dir == nullptr || *found->pw_dir != '/') {
        return {};
    }
    return found->pw_dir;
}

/// `$VARIABLE`, else a place in the home directory; empty where there is none either.
std::string xdg_directory(const char* variable, const char* in_home) {
    std::string directory = absolute_environment(variable);
    if (!directory.empty()) return directory;
    const std::string home = home_directory();
    return home.empty() ? std::string() : home + in_home;
}

/// A worker has another working directory, and gets the names that are found here.
std::string make_absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    if (error) return path;
    std::string text = absolute.lexically_normal().string();
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
}

Error refusal(const std::string& file, const std::string& why, std::string hint = {}) {
    return {ErrorCode::invalid_config, "config " + file + ": " + why, std::move(hint)};
}

std::optional<Error> refuse_status(const std::string& file, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) {
        return refusal(file, "is a directory", "name the file in it");
    }
    if (!S_ISREG(status.st_mode)) return refusal(file, "is no regular file");
    if (const std::string why = why_not_trusted(status); !why.empty()) {
        // It names the commands and the libraries that loong runs.
        return refusal(file, why + ", so it is not read",
                       "if you know what is in it, make it yours alone: chmod go-w, chown");
    }
    if (static_cast<std::uint64_t>(status.st_size) > largest_file) {
        return refusal(file, "is larger than 1 MiB");
    }
    return std::nullopt;
}

Result<std::string> read_all(int descriptor, const std::string& file) {
    std::string text;
    std::size_t length = 0;
    while (true) {
        text.resize(length + 16'384);
        const ssize_t got = ::read(descriptor, text.data() + length, text.size() - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return refusal(file, std::string("cannot be read: ") + std::strerror(errno));
        }
        length += static_cast<std::size_t>(got);
        // It may have grown since it was looked at.
        if (length > largest_file) return refusal(file, "is larger than 1 MiB");
        if (got == 0) break;
    }
    text.resize(length);
    return text;
}

/// Absent where there is no such file.
Result<std::optional<std::string>> read_file(const std::string& file) {
    // Not blocking: a FIFO without a writer would keep open() waiting for ever.
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!descriptor) {
        if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
        return refusal(file, std::string("cannot be opened: ") + std::strerror(errno));
    }
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) {
        return refusal(file, std::string("cannot be looked at: ") + std::strerror(errno));
    }
    if (auto refused = refuse_status(file, status)) return *std::move(refused);
    Result<std::string> text = read_all(descriptor.get(), file);
    if (!text) return std::move(text).error();
    return std::optional(*std::move(text));
}

} // namespace

ConfigPath find_config(std::string_view explicit_file) {
    if (!explicit_file.empty()) return {make_absolute(std::string(explicit_file)), true};
    const std::string named = environment("LOONG_CONFIG");
    if (!named.empty()) return {make_absolute(named), true};
    const std::string directory = xdg_directory("XDG_CONFIG_HOME", "/.config");
    if (directory.empty()) return {};
    return {make_absolute(directory + "/loong/config.yaml"), false};
}

Result<std::string> find_state_directory() {
    const std::string named = environment("LOONG_HOME");
    if (!named.empty()) return make_absolute(named);
    const std::string directory = xdg_directory("XDG_STATE_HOME", "/.local/state");
    if (directory.empty()) {
        return Error{ErrorCode::invalid_config,
                     "state directory: this user has no home directory to keep it in",
                     "set LOONG_HOME to the directory to use"};
    }
    return make_absolute(directory + "/loong");
}

Result<Config> load_config(std::string_view explicit_file) {
    const ConfigPath path = find_config(explicit_file);
    if (path.file.empty()) return parse_config({}, {});
    Result<std::optional<std::string>> text = read_file(path.file);
    if (!text) return std::move(text).error();
    if (text->has_value()) return parse_config(**text, path.file);
    if (!path.must_exist) return parse_config({}, {});
    return refusal(path.file, "there is no such file", "`loong config init` makes one");
}

} // namespace loong
