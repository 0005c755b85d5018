#pragma once
/// A store for many tasks: all that is known of them in one SQLite file. What sessions write stays in
/// directories, since programs outside of loong write and read it.

#include "common.hpp"
#include "leases.hpp"
#include "loong/store.hpp"
#include "root.hpp"
#include "session_directories.hpp"
#include "task_database.hpp"
#include "task_rows.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_sqlite {

class SqliteStore final : public Store {
public:
    static Result<std::unique_ptr<Store>> make(const StoreSetup& setup);
    /// As make(), with other changes to the file system; `files` outlives the store. What SQLite
    /// does itself goes through its own layer (`sqlite3_vfs`).
    static Result<std::unique_ptr<Store>> make(const StoreSetup& setup, FileSystem& files);

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
    using Results = std::vector<Result<CreatedTask>>;
    using Select = std::function<std::vector<std::string>(Database&)>;

    /// A row as it is shown, and what has to be written so that it says so itself.
    struct ShownRow {
        ListedTask task;
        std::string version;
        bool old = false;
    };

    SqliteStore(std::shared_ptr<Root> root, const StoreHost& host);

    Result<void> create_some(const std::vector<NewTask>& tasks, std::size_t first,
                             std::size_t count, Results& results);
    Result<CreatedTask> create_one(Database& database, IndexRows& rows, const NewTask& task);
    /// Runs `work` on a task that is there, as TaskDatabase::look.
    Result<void> look_at(std::string_view task_id,
                         const std::function<Result<void>(Database&, const TaskNumber&)>& work);
    /// As TaskDatabase::change, telling those who watch the task.
    Result<void> change(std::string_view task_id,
                        const std::function<Result<void>(Database&, const TaskNumber&)>& work);

    using MakeDirectory = int (SessionDirectories::*)(std::string_view, std::string_view);
    Result<std::string> made_session_directory(std::string_view task_id,
                                               std::string_view session_id, MakeDirectory made_by);

    [[nodiscard]] std::optional<ShownRow> show(Database& database, std::string_view task_id) const;
    Result<std::vector<ListedTask>> show_selected(const Select& select);
    void refresh(const std::vector<ShownRow>& rows);

    std::shared_ptr<Root> root_;
    const StoreHost* host_;
    TaskDatabase database_;
    Leases leases_;
    SessionDirectories sessions_;
};

} // namespace loong::store_sqlite
