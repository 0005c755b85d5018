#include "workspace.hpp"

#include "hand_over.hpp"
#include "installation.hpp"
#include "runtime_presets.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <utility>

namespace loong {

Result<std::unique_ptr<Workspace>> Workspace::open(const OpenOptions& options,
                                                   WorkerThreads* threads) {
    Result<Config> config = load_config(options.config_file);
    if (!config) return std::move(config).error();
    std::unique_ptr<Workspace> workspace(new Workspace());
    workspace->options_ = options;
    if (options.on_store_progress) {
        workspace->host_.on_progress = [tell = options.on_store_progress](
                                           std::uint64_t done, std::uint64_t total, bool by_other) {
            tell({done, total, by_other});
        };
    }
    workspace->config_ = *std::move(config);
    if (!options.state_directory.empty()) {
        workspace->config_.state_directory = options.state_directory;
    }
    const std::string prefix = installation_prefix();
    workspace->worker_program_ =
        options.worker_program.empty() ? prefix + "/bin/loong" : options.worker_program;
    workspace->keeper_path_ = installed_keeper();
    const bool has_threads = options.workers_in_this_process || threads != nullptr;
    if (options.expects_to_start && !has_threads) {
        workspace->early_worker_ = prepare_worker_early(*workspace);
    }
    Result<PluginObject<Store>> store = workspace->open_store();
    if (!store) return std::move(store).error();
    workspace->store_ = *std::move(store);
    use_task_clock(workspace->config_.state_directory);
    workspace->worker_threads_ = threads;
    if (options.workers_in_this_process && threads == nullptr) {
        workspace->own_threads_ = std::make_unique<WorkerThreads>();
        workspace->worker_threads_ = workspace->own_threads_.get();
    }
    return workspace;
}

Result<PluginObject<Store>> Workspace::open_store() const {
    StoreSetup setup;
    setup.settings = config_.store_settings;
    setup.state_directory = config_.state_directory;
    setup.host = &host_;
    auto store = load_store(config_.store_plugin, plugin_directories(config_.plugin_path), setup);
    if (store || store.error().code != ErrorCode::plugin_not_found) return store;
    return in_config(config_, config_.store_plugin_place, "store.plugin", store.error());
}

std::vector<std::string> Workspace::worker_arguments() const {
    std::vector<std::string> arguments{"worker"};
    if (!config_.file.empty()) {
        arguments.insert(arguments.end(), {"--config", config_.file});
    }
    return arguments;
}

std::vector<std::pair<std::string, std::string>> Workspace::worker_environment() const {
    // A worker works for everybody: it must not take itself for the work of one task.
    // Started from inside the work of a task it also is a descendant of that task's keeper, which
    // spares what carries LOONG_WORKER when it ends what the task leaves behind.
    return {{"LOONG_HOME", config_.state_directory},
            {"LOONG_WORKER", "1"},
            {"LOONG_TASK_ID", ""},
            {"LOONG_TASK_SESSION_ID", ""},
            {"LOONG_SESSION_ID", ""}};
}

Result<const RuntimeEntry*> Workspace::runtime_entry(const std::string& name) const {
    const std::string& wanted = name.empty() ? config_.default_runtime : name;
    const auto found = config_.runtimes.find(wanted);
    if (found != config_.runtimes.end()) return &found->second;
    Result<const RuntimeEntry*> preset = find_preset(wanted);
    if (!preset || *preset != nullptr) return preset;
    std::vector<std::string> names = preset_names();
    for (const auto& [known, entry] : config_.runtimes) names.push_back(known);
    return Error{ErrorCode::invalid_argument,
                 "runtime " + wanted + ": the configuration has none of that name",
                 suggest(wanted, names)};
}

Result<Runtime*> Workspace::runtime(const TaskDocument& document) {
    for (const LoadedRuntime& loaded : runtimes_) {
        if (loaded.plugin == document.runtime_plugin && loaded.name == document.runtime &&
            loaded.settings == document.runtime_settings.values) {
            return loaded.runtime.get();
        }
    }
    RuntimeSetup setup;
    setup.name = document.runtime;
    setup.settings = document.runtime_settings;
    setup.keeper_path = keeper_path_;
    Result<PluginObject<Runtime>> made =
        load_runtime(document.runtime_plugin, plugin_directories(config_.plugin_path), setup);
    if (!made) return std::move(made).error();
    runtimes_.push_back({document.runtime_plugin, document.runtime,
                         document.runtime_settings.values, *std::move(made)});
    return runtimes_.back().runtime.get();
}

void Workspace::load_default_runtime() {
    Result<const RuntimeEntry*> entry = runtime_entry({});
    if (!entry) return;
    Result<std::string> plugin = frozen_plugin(**entry);
    if (!plugin) return;
    TaskDocument document;
    document.runtime = (*entry)->name;
    document.runtime_plugin = *std::move(plugin);
    document.runtime_settings = (*entry)->settings;
    static_cast<void>(runtime(document));
}

Result<std::string> Workspace::frozen_plugin(const RuntimeEntry& entry) const {
    // A name that this installation itself serves stays a name, so that a task outlives an upgrade;
    // anything else is frozen as the file that it means here.
    Result<std::string> own = resolve_plugin(entry.plugin, plugin_directories({}));
    Result<std::string> found =
        resolve_plugin(entry.plugin, plugin_directories(config_.plugin_path));
    if (!found) {
        const std::string key = "runtimes." + entry.name + ".plugin";
        return in_config(config_, entry.plugin_place, key, found.error());
    }
    if (own && *own == *found && entry.plugin.find('/') == std::string::npos) return entry.plugin;
    return found;
}

} // namespace loong
