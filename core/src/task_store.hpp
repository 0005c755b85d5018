#pragma once
/// Load, decide, append: how a command becomes events in the store.

#include "decide.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"
#include "task_document.hpp"
#include "task_state.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// A task as it was read: all of its events, folded.
struct LoadedTask {
    TaskDocument document;
    std::vector<Event> events;
    TaskState state;
};

/// Reads and folds a task.
[[nodiscard]] Result<LoadedTask> load_task(Store& store, std::string_view task_id);

/// What carrying out a command led to.
struct Applied {
    LoadedTask task;
    /// The events that were appended; empty where nothing had to change.
    std::vector<Event> events;
};

/// Decides `command` on the task as it stands and appends what follows; where somebody else was
/// faster it reads again and decides again. With a lease, a `conflict` of the lease ends it.
[[nodiscard]] Result<Applied> apply(Store& store, std::string_view task_id, const Command& command,
                                    const std::string& actor_session_id,
                                    const Lease* lease = nullptr);

/// The same on a task that was loaded already; `task` is replaced where it was out of date.
/// `durable`: see Store::append_then(); it is not called where nothing had to change.
[[nodiscard]] Result<std::vector<Event>>
apply(Store& store, LoadedTask& task, const Command& command, const std::string& actor_session_id,
      const Lease* lease = nullptr, const std::function<void()>& durable = nullptr);

} // namespace loong
