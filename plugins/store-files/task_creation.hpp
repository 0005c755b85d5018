#pragma once
/// Making new tasks. A task is built under a hidden name and gets its own in one step, so that
/// nobody ever sees half of one; until that step is durable nobody sees it at all.
///
/// It begins as `.tmp-<random>` and becomes `.new-<task_id>` once its maker holds the lock on its
/// events: a directory of that name whose events nobody has locked was left by somebody who died.

#include "common.hpp"
#include "descriptor.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"
#include "task_files.hpp"

#include <string>
#include <vector>

namespace loong::store_files {

/// A task that is being made. Holds the lock on its events until destroyed.
class NewTaskFiles {
public:
    /// Builds the files and lets the system begin to write them out. `conflict`: the id is taken.
    static Result<NewTaskFiles> build(const Root& root, const NewTask& task);

    NewTaskFiles(NewTaskFiles&&) = default;
    NewTaskFiles& operator=(NewTaskFiles&&) = default;
    ~NewTaskFiles();

    [[nodiscard]] const std::string& task_id() const noexcept { return task_id_; }
    [[nodiscard]] const FileStamp& stamp() const noexcept { return stamp_; }

    /// Closes all files but the one with the lock; for many tasks, which something else syncs.
    void keep_lock_only();
    /// Gets the files on their way to the disk, so that the first sync carries the work of the others.
    void start_writing() const;
    /// Makes the files durable.
    Result<void> sync();
    /// Gives the task its name; not durable before the directory of all tasks is synced.
    Result<void> publish();
    /// Shows the task to readers, once its name is durable. It keeps what tells that it is in use.
    void show();
    /// Takes back what was made so far.
    void discard();

private:
    NewTaskFiles(const Root& root, std::string task_id)
        : root_(&root),
          task_id_(std::move(task_id)) {}

    int make_files(const NewTask& task);
    int make_file(const std::string& name, std::string_view text, Descriptor& file);
    Result<void> take_hidden_name();
    [[nodiscard]] Error failure(int error_number) const;

    const Root* root_;
    std::string task_id_;
    Descriptor directory_;
    Descriptor document_;
    Descriptor events_;
    Descriptor secrets_;
    FileStamp stamp_;
    /// What the directory is called now.
    std::string name_;
};

inline constexpr std::string_view building_prefix = ".tmp-";
inline constexpr std::string_view new_prefix = ".new-";
inline constexpr std::string_view gone_prefix = ".gone-";

/// Whether a hidden directory of a task in the making is a leftover of somebody who died.
[[nodiscard]] bool is_abandoned(const Root& root, const std::string& hidden_name);

/// Removes such a leftover: 0, EAGAIN where it is none, or another error number.
[[nodiscard]] int clear_abandoned(const Root& root, const std::string& hidden_name);

/// Removes all leftovers of creations and removals that never came to their end.
[[nodiscard]] int clear_leftovers(const Root& root);

} // namespace loong::store_files
