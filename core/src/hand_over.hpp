#pragma once
/// The rule that leaves no gap between a task that can start and a worker that will start it.
///
/// Whoever makes something claimable, or frees a slot, holds the `hand-over` lease while doing so,
/// then looks whether a claimable task and a free slot meet, starts a worker if so, and lets go
/// only when that worker holds its slot. A worker leaves in the same way. Every interleaving of
/// the two then ends with the task claimed, or with a worker that will look again.
///
/// Slots that sessions want back (see session_slot.hpp) count as taken. A worker whose session waits
/// for the operator holds none, and serves the queue all the same: it lives, watches the slots, and
/// starts another worker where a slot and a task meet.

#include "loong/error.hpp"
#include "loong/store.hpp"
#include "worker_process.hpp"
#include "workspace.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

/// Whether this process belongs to the work of a task: what it starts ends with that.
[[nodiscard]] bool inside_a_task();

/// Starts the program of a worker, so that it gets ready while the caller makes a task: there is less
/// to wait for then. Nothing where no worker would be started now, or could not be so.
[[nodiscard]] std::optional<WaitingWorker> prepare_worker(Workspace& workspace, Store& store);

/// The same before there is a store, by guess (see worker_seats.hpp).
[[nodiscard]] std::optional<WaitingWorker> prepare_worker_early(const Workspace& workspace);

class HandOver {
public:
    /// Takes the lease. `store_busy` where others hold it too long.
    static Result<HandOver> begin(Workspace& workspace, Store& store);

    HandOver(HandOver&&) = default;
    HandOver& operator=(HandOver&&) = default;

    /// The first worker that serve() starts is this one; where it needs none, it ends unused.
    void use(std::optional<WaitingWorker> prepared) { prepared_ = std::move(prepared); }

    /// Starts workers while a claimable task and a free slot meet. `own_claims` tasks are left for
    /// the caller, who will claim them next. `worker_unavailable` where a worker is needed, none
    /// could be started and no live one is left to do it.
    Result<void> serve(int own_claims = 0);

    /// Starts one worker, whether or not something is claimable now. It takes over the running
    /// session of the task `adopt` first, unless that is empty; `redo` as for Worker::adopt().
    Result<void> start_one(const std::string& adopt, bool redo = false);

    /// Lets go of the lease. Also done by destruction.
    void end() { lease_.reset(); }

private:
    HandOver(Workspace& workspace, Store& store, std::unique_ptr<Lease> lease)
        : workspace_(&workspace),
          store_(&store),
          lease_(std::move(lease)) {}

    Result<int> held_slots();
    /// How many tasks could be started now, counted up to `limit`, which is at least 1.
    Result<int> startable(int limit);
    Result<int> startable_of(const std::vector<ListedTask>& tasks, int limit);
    /// Whether more tasks are claimable than are about to be claimed, or something becomes due.
    Result<bool> has_anything_to_do(int own_claims);
    Result<void> ask_live_worker();

    Workspace* workspace_;
    Store* store_;
    std::unique_ptr<Lease> lease_;
    std::optional<WaitingWorker> prepared_;
};

} // namespace loong
