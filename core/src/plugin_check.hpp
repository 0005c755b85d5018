#pragma once
/// Everything that loong asks of a plugin, tried one by one: `loong plugins check`.
///
/// What can be told from the file is told without running any of it. The rest happens in a process
/// of its own, and work in workers as always, so that a plugin which crashes, hangs or eats memory
/// is found out and takes nobody with it.

#include "config.hpp"
#include "loong/value.hpp"
#include "plugins.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong {

struct PluginCheck {
    enum class Result : std::uint8_t { passed, failed, skipped };
    std::string name;
    Result result = Result::failed;
    /// What was seen; why, where it failed or was skipped.
    std::string message;
};

[[nodiscard]] std::string_view to_string(PluginCheck::Result result) noexcept;

struct PluginCheckRequest {
    std::string file;
    /// What the plugin is made with.
    Settings settings;
    /// For a runtime: the text of the sessions that are carried.
    std::string text = "true";
};

struct PluginCheckReport {
    std::string file;
    std::optional<PluginKind> kind;
    /// As the descriptor says; empty where it could not be read.
    std::string id;
    std::string version;
    std::vector<PluginCheck> checks;

    /// None failed.
    [[nodiscard]] bool passed() const;
};

/// Runs the checks up to the first at the boundary that fails, then all of the plugin's kind.
/// An error: the checks themselves could not be run (no process, no directory).
[[nodiscard]] Result<PluginCheckReport> check_plugin(const PluginCheckRequest& request);

} // namespace loong
