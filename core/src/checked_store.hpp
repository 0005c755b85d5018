#pragma once
/// A store that keeps what its plugin throws, and what breaks the interface, from the rest of loong.

#include "loong/store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace loong {

class CheckedStore : public Store {
public:
    using Inner = std::unique_ptr<Store, std::function<void(Store*)>>;

    /// `plugin` is its id, for messages.
    CheckedStore(std::string plugin, Inner inner)
        : plugin_(std::move(plugin)),
          inner_(std::move(inner)) {}

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
    Result<std::unique_ptr<Lease>> checked_lease(std::string_view method, std::string_view name,
                                                 Result<std::unique_ptr<Lease>> taken) const;

    std::string plugin_;
    Inner inner_;
};

} // namespace loong
