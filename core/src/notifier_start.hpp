#pragma once
/// Starting the process that tells the operator, where something is owed and nobody does it.
///
/// No gap, as between tasks and workers: whoever makes something owed appends it first and looks at
/// the `notifier` lease afterwards; whoever tells gives the lease back first and looks at what is
/// owed afterwards. One of the two sees the other. What is owed when everything is killed stays so,
/// and the next worker, or the next command that changes a task, starts here again.

#include "loong/error.hpp"
#include "loong/store.hpp"
#include "workspace.hpp"

#include <chrono>

namespace loong {

/// Statuses that no event of the task makes, and that are told all the same.
[[nodiscard]] bool is_noticed_from_outside(Status status);

/// Whether a row may stand so, as far as the row and its lease tell; looked at closely by whoever
/// tells. False where nothing is to be told of the task, or it is known already.
[[nodiscard]] Result<bool> may_need_notice(Store& store, const ListedTask& row);

class NotifierStart {
public:
    explicit NotifierStart(Workspace& workspace) : workspace_(workspace) {}

    /// Does nothing where no notify command is configured. After a failure it does nothing for a
    /// while either: a program that cannot be started cannot be started again at once.
    Result<void> start_where_owed(Store& store);

private:
    static Result<bool> is_wanted(Store& store);
    Result<void> start();

    Workspace& workspace_;
    std::chrono::steady_clock::time_point not_before_{};
};

} // namespace loong
