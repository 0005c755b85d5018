#pragma once
/// The inside of check_plugin(): the process in which a plugin is tried, and what it tells.

#include "plugin_check.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace loong {

/// Where a check in the plugin's process tells how it went.
class CheckTeller {
public:
    /// `descriptor` is the write end of the pipe.
    explicit CheckTeller(int descriptor) : descriptor_(descriptor) {}

    /// A check begins; it has to be told of within `limit`, else the process is ended.
    void begin(std::string_view name, Milliseconds limit = std::chrono::seconds(10));
    void passed(std::string_view seen = {}) { tell("passed", seen); }
    void failed(std::string_view why) { tell("failed", why); }
    void skipped(std::string_view why) { tell("skipped", why); }
    /// The descriptor's id or version.
    void fact(std::string_view key, std::string_view value);

    /// Begins a check and runs it: it returns why it failed, or nothing.
    void check(std::string_view name, const std::function<std::string()>& body);

private:
    void tell(std::string_view how, std::string_view text);

    int descriptor_;
};

/// Runs `body` in a process of its own and adds what it told to the report. A process that dies or
/// does not come back in time is the failure of the check that it was at. Everything that it
/// started has ended afterwards.
[[nodiscard]] Result<void> run_apart(const std::function<void(CheckTeller&)>& body,
                                     PluginCheckReport& report);

/// A directory for the user alone, removed at the end.
class CheckDirectory {
public:
    static Result<std::unique_ptr<CheckDirectory>> make();
    explicit CheckDirectory(std::string path) : path_(std::move(path)) {}
    CheckDirectory(const CheckDirectory&) = delete;
    CheckDirectory& operator=(const CheckDirectory&) = delete;
    ~CheckDirectory();

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string state() const { return path_ + "/state"; }

    /// Writes a configuration with these members and gives its name.
    [[nodiscard]] Result<std::string> configure(const Value& config) const;

private:
    std::string path_;
};

/// A configuration's entry for the plugin with its settings.
[[nodiscard]] Value plugin_entry(const PluginCheckRequest& request);

/// `CODE: MESSAGE`.
[[nodiscard]] std::string error_line(const Error& error);

// The quick forms of the contract suites. `directory` is the checks' own.
void check_runtime(const PluginCheckRequest& request, const CheckDirectory& directory,
                   CheckTeller& teller);
void check_store(const PluginCheckRequest& request, const CheckDirectory& directory,
                 CheckTeller& teller);

} // namespace loong
