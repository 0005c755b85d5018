#pragma once
/// Recovery: looks at the truth and does the least that makes it right.
///
/// Nothing is done to a session before its lease is held here: that fences its carrier, and keeps
/// two recoveries apart.

#include "hand_over.hpp"
#include "loong/error.hpp"
#include "loong/runtime.hpp"
#include "loong/store.hpp"
#include "loong/tasks.hpp"
#include "task_store.hpp"
#include "workspace.hpp"

#include <memory>
#include <string>

namespace loong {

/// What was done, or would be.
struct RecoveryStep {
    ActionResultKind result = ActionResultKind::skipped_not_recoverable;
    /// The kind of the contract's table; empty where nothing is done.
    std::string action;
    std::string message;
};

class Recovery {
public:
    Recovery(Workspace& workspace, const RecoverOptions& options, std::string actor_session_id)
        : workspace_(workspace),
          store_(workspace.store()),
          options_(options),
          actor_(std::move(actor_session_id)) {}

    Result<RecoveryStep> recover(const std::string& task_id);

    /// As recover(), but nothing that anybody could miss: lost sessions, and a queue that nobody
    /// serves. A live carrier is not ended, and no ready task given up.
    Result<RecoveryStep> mend(const std::string& task_id);

    /// Ends what is left of a lost session whose cancel was requested, and marks it cancelled. Does
    /// nothing while a carrier holds the lease.
    Result<RecoveryStep> finish_cancel(const std::string& task_id);

private:
    Result<RecoveryStep> recover_ready(const LoadedTask& task);
    Result<RecoveryStep> recover_ended(const LoadedTask& task);
    Result<RecoveryStep> recover_overdue(LoadedTask task, const LeaseStatus& lease);
    Result<RecoveryStep> recover_lost(LoadedTask task);
    Result<RecoveryStep> settle_lost(LoadedTask& task, const Probe& probe, const Lease* lease);
    Result<RecoveryStep> adopt(const LoadedTask& task);
    Result<RecoveryStep> expire(const LoadedTask& task);

    /// Ends the work of the current session for certain. `not_recoverable` where it cannot.
    Result<void> end_work(const LoadedTask& task);
    Result<void> kill_carrier(const LoadedTask& task, const LeaseStatus& lease);
    Result<void> check_secrets(const LoadedTask& task);
    /// Appends under the hand-over and serves what became claimable.
    Result<void> change(LoadedTask& task, const Command& command, const Lease* lease);
    Result<void> change(HandOver& hand_over, LoadedTask& task, const Command& command,
                        const Lease* lease);
    RecoveryStep planned(std::string action, std::string message) const;

    Workspace& workspace_;
    Store& store_;
    const RecoverOptions& options_;
    const std::string actor_;
};

} // namespace loong
