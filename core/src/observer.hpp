#pragma once
/// What the leases say: the facts that no event can tell.
///
/// Reading is made consistent by looking at the summary, at the leases, and at the summary again:
/// a task that ends between the two looks would otherwise seem to have lost its carrier.

#include "loong/error.hpp"
#include "loong/status.hpp"
#include "loong/store.hpp"
#include "task_state.hpp"
#include "workspace.hpp"

#include <optional>
#include <string>

namespace loong {

/// A task's row with all of its facts.
struct ObservedTask {
    ListedTask listed;
    Facts facts;
    FactDetails details;
    TaskStatus task_status;
    /// The lease of the current session, where it was looked at.
    std::optional<LeaseStatus> lease;
};

class Observer {
public:
    /// `command_options` go into every proposed command (`--session S`, say).
    Observer(Workspace& workspace, std::vector<std::string> command_options);

    /// How far to look: leases alone decide the status; whether lost work lives on, which is a
    /// signal, only the runtime can tell.
    enum class Depth : std::uint8_t { leases, work };

    /// Derives the status of a row that was just read.
    ObservedTask observe(ListedTask listed, Depth depth = Depth::work);
    /// Reads and derives.
    Result<ObservedTask> observe(std::string_view task_id);

    /// Whether a live worker, or somebody who is starting one, serves the queue. Looks twice before
    /// it says no. Remembered until forget().
    Held queue_served();
    void forget() { queue_served_.reset(); }

private:
    Held lease_held(const std::string& name, std::optional<LeaseStatus>* status);
    bool slot_or_hand_over_held(bool& unknown);
    static bool looks_lost(ObservedTask& task);
    /// The carrier that the task's events name, where somebody else holds its lease.
    std::optional<SessionFacts> carrier_before(const TaskSummary& summary,
                                               const LeaseStatus& lease);
    void look_at_carrier(const TaskSummary& summary, ObservedTask& task);
    ObservedTask look(ListedTask listed);

    Workspace& workspace_;
    std::vector<std::string> command_options_;
    std::optional<Held> queue_served_;
};

} // namespace loong
