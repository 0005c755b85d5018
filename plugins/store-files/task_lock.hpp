#pragma once
/// Changing a task that is there: one writer at a time, and every change whole or not at all.

#include "common.hpp"
#include "descriptor.hpp"
#include "loong/error.hpp"
#include "root.hpp"
#include "task_files.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_files {

/// The right to change one task. Given back by destruction.
class TaskLock {
public:
    /// Waits up to 10 s (`store_busy`). `task_not_found`, `store_corrupt`.
    static Result<TaskLock> take(const Root& root, std::string_view task_id);

    TaskLock(TaskLock&&) = default;
    TaskLock& operator=(TaskLock&&) = default;
    ~TaskLock();

    /// Id of the last event.
    [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }
    /// Something torn follows the last whole group.
    [[nodiscard]] bool torn() const noexcept { return torn_; }

    /// Writes one group after the last whole one, over what is torn there, and makes it durable.
    /// After an error it is not there: it is cut off again before any reader takes it.
    Result<FileStamp> append(const std::vector<std::string>& records);

    /// Cuts off what is torn.
    Result<void> cut_torn();

    /// Takes the task out of sight, durably; what is left of it lies at `.gone-<task_id>`.
    Result<void> take_out();

private:
    TaskLock(const Root& root, std::string_view task_id) : root_(&root), task_id_(task_id) {}

    Result<void> lock();
    Result<void> look();
    [[nodiscard]] bool is_current() const;
    [[nodiscard]] std::string path() const;
    int cut_back();

    const Root* root_;
    std::string task_id_;
    Descriptor file_;
    std::uint64_t revision_ = 0;
    off_t whole_ = 0;
    bool torn_ = false;
};

} // namespace loong::store_files
