#pragma once
/// The directories that sessions write into: `tasks/<task_id>/sessions/<session_id>`.

#include "descriptor.hpp"
#include "root.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong::store_common {

/// [serial]
class SessionDirectories {
public:
    /// `makes_tasks`: a task's own directory is made as well where it is missing.
    SessionDirectories(std::shared_ptr<Root> root, bool makes_tasks)
        : root_(std::move(root)),
          makes_tasks_(makes_tasks) {}

    /// Makes the directory where it is missing, without waiting for the disk: 0 or an error number.
    int prepare(std::string_view task_id, std::string_view session_id);

    /// Makes it where it is missing, and makes durable what this object has prepared of it.
    int make(std::string_view task_id, std::string_view session_id);

    /// Absolute.
    [[nodiscard]] std::string path(std::string_view task_id, std::string_view session_id) const;

private:
    std::shared_ptr<Root> root_;
    bool makes_tasks_;
    /// The session that was prepared last, and the directories that its names are in.
    std::string prepared_;
    std::vector<Descriptor> unsynced_;
};

} // namespace loong::store_common
