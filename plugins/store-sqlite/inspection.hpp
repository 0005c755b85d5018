#pragma once
/// Looking through everything that is kept, and repairing what can be repaired.
///
/// | code | what | repair |
/// |---|---|---|
/// | `permissions` | others may read or write a file or directory | takes the rights away |
/// | `damaged_file` | the file with all tasks is damaged | none: a person has to decide |
/// | `damaged_index` | the tables that tasks are selected by contradict each other | makes them again |
/// | `damaged_task` | a task cannot be read | none |
/// | `newer_task` | a task was written by a newer loong | none |
/// | `row_differs` | a task is selected by something else than its records say | writes the row again |
/// | `unfinished_removal` | files of a task that is no longer there are left | removes them |
/// | `foreign_entry` | something that is no task lies among the tasks' directories | none |

#include "common.hpp"
#include "index_rows.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"
#include "task_database.hpp"

#include <string>
#include <vector>

namespace loong::store_sqlite {

class Inspection {
public:
    Inspection(const Root& root, TaskDatabase& database, const StoreHost& host)
        : root_(&root),
          database_(&database),
          host_(&host) {}

    Result<std::vector<Finding>> verify();
    Result<void> repair(const Finding& finding);

private:
    Result<void> look_at_file();
    Result<void> look_at_tasks();
    void look_at_task(Database& database, const std::string& task_id);
    Result<void> look_at_directories();
    /// Whether a directory bears the name of a task that is not there.
    Result<bool> is_left_over(const std::string& name);
    Result<void> put_row(Database& database, IndexRows& rows, const std::string& task_id);
    Result<void> write_row(const std::string& task_id);
    /// Everything that tasks are selected by.
    Result<void> write_all_rows();

    const Root* root_;
    TaskDatabase* database_;
    const StoreHost* host_;
    std::vector<Finding> findings_;
};

} // namespace loong::store_sqlite
