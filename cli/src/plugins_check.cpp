#include "config.hpp"
#include "json_writer.hpp"
#include "plugin_check.hpp"
#include "plugin_file.hpp"
#include "text.hpp"
#include "verbs.hpp"

#include <filesystem>
#include <system_error>

namespace loong::cli {
namespace {

namespace fs = std::filesystem;

bool same_file(const std::string& left, const std::string& right) {
    std::error_code ignored;
    return fs::equivalent(left, right, ignored);
}

class PluginsCheck final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("PLUGIN", 1);
        table.value("--text", "TEXT", text_,
                    "what the sessions of a runtime are given (default: true)");
        table.note(
            "Tries everything that loong asks of a plugin, one by one: what its file tells, "
            "its descriptor, and the short form of the contract. PLUGIN is a file or a name. "
            "Its code runs in processes of its own: one that crashes or hangs is a failed "
            "check. A runtime carries two sessions in a state directory made for this. The "
            "settings are those of the entry of the configuration that names the plugin, if "
            "there is one.");
        table.example("loong plugins check build/runtime-demo.so");
        table.exit_codes("0 all passed, 2 failure, 6 a check failed");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "loong plugins check: no plugin was named",
                         "name a file, or a plugin that `loong plugins list` shows"};
        }
        Result<Config> config = load_config(invocation.globals.config_file.value_or(""));
        if (!config) return std::move(config).error();
        PluginCheckRequest request;
        Result<std::string> file = find(invocation.words.front(), *config);
        if (!file) return std::move(file).error();
        request.file = *file;
        if (text_) request.text = *text_;
        find_settings(*config, request);
        Result<PluginCheckReport> report = check_plugin(request);
        if (!report) return std::move(report).error();
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *config, *report));
        } else {
            invocation.out.print(text(invocation.terminal, *report));
        }
        return report->passed() ? ExitCode::done : ExitCode::plugin_refused;
    }

private:
    // `build/x.so` and `x.so` are files, also here; anything else without a slash is a name.
    static Result<std::string> find(const std::string& word, const Config& config) {
        std::error_code failed;
        const bool is_file = word.find('/') != std::string::npos || fs::exists(word, failed);
        if (!is_file) return resolve_plugin(word, plugin_directories(config.plugin_path));
        const fs::path path = fs::absolute(word, failed).lexically_normal();
        return resolve_plugin(failed ? word : path.string(), {});
    }

    static void find_settings(const Config& config, PluginCheckRequest& request) {
        const std::vector<std::string> directories = plugin_directories(config.plugin_path);
        const auto is_it = [&](const std::string& plugin) {
            const Result<std::string> file = resolve_plugin(plugin, directories);
            return file && same_file(*file, request.file);
        };
        if (is_it(config.store_plugin)) request.settings = config.store_settings;
        for (const auto& [name, entry] : config.runtimes) {
            if (is_it(entry.plugin)) request.settings = entry.settings;
        }
    }

    static std::string text(const Terminal& terminal, const PluginCheckReport& report) {
        std::string text = escape_controls(report.file) + "\n";
        if (report.kind) text += std::string(to_string(*report.kind)) + " ";
        if (!report.id.empty()) text += report.id + " " + report.version;
        if (report.kind) text += "\n";
        std::size_t failed = 0;
        for (const PluginCheck& check : report.checks) {
            const bool passed = check.result == PluginCheck::Result::passed;
            const bool wrong = check.result == PluginCheck::Result::failed;
            if (wrong) ++failed;
            const std::string word = coloured(terminal,
                                              wrong    ? Colour::bad
                                              : passed ? Colour::good
                                                       : Colour::faint,
                                              passed  ? "passed "
                                              : wrong ? "FAILED "
                                                      : "skipped");
            text += "  " + word + "  " + escape_controls(check.name);
            if (!check.message.empty()) text += "\n           " + escape_controls(check.message);
            text += "\n";
        }
        return text + std::to_string(report.checks.size()) + " checks, " + std::to_string(failed) +
               " failed\n";
    }

    static std::string json(const Invocation& invocation, const Config& config,
                            const PluginCheckReport& report) {
        Value::Array checks;
        for (const PluginCheck& check : report.checks) {
            Value item;
            item.set("name", check.name);
            item.set("result", to_string(check.result));
            item.set("message", check.message.empty() ? Value() : Value(check.message));
            checks.push_back(std::move(item));
        }
        const auto or_null = [](const std::string& word) {
            return word.empty() ? Value() : Value(word);
        };
        Value answer = invocation.header(nullptr);
        if (!config.file.empty()) answer.set("config", config.file);
        answer.set("file", report.file);
        answer.set("kind", report.kind ? Value(to_string(*report.kind)) : Value());
        answer.set("id", or_null(report.id));
        answer.set("version", or_null(report.version));
        answer.set("passed", report.passed());
        answer.set("checks", std::move(checks));
        return to_json(answer);
    }

    std::optional<std::string> text_;
};

} // namespace

std::unique_ptr<Verb> make_plugins_check() { return std::make_unique<PluginsCheck>(); }

} // namespace loong::cli
