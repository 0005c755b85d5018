#pragma once
/// From state and observation to what callers of the library see.

#include "loong/tasks.hpp"
#include "observer.hpp"
#include "task_store.hpp"

namespace loong {

[[nodiscard]] TaskRow row_of(const ObservedTask& observed);

[[nodiscard]] NotificationView notification_view(const NotificationFacts& facts);
[[nodiscard]] RequestView request_view(const RequestFacts& facts);

/// `paths` hold the store's directory of the task.
[[nodiscard]] TaskDetail detail_of(const LoadedTask& task, const ObservedTask& observed,
                                   const TaskPaths& paths);

} // namespace loong
