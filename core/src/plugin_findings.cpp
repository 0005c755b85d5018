#include "plugin_findings.hpp"

#include "finding_codes.hpp"
#include "installation.hpp"
#include "plugin_file.hpp"
#include "plugins.hpp"
#include "text.hpp"
#include "trusted_file.hpp"

#include <algorithm>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace loong {

namespace {

/// The right one of the three codes for a plugin that cannot be used.
const char* code_for(ErrorCode code) {
    switch (code) {
    case ErrorCode::plugin_not_found: return finding_code::plugin_missing;
    case ErrorCode::plugin_refused: return finding_code::plugin_refused;
    default: return finding_code::plugin_fails;
    }
}

const char* fix_for(ErrorCode code) {
    switch (code) {
    case ErrorCode::plugin_not_found: return "install it, or correct the configuration";
    case ErrorCode::plugin_refused: return "do as its message says, or configure another";
    default: return "correct its settings, or tell its author";
    }
}

Diagnosed found(const char* code, Severity severity, std::string subject, std::string cause,
                std::string fix) {
    Diagnosed diagnosed;
    diagnosed.finding = {code, severity, {}, std::move(cause), std::move(fix), false};
    diagnosed.subject = std::move(subject);
    return diagnosed;
}

class PluginInspection {
public:
    explicit PluginInspection(const Config& config)
        : config_(config),
          directories_(plugin_directories(config.plugin_path)) {}

    PluginDiagnosis inspect() {
        inspect_path();
        result_.store_is_refused =
            !inspect_configured("store", config_.store_plugin, PluginKind::store);
        for (const auto& [name, entry] : config_.runtimes) {
            const std::string subject = "runtime " + name;
            if (inspect_configured(subject, entry.plugin, PluginKind::runtime)) {
                inspect_runtime(subject, entry);
            }
        }
        inspect_files();
        return std::move(result_);
    }

private:
    void add(Diagnosed diagnosed) { result_.findings.push_back(std::move(diagnosed)); }

    void add_unusable(const std::string& subject, const Error& error) {
        add(found(code_for(error.code), Severity::error, subject, error.message,
                  error.hint.empty() ? std::string(fix_for(error.code)) : error.hint));
    }

    void inspect_path() {
        for (const std::string& directory : config_.plugin_path) {
            struct stat status {};
            if (::stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
                add(found(finding_code::plugin_path_missing, Severity::warning, directory,
                          directory + " is named in plugin_path, and there is no such directory",
                          "make it, or take it out of the configuration"));
                continue;
            }
            const std::string why = why_not_trusted(status);
            if (why.empty()) continue;
            untrusted_.insert(directory);
            std::string cause = directory;
            cause.append(" ").append(why).append(", so no plugin from there is loaded");
            Diagnosed open = found(
                finding_code::plugin_path_permissions, Severity::error, directory, std::move(cause),
                "look whether somebody put something there, then make it yours alone");
            open.command = "chmod go-w " + shell_quote(directory);
            add(std::move(open));
        }
    }

    /// True where the file may be loaded.
    bool inspect_configured(const std::string& subject, const std::string& plugin,
                            PluginKind kind) {
        Result<std::string> file = resolve_plugin(plugin, directories_);
        if (!file) {
            add_unusable(subject, file.error());
            return false;
        }
        Result<PluginExports> exports = read_plugin_exports(*file);
        std::optional<Error> refused =
            exports ? refuse_exports(*file, *exports, kind) : std::move(exports).error();
        if (!refused) return true;
        told_.insert(*file);
        add_unusable(subject, *refused);
        return false;
    }

    void inspect_runtime(const std::string& subject, const RuntimeEntry& entry) {
        RuntimeSetup setup;
        setup.name = entry.name;
        setup.settings = entry.settings;
        setup.keeper_path = installed_keeper();
        Result<PluginObject<Runtime>> runtime = load_runtime(entry.plugin, directories_, setup);
        if (!runtime) return add_unusable(subject, runtime.error());
        RuntimeDiagnosis* able = diagnosis(**runtime);
        if (able == nullptr) return;
        Result<std::vector<Finding>> told = able->diagnose();
        if (!told) return add_unusable(subject, told.error());
        for (Finding& finding : *told) {
            Diagnosed diagnosed;
            diagnosed.finding = std::move(finding);
            diagnosed.subject = subject;
            add(std::move(diagnosed));
        }
    }

    /// Those that nobody uses now, and that would be refused by whoever did.
    void inspect_files() {
        for (const PluginFile& plugin : find_plugins(directories_)) {
            const std::string directory = plugin.file.substr(0, plugin.file.rfind('/'));
            if (!plugin.refused || untrusted_.count(directory) != 0 ||
                told_.count(plugin.file) != 0) {
                continue;
            }
            add(found(finding_code::plugin_refused, Severity::warning, plugin.file,
                      plugin.refused->message,
                      plugin.refused->hint.empty() ? "take it away, or do as its message says"
                                                   : plugin.refused->hint));
        }
    }

    const Config& config_;
    std::vector<std::string> directories_;
    PluginDiagnosis result_;
    std::set<std::string> untrusted_;
    std::set<std::string> told_;
};

} // namespace

PluginDiagnosis diagnose_plugins(const Config& config) {
    return PluginInspection(config).inspect();
}

std::optional<Error> why_unusable_runtime(const std::string& name_or_path,
                                          const std::vector<std::string>& directories) {
    Result<std::string> file = resolve_plugin(name_or_path, directories);
    if (!file) return std::move(file).error();
    Result<PluginExports> exports = read_plugin_exports(*file);
    if (!exports) return std::move(exports).error();
    return refuse_exports(*file, *exports, PluginKind::runtime);
}

} // namespace loong
