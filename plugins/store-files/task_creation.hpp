#pragma once
/// Making new tasks. A task is built under a hidden name and gets its own in one step, so that
/// nobody ever sees half of one; until that step is durable nobody sees it at all.

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
    /// Builds the files, without syncing. `conflict`: the id is taken.
    static Result<NewTaskFiles> build(const Root& root, const NewTask& task);

    NewTaskFiles(NewTaskFiles&&) = default;
    NewTaskFiles& operator=(NewTaskFiles&&) = default;
    ~NewTaskFiles();

    [[nodiscard]] const std::string& task_id() const noexcept { return task_id_; }
    [[nodiscard]] const FileStamp& stamp() const noexcept { return stamp_; }

    /// Closes all files but the one that carries the lock; for when something else syncs them.
    void keep_lock_only();
    /// Makes the files durable, by themselves.
    Result<void> sync();
    /// Gives the task its name; not durable before the directory of all tasks is synced.
    Result<void> publish();
    /// Takes back what was made so far.
    void discard();

private:
    NewTaskFiles(const Root& root, std::string task_id)
        : root_(&root),
          task_id_(std::move(task_id)) {}

    Result<void> make_directory();
    Result<void> make_files(const NewTask& task);
    int make_file(const std::string& name, std::string_view text, Descriptor& file);
    [[nodiscard]] std::string hidden() const { return ".new-" + task_id_; }
    [[nodiscard]] Error failure(int error_number) const;

    const Root* root_;
    std::string task_id_;
    Descriptor directory_;
    Descriptor document_;
    Descriptor events_;
    Descriptor secrets_;
    FileStamp stamp_;
    bool published_ = false;
};

/// Whether a hidden directory of a task in the making is a leftover of somebody who died.
[[nodiscard]] bool is_abandoned(const Root& root, const std::string& hidden_name);

} // namespace loong::store_files
