#include "config.hpp"
#include "error_report.hpp"
#include "json_writer.hpp"
#include "plugins.hpp"
#include "table.hpp"
#include "text.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

std::string kind_of(const PluginFile& plugin) {
    if (!plugin.kind) return "";
    return *plugin.kind == PluginKind::runtime ? "runtime" : "store";
}

class PluginsList final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.note("Looks at the files and runs none of them.");
        table.example("loong plugins list");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Config> config = load_config(invocation.globals.config_file.value_or(""));
        if (!config) return std::move(config).error();
        const std::vector<std::string> directories = plugin_directories(config->plugin_path);
        const std::vector<PluginFile> plugins = find_plugins(directories);
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *config, directories, plugins));
        } else if (invocation.globals.quiet) {
            for (const PluginFile& plugin : plugins) invocation.out.print(plugin.name + "\n");
        } else {
            invocation.out.print(text(invocation.terminal, directories, plugins));
        }
        return ExitCode::done;
    }

private:
    static std::string text(const Terminal& terminal, const std::vector<std::string>& directories,
                            const std::vector<PluginFile>& plugins) {
        if (plugins.empty()) {
            std::string text = "No plugins in:\n";
            for (const std::string& directory : directories) {
                text += "    " + escape_controls(directory) + "\n";
            }
            return text;
        }
        Table table(terminal, 2);
        table.add({{"NAME", Colour::faint}, {"KIND", Colour::faint}, {"FILE", Colour::faint}});
        std::string refused;
        for (const PluginFile& plugin : plugins) {
            const std::string kind = plugin.refused ? "refused" : kind_of(plugin);
            table.add({{escape_controls(plugin.name)},
                       {kind, plugin.refused ? Colour::warning : Colour::none},
                       {escape_controls(plugin.file)}});
            if (plugin.refused) {
                refused += "\n" + escape_controls(plugin.name) + ": " +
                           error_text(*plugin.refused).substr(std::string("error: ").size());
            }
        }
        return table.text() + refused;
    }

    static std::string json(const Invocation& invocation, const Config& config,
                            const std::vector<std::string>& directories,
                            const std::vector<PluginFile>& plugins) {
        Value::Array items;
        for (const PluginFile& plugin : plugins) {
            const std::string kind = kind_of(plugin);
            Value item;
            item.set("name", plugin.name);
            item.set("kind", kind.empty() ? Value() : Value(kind));
            item.set("file", plugin.file);
            item.set("refused", plugin.refused ? error_value(*plugin.refused) : Value());
            items.push_back(std::move(item));
        }
        Value answer = invocation.header(nullptr);
        if (!config.file.empty()) answer.set("config", config.file);
        answer.set("directories", Value::Array(directories.begin(), directories.end()));
        answer.set("plugins", std::move(items));
        return to_json(answer);
    }
};

} // namespace

std::unique_ptr<Verb> make_plugins_list() { return std::make_unique<PluginsList>(); }

} // namespace loong::cli
