#pragma once
/// Looking through everything that is kept, and repairing what can be repaired.
///
/// | code | what | repair |
/// |---|---|---|
/// | `permissions` | others may read or write a file or directory | takes the rights away |
/// | `torn_tail` | a record that was not written to its end follows a task's records | cuts it off |
/// | `damaged_task` | a task cannot be read | none: a person has to decide |
/// | `newer_task` | a task was written by a newer loong | none |
/// | `unfinished_task` | a task's creation never came to its end | removes what was made |
/// | `unfinished_removal` | a removal never came to its end | finishes it |
/// | `foreign_entry` | something that is no task lies among the tasks | none |
/// | `damaged_index` | the index file is damaged | makes it again |
/// | `lease_without_session` | a lease of a session that no task has | removes it, unless it is held |
/// | `index_differs` | the index says something else than a task's files | writes the row again |

#include "common.hpp"
#include "index.hpp"
#include "leases.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"
#include "task_files.hpp"

#include <string>
#include <vector>

namespace loong::store_files {

class Inspection {
public:
    Inspection(const Root& root, const TaskFiles& tasks, Index& index, Leases& leases)
        : root_(&root),
          tasks_(&tasks),
          index_(&index),
          leases_(&leases) {}

    Result<std::vector<Finding>> verify();
    Result<void> repair(const Finding& finding);

private:
    void look_at_entry(const std::string& name);
    void look_at_task(const std::string& task_id);
    void look_at_modes(int directory, const std::vector<std::string>& names,
                       const std::string& task_id);
    Result<void> look_at_index();
    Result<void> look_at_leases();
    /// Names of leases whose session no task has.
    Result<std::vector<std::string>> stray_leases();
    Result<void> remove_stray_leases();

    const Root* root_;
    const TaskFiles* tasks_;
    Index* index_;
    Leases* leases_;
    std::vector<Finding> findings_;
};

} // namespace loong::store_files
