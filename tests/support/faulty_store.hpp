#pragma once
/// A store that fails when a test wants it to: to see whether whoever uses it loses anything.

#include <loong/store.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::test {

/// Passes everything on to another store, except for one call. Calls are counted from 1, whatever
/// the method; what a lease or a watch is asked is not counted.
class FaultyStore : public Store {
public:
    /// `inner` outlives this object and every lease that was taken through it.
    explicit FaultyStore(Store& inner);
    ~FaultyStore() override;

    /// How many calls were made so far: run once without a fault to learn how many there are.
    [[nodiscard]] std::uint64_t calls() const;

    /// The call of that number does nothing and reports `store_io`.
    void fail_at(std::uint64_t call);

    /// Brings a worker and its monitor together at the end of a session: a watch on a task makes the
    /// file `held` and waits a while until secrets are erased, which waits a while for another call.
    /// One that comes uses the object in two threads at once, and makes the file `overlap`. Objects
    /// with the same directory belong together.
    void hold_ends(std::string directory);

    enum class Moment : std::uint8_t { before_effect, after_effect };

    /// At the call of that number the machine stops, before or after the call had its effect: the
    /// call and all later ones report `store_io`, and leases taken through this object are free.
    void cut_power_at(std::uint64_t call, Moment moment);

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
    Result<std::string> prepare_session_directory(std::string_view task_id,
                                                  std::string_view session_id) override;
    Result<std::string> task_directory(std::string_view task_id) override;
    Result<std::vector<Finding>> verify() override;
    Result<void> repair(const Finding& finding) override;

private:
    class Leases;
    class FaultyLease;

    template <typename Call>
    auto faulty(const char* method, Call&& call) -> decltype(call());
    Result<std::unique_ptr<Lease>> wrap(Result<std::unique_ptr<Lease>> taken);
    void cut_power();
    void enter(std::string_view method);
    void leave();

    Store& inner_;
    std::shared_ptr<Leases> leases_;
    mutable std::mutex mutex_;
    std::uint64_t calls_ = 0;
    std::optional<std::uint64_t> fail_at_;
    std::optional<std::uint64_t> cut_at_;
    Moment moment_ = Moment::before_effect;
    bool powerless_ = false;
    std::string directory_;
    int inside_ = 0;
    std::condition_variable overlapped_;
};

} // namespace loong::test
