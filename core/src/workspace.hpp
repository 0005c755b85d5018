#pragma once
/// What every use case stands on: the configuration, the store, and the runtimes by name.

#include "config.hpp"
#include "loong/error.hpp"
#include "loong/runtime.hpp"
#include "loong/store.hpp"
#include "loong/tasks.hpp"
#include "plugins.hpp"
#include "summary_codec.hpp"
#include "task_document.hpp"
#include "worker_process.hpp"
#include "worker_threads.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

class Workspace {
public:
    /// Reads the configuration and opens the store.
    /// `threads` is where further workers are started if they are threads of this process; null:
    /// in a place of its own.
    static Result<std::unique_ptr<Workspace>> open(const OpenOptions& options,
                                                   WorkerThreads* threads = nullptr);

    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] const OpenOptions& options() const { return options_; }
    [[nodiscard]] Store& store() { return *store_; }

    /// A further store object on the same place, for another thread.
    [[nodiscard]] Result<PluginObject<Store>> open_store() const;

    /// The runtime that a configuration entry names. `invalid_argument` with the nearest name.
    [[nodiscard]] Result<const RuntimeEntry*> runtime_entry(const std::string& name) const;

    /// The runtime of a task, by what its document froze. Made once per plugin and settings.
    Result<Runtime*> runtime(const TaskDocument& document);

    /// Loads what most tasks run on, so that the first need not wait for it. What fails here fails
    /// again with the first task, and tells why.
    void load_default_runtime();

    /// What a document says of an entry's plugin, so that any worker finds the same one.
    [[nodiscard]] Result<std::string> frozen_plugin(const RuntimeEntry& entry) const;

    /// The program that starts a worker, absolute.
    [[nodiscard]] const std::string& worker_program() const { return worker_program_; }
    /// What a worker gets so that it works on the same state with the same configuration.
    [[nodiscard]] std::vector<std::string> worker_arguments() const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> worker_environment() const;
    /// Where workers are threads of this process; null where they are processes.
    [[nodiscard]] WorkerThreads* worker_threads() const { return worker_threads_; }
    /// Once: the worker that was started while the store opened, where OpenOptions asked for one.
    [[nodiscard]] std::optional<WaitingWorker> take_early_worker() {
        return std::exchange(early_worker_, std::nullopt);
    }
    /// Where loong-keeper lies in this installation, absolute.
    [[nodiscard]] const std::string& keeper_path() const { return keeper_path_; }

private:
    Workspace() = default;

    OpenOptions options_;
    Config config_;
    std::string worker_program_;
    std::string keeper_path_;
    CoreStoreHost host_;
    PluginObject<Store> store_;

    struct LoadedRuntime {
        std::string plugin;
        std::string name;
        Value settings;
        PluginObject<Runtime> runtime;
    };
    std::vector<LoadedRuntime> runtimes_;
    WorkerThreads* worker_threads_ = nullptr;
    std::optional<WaitingWorker> early_worker_;
    /// Last, so that the threads have ended before anything else goes.
    std::unique_ptr<WorkerThreads> own_threads_;
};

} // namespace loong
