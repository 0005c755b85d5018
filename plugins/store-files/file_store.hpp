#pragma once
/// The default store: every task a directory of YAML files.

#include "bell.hpp"
#include "common.hpp"
#include "descriptor.hpp"
#include "index.hpp"
#include "leases.hpp"
#include "loong/store.hpp"
#include "root.hpp"
#include "session_directories.hpp"
#include "task_creation.hpp"
#include "task_files.hpp"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace loong::store_files {

/// What the state directories of this plugin are.
[[nodiscard]] const RootKind& root_kind();

class FileStore final : public Store {
public:
    static Result<std::unique_ptr<Store>> make(const StoreSetup& setup);
    /// As make(), on something else than the real file system; `files` outlives the store.
    static Result<std::unique_ptr<Store>> make(const StoreSetup& setup, FileSystem& files);

    Result<std::vector<Result<CreatedTask>>> create(const std::vector<NewTask>& tasks) override;
    Result<void> append_then(std::string_view task_id, std::uint64_t expected_revision,
                             const std::vector<std::string>& records, const TaskSummary& summary,
                             const Lease* lease, const std::function<void()>& durable) override;
    Result<void> append(std::string_view task_id, std::uint64_t expected_revision,
                        const std::vector<std::string>& records, const TaskSummary& summary,
                        const Lease* lease) override;
    Result<void> write_secrets(std::string_view task_id, std::string_view secrets) override;
    Result<void> erase_secrets(std::string_view task_id) override;
    Result<void> remove(std::string_view task_id, std::uint64_t expected_revision) override;

    Result<StoredTask> read(std::string_view task_id) override;
    Result<EventRecords> read_events(std::string_view task_id, std::uint64_t after_id,
                                     std::size_t limit) override;
    Result<std::uint64_t> revision(std::string_view task_id) override;
    Result<std::optional<std::string>> read_secrets(std::string_view task_id) override;
    Result<ListedTask> find(std::string_view task_id) override;
    Result<ListPage> list(const TaskFilter& filter, ListOrder order, std::string_view cursor,
                          std::size_t limit) override;
    Result<std::vector<CountGroup>> count(const TaskFilter& filter) override;
    Result<std::vector<ListedTask>> claimable(Time now, std::size_t limit) override;
    Result<std::optional<Time>> next_due(Time now) override;
    Result<std::vector<std::string>> dependents(std::string_view task_id) override;
    Result<std::optional<std::string>> find_dedupe_key(std::string_view key) override;
    Result<std::vector<std::string>> resolve(std::string_view text, std::size_t limit) override;
    Result<std::optional<std::string>> task_of_session(std::string_view session_id) override;

    Result<std::unique_ptr<Lease>> take_lease(std::string_view name) override;
    Result<std::unique_ptr<Lease>> wait_for_lease(std::string_view name,
                                                  Milliseconds limit) override;
    Result<LeaseStatus> lease_status(std::string_view name) override;

    Result<std::unique_ptr<Watch>> watch(const std::vector<WatchTarget>& targets) override;
    Result<std::string> session_directory(std::string_view task_id,
                                          std::string_view session_id) override;
    Result<std::string> prepare_session_directory(std::string_view task_id,
                                                  std::string_view session_id) override;
    Result<std::string> task_directory(std::string_view task_id) override;
    Result<std::vector<Finding>> verify() override;
    Result<void> repair(const Finding& finding) override;

private:
    using Results = std::vector<std::optional<Result<CreatedTask>>>;
    /// Tasks that are being made together, and which of the call they are. What is held is given back
    /// in the opposite order.
    struct Batch {
        Descriptor dedupe_lock;
        std::optional<Bell> bell;
        std::vector<NewTaskFiles> made;
        std::vector<std::size_t> places;
        /// One sync of the whole file system serves all of them.
        bool shares_sync = false;
    };

    class Pipeline;

    FileStore(std::shared_ptr<Root> root, const StoreHost& host);

    /// Makes all but the names. What was made when it fails is in `batch`. Asks the index for dedupe
    /// keys alone.
    Result<void> build(const std::vector<NewTask>& tasks, std::size_t first, std::size_t end,
                       bool has_keys, Batch& batch, Results& results);
    /// Makes the files of all groups that are built durable: 0 or an error number.
    int sync_shared();
    /// What is left to do for a group. `failed`: how the shared sync of its files ended.
    Result<void> complete(const std::vector<NewTask>& tasks, Batch& batch, int failed,
                          Results& results);
    /// Tells the index which tasks will come.
    Result<void> announce(const Batch& batch);
    /// Makes names durable, and files that share no sync.
    void name_tasks(Batch& batch, int failed, Results& results);
    /// Shows readers and the index what is durable.
    void show_tasks(const std::vector<NewTask>& tasks, Batch& batch, Results& results);
    static void discard(Batch& batch);
    Result<Descriptor> lock_dedupe_keys();
    [[nodiscard]] Result<std::string>
    made_session_directory(std::string_view task_id, std::string_view session_id, int failed) const;
    void remove_leases(std::string_view task_id, const std::vector<std::string>& sessions);

    std::shared_ptr<Root> root_;
    TaskFiles tasks_;
    Index index_;
    Leases leases_;
    SessionDirectories sessions_;
};

} // namespace loong::store_files
