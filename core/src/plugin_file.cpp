#include "plugin_file.hpp"

#include "elf_file.hpp"
#include "loong/plugin.hpp"
#include "plugin_library.hpp"
#include "trusted_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace loong {

namespace {

constexpr std::string_view runtime_prefix = "loong_runtime_v";
constexpr std::string_view store_prefix = "loong_store_v";

/// Absent where the path can be followed and nobody else may change what is there.
std::optional<Error> refuse_writable(const std::string& file, const std::string& path,
                                     const char* what) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return refused_plugin(file,
                              fmt::format("{}cannot be looked at: {}", what, std::strerror(errno)));
    }
    const std::string why = why_not_trusted(status);
    if (why.empty()) return std::nullopt;
    Error error = refused_plugin(file, what + why);
    error.hint = "if you know where it is from, make it yours alone: chmod go-w, chown";
    return error;
}

/// Both the directory of the name and, where that is a link, the one of the file itself.
std::optional<Error> refuse_place(const std::string& file) {
    std::error_code failed;
    const std::filesystem::path real = std::filesystem::canonical(file, failed);
    if (failed) return refused_plugin(file, "cannot be looked at: " + failed.message());
    const std::filesystem::path named = std::filesystem::absolute(file, failed).parent_path();
    if (auto error = refuse_writable(file, real, "")) return error;
    if (auto error = refuse_writable(file, real.parent_path(), "its directory ")) return error;
    if (failed || named == real.parent_path()) return std::nullopt;
    return refuse_writable(file, named, "its directory ");
}

std::optional<std::uint32_t> number_after(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    std::uint32_t number = 0;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = failed == std::errc{} && end == name.data() + name.size();
    return whole ? std::optional(number) : std::nullopt;
}

std::string article(PluginKind kind) {
    return kind == PluginKind::runtime ? "a runtime" : "a store";
}

} // namespace

std::string_view to_string(PluginKind kind) noexcept {
    return kind == PluginKind::runtime ? "runtime" : "store";
}

std::string_view own_series() noexcept {
    constexpr std::string_view version = header_version;
    return version.substr(0, version.rfind('.'));
}

Error refused_plugin(const std::string& file, const std::string& why) {
    return {ErrorCode::plugin_refused, file + ": " + why, {}};
}

std::optional<Error> refuse_file(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return Error{ErrorCode::plugin_not_found, file + ": there is no such file",
                         "`loong plugins list` shows what is there"};
        }
        return refused_plugin(file, std::string("cannot be looked at: ") + std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) return refused_plugin(file, "is no regular file");
    return refuse_place(file);
}

Result<PluginExports> read_plugin_exports(const std::string& file) {
    if (auto error = refuse_file(file)) return *std::move(error);
    if (const std::string why = why_no_library(file); !why.empty()) {
        return refused_plugin(file, why);
    }
    const Result<std::vector<std::string>> names = exported_names(file);
    if (!names) return refused_plugin(file, "cannot be read: " + names.error().message);
    PluginExports exports;
    for (const std::string& name : *names) {
        if (const auto number = number_after(name, runtime_prefix)) {
            exports.runtime.push_back(*number);
        } else if (const auto store_number = number_after(name, store_prefix)) {
            exports.store.push_back(*store_number);
        }
    }
    return exports;
}

std::optional<Error> refuse_exports(const std::string& file, const PluginExports& exports,
                                    PluginKind kind) {
    const bool runtime = kind == PluginKind::runtime;
    const std::vector<std::uint32_t>& numbers = runtime ? exports.runtime : exports.store;
    const std::vector<std::uint32_t>& others = runtime ? exports.store : exports.runtime;
    const std::uint32_t own = runtime ? runtime_interface_number : store_interface_number;
    if (std::find(numbers.begin(), numbers.end(), own) != numbers.end()) return std::nullopt;
    if (!numbers.empty()) {
        return refused_plugin(
            file, fmt::format("built for loong {} interface {}, this loong has {}; rebuild it "
                              "against loong {}",
                              to_string(kind), fmt::join(numbers, " and "), own, own_series()));
    }
    if (!others.empty()) {
        const PluginKind other = runtime ? PluginKind::store : PluginKind::runtime;
        return refused_plugin(file, fmt::format("is {}, not {}", article(other), article(kind)));
    }
    return refused_plugin(file,
                          fmt::format("exports no {}{}, so it is no {} for loong; LOONG_{}_PLUGIN "
                                      "in its source makes it one",
                                      runtime ? runtime_prefix : store_prefix, own, to_string(kind),
                                      runtime ? "RUNTIME" : "STORE"));
}

} // namespace loong
