#pragma once
/// The index: finds tasks without opening their files, and never knows more than the files do.
///
/// Who changes a task marks it as pending first and clears the mark together with writing the new
/// row. Who reads settles what is pending: where its writer still lives (it holds the task's lock)
/// the change is not there yet; where it died the row is made again from the files. Every row that
/// is shown is checked against its file.

#include "common.hpp"
#include "index_file.hpp"
#include "index_rows.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "task_files.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_files {

class Index {
public:
    Index(const Root& root, const StoreHost& host, const TaskFiles& tasks)
        : host_(&host),
          tasks_(&tasks),
          root_(&root),
          file_(root) {}

    // ---- for writers --------------------------------------------------------------------------

    /// Says that these tasks are about to change. Nothing may be changed if it fails.
    Result<void> mark(const std::vector<std::string>& task_ids);
    /// The rows of tasks whose files are changed already, marks cleared. Never fails: where it
    /// cannot be written the mark stays, and somebody makes the row again.
    void put(const std::vector<IndexEntry>& entries);
    /// The task is gone already, as above.
    void remove(const std::string& task_id);
    /// Clears the mark of a task that was not changed after all.
    void unmark(const std::vector<std::string>& task_ids);
    [[nodiscard]] IndexEntry entry(const TaskSummary& summary, const FileStamp& stamp,
                                   std::vector<std::string> sessions = {}) const;

    // ---- for readers: see loong/store.hpp -----------------------------------------------------

    Result<ListedTask> find(std::string_view task_id);
    Result<ListPage> list(const TaskFilter& filter, ListOrder order, std::string_view cursor,
                          std::size_t limit);
    Result<std::vector<CountGroup>> count(const TaskFilter& filter);
    Result<std::vector<ListedTask>> claimable(Time now, std::size_t limit);
    Result<std::optional<Time>> next_due(Time now);
    Result<std::vector<std::string>> dependents(std::string_view task_id);
    Result<std::optional<std::string>> find_dedupe_key(std::string_view key);
    Result<std::vector<std::string>> resolve(std::string_view text, std::size_t limit);
    Result<std::optional<std::string>> task_of_session(std::string_view session_id);
    /// All sessions that carried a task.
    Result<std::vector<std::string>> sessions_of(std::string_view task_id);

    // ---- for inspection -----------------------------------------------------------------------

    /// Tasks whose row is missing, is there although the task is not, or says something else than
    /// the files.
    Result<std::vector<std::string>> find_differences();
    Result<void> make_again(const std::vector<std::string>& task_ids);
    Result<void> make_all_again();
    /// Why core cannot fold these files, if it cannot.
    [[nodiscard]] std::optional<Error> summary_error(std::string_view task_id,
                                                     const TaskText& text) const;
    /// Damage of the file as SQLite finds it; empty where there is none.
    Result<std::string> check_file();

private:
    enum class Needs {
        nothing,
        /// All that is in the index while another process completes it.
        what_is_known,
        completeness,
    };

    /// A task as its files tell it now.
    struct Derived {
        bool absent = false;
        bool in_use = false;
        FileStamp stamp;
        std::optional<TaskSummary> summary;
        Error error;
        std::vector<std::string> sessions;
    };
    struct ShownRow {
        ListedTask task;
        /// The row does not agree with the file.
        std::optional<Derived> newer;
        /// There is a row that has to change so that it does.
        bool old = false;
    };
    struct Mark {
        std::int64_t number = 0;
        std::string task_id;
    };

    /// Runs `work` on the open database. A damaged index is replaced, and `work` runs once more.
    Result<void> run(Needs needs, const std::function<void(Database&)>& work);
    /// Brings the index up to the files as far as it can be written: where there is no room for
    /// that, or another writer hangs, reading goes on with what is there.
    void bring_up_to_date(Database& database, Needs needs);
    void settle(Database& database);
    void settle_one(Database& database, const Mark& mark);
    void complete(Database& database, Needs needs);
    void tell_of_other(Database& database) const;
    void fill(Database& database);
    std::vector<std::string> out_of_date_rows(Database& database, bool all_open);
    std::vector<std::string> tasks_without_row(Database& database);
    /// `told` gets how many are made, now and then.
    void make_rows(Database& database, const std::vector<std::string>& task_ids,
                   const std::function<void(std::size_t)>& told);
    /// The row of an index that is made anew, also where the task is being changed. In a transaction.
    void make_row(Database& database, IndexRows& rows, const std::string& task_id,
                  const Derived& derived) const;
    void mark_tasks_in_the_making(Database& database);
    static void write_mark(Database& database, const std::string& task_id);
    /// So that put() is quick when it comes.
    static void compile_writing(Database& database);

    [[nodiscard]] IndexRows rows_of(Database& database) const;
    [[nodiscard]] Derived derive(std::string_view task_id) const;
    /// Whether the files of a task tell of a session. An error where they cannot be read.
    [[nodiscard]] Result<bool> has_session(std::string_view task_id,
                                           std::string_view session_id) const;
    /// Whether the files say something else than the row, or one of the two is missing; no while
    /// they change.
    [[nodiscard]] bool differs(Database& database, const std::string& task_id) const;
    /// In the words of this loong; empty for a task that is kept as unreadable, absent where there
    /// is no row.
    [[nodiscard]] std::optional<std::string> kept_summary(Database& database,
                                                          const std::string& task_id) const;
    /// Writes what was derived if the files are still the same. In a transaction.
    void put_derived(IndexRows& rows, const std::string& task_id, const Derived& derived) const;
    /// Lives no longer than `derived`.
    [[nodiscard]] IndexEntry row_of(const std::string& task_id, const Derived& derived) const;
    ShownRow show(Database& database, std::string_view task_id) const;
    /// Writes rows that turned out to be old while they were shown.
    bool refresh(Database& database, const std::vector<ShownRow>& rows) const;
    /// Shows the rows of the tasks that `select` names. Where some are old they are written and
    /// `select` is asked again.
    void show_selected(Database& database, const std::function<std::vector<std::string>()>& select,
                       std::vector<ListedTask>& tasks);
    std::vector<std::string> existing(std::vector<std::string> task_ids) const;

    const StoreHost* host_;
    const TaskFiles* tasks_;
    const Root* root_;
    IndexFile file_;
};

} // namespace loong::store_files
