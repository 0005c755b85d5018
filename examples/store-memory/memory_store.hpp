#pragma once
/// A Store that keeps everything in memory. It keeps every promise of loong/store.hpp but those that
/// need something which outlives the process: nothing is durable, and no other process sees it.

#include "memory_lease.hpp"
#include "memory_watch.hpp"
#include <loong/store.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace store_memory {

/// What several MemoryStores share: each of them stands for a process of its own.
class MemoryStoreState {
public:
    /// `directory`, which exists, is where tasks and sessions have their directories.
    explicit MemoryStoreState(std::string directory)
        : directory_(std::move(directory)),
          watches_(std::make_shared<MemoryWatches>()),
          leases_(std::make_shared<MemoryLeases>(watches_)) {}

    /// The one that belongs to this directory; made where there is none yet.
    static std::shared_ptr<MemoryStoreState> of(const std::string& directory);

    /// For tests: makes every later reading of the task end in `store_corrupt`.
    void damage(std::string_view task_id);

    /// For tests: takes a lease from its holder, who only notices when it asks.
    void lose_lease(std::string_view name) { leases_->lose(name); }

private:
    friend class MemoryStore;

    struct Task {
        std::string document;
        std::vector<std::string> records;
        TaskSummary summary;
        std::optional<std::string> secrets;
        std::set<std::string, std::less<>> sessions;
        bool damaged = false;
    };

    std::string directory_;
    std::shared_ptr<MemoryWatches> watches_;
    std::shared_ptr<MemoryLeases> leases_;
    std::mutex mutex_;
    std::map<std::string, Task, std::less<>> tasks_;
};

class MemoryStore : public Store {
public:
    explicit MemoryStore(std::shared_ptr<MemoryStoreState> state) : state_(std::move(state)) {}

    Result<std::vector<Result<CreatedTask>>> create(const std::vector<NewTask>& tasks) override;
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
    Result<std::string> task_directory(std::string_view task_id) override;
    Result<std::vector<Finding>> verify() override;
    Result<void> repair(const Finding& finding) override;

private:
    using Task = MemoryStoreState::Task;

    // These ask that the state's mutex is held.
    Result<CreatedTask> create_one(const NewTask& task);
    Task* find_task(std::string_view task_id);
    const std::string* find_key(std::string_view key) const;
    ListedTask listed(const std::string& task_id, const Task& task) const;
    bool matches(const TaskFilter& filter, const ListedTask& task) const;
    std::vector<ListedTask> matching(const TaskFilter& filter) const;

    std::shared_ptr<MemoryStoreState> state_;
};

} // namespace store_memory
