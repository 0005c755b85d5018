#pragma once
/// Changing the rows of the index: what a task's summary says, spread over the tables, and what
/// follows from it for the tasks that depend on it. Used inside a write transaction.

#include "database.hpp"
#include "loong/store.hpp"
#include "loong/summary.hpp"
#include "task_files.hpp"
#include "task_kind.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong::store_files {

/// What the index keeps of one task.
struct IndexEntry {
    std::string task_id;
    FileStamp stamp;
    /// Null where the task cannot be read.
    const TaskSummary* summary = nullptr;
    std::string encoded;
    /// The sessions that carry or carried it.
    std::vector<std::string> sessions;
};

/// The names of scopes.
[[nodiscard]] inline std::string scope_of_all() { return {}; }
[[nodiscard]] inline std::string scope_of_viewer(std::string_view session_id) {
    return "v" + std::string(session_id);
}
[[nodiscard]] inline std::string scope_of_owner(std::string_view session_id) {
    return "o" + std::string(session_id);
}

class IndexRows {
public:
    IndexRows(Database& database, const TaskFiles& tasks) : database_(&database), tasks_(&tasks) {}

    void put(const IndexEntry& entry);
    void remove(std::string_view task_id);
    /// Writes what was counted. Has to be called before the transaction is committed.
    void finish();

private:
    struct Row {
        bool found = false;
        TaskKind kind = TaskKind::unreadable();
        std::string scopes;
        std::string cause;
    };
    struct Dependencies {
        DependencyState state = DependencyState::met;
        std::string cause;
    };

    Row load(std::string_view task_id);
    std::int64_t scope_number(const std::string& name);
    std::string scope_numbers(const TaskSummary* summary);
    void count(const std::string& scopes, TaskKind kind, int change);
    void move_member(std::string_view task_id, const Row& from, const std::string& scopes,
                     TaskKind kind);
    void write_dependencies(std::string_view task_id, const TaskSummary* summary);
    Dependencies look_at_dependencies(std::string_view task_id);
    void update_dependents(std::string_view task_id);
    void write_row(const IndexEntry& entry, const std::string& scopes, TaskKind kind,
                   const std::string& cause);

    Database* database_;
    const TaskFiles* tasks_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counted_;
};

/// Calls `each` with every number in a list of scopes (`,1,5,`).
template <typename Function>
void for_each_scope(std::string_view scopes, Function&& each) {
    std::int64_t number = 0;
    bool digits = false;
    for (const char c : scopes) {
        if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
            digits = true;
            continue;
        }
        if (digits) each(number);
        number = 0;
        digits = false;
    }
}

} // namespace loong::store_files
