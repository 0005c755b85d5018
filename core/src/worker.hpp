#pragma once
/// A worker: takes a slot, carries claimable sessions one after the other, leaves when none is left.

#include "carried_session.hpp"
#include "descriptor.hpp"
#include "hand_over.hpp"
#include "loong/error.hpp"
#include "loong/outcome.hpp"
#include "loong/store.hpp"
#include "monitor.hpp"
#include "task_store.hpp"
#include "tool_policy_places.hpp"
#include "workspace.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace loong {

class Worker {
public:
    explicit Worker(Workspace& workspace) : workspace_(workspace), store_(workspace.store()) {}

    /// Works until nothing is claimable and nothing becomes due later. `ready` is called once the
    /// slot is held.
    /// Also returns at once where no slot is free.
    /// `wanted`, where given, is called before that, with everything prepared: it waits until it is
    /// known whether this worker is wanted at all.
    Result<void> run(const std::function<bool()>& ready, const std::function<bool()>& wanted);

    /// Takes over the running session of a task whose carrier is gone, carries it to its end, and
    /// then goes on as run() does where a slot is free. `ready` is called once it is taken over.
    /// `redo`: the operator lets be done again what was under way (SessionSpec::may_redo).
    Result<void> adopt(const std::string& task_id, bool redo, const std::function<bool()>& ready);

private:
    struct Claim {
        std::unique_ptr<Lease> lease;
        std::unique_ptr<Lease> runtime_slot;
        LoadedTask task;
        /// Of the session.
        std::string directory;
        /// Where it is not recorded yet that the session has started.
        std::optional<command::Start> start;
    };

    void prepare();
    Result<void> start_monitor();
    Result<std::unique_ptr<Lease>> take_slot();
    void take_seat();
    Result<bool> give_way();

    Result<void> work_off();
    Result<void> work_off_queue();
    Result<std::optional<Claim>> claim_next();
    Result<std::optional<Claim>> claim_one(const std::vector<ListedTask>& rows);
    Result<std::unique_ptr<Lease>> take_runtime_slot(const std::string& runtime, bool& limited);
    Result<std::optional<Claim>> start(const ListedTask& row, std::unique_ptr<Lease> lease,
                                       std::unique_ptr<Lease> runtime_slot);
    bool starts_with_handle(const TaskDocument& document);
    const ToolPolicyPlaces& places_for(const TaskDocument& document);
    /// An error: no session can be carried now.
    Result<void> carry(Claim claim, bool adopted);
    Result<Outcome> run_session(const std::shared_ptr<CarriedSession>& session,
                                const TaskDocument& document, bool adopted);
    void finish(CarriedSession& session, const Outcome& outcome);
    Result<void> record_end(CarriedSession& session, const Outcome& outcome);
    Result<bool> leave();
    Result<void> keep_time(Time due, HandOver& hand_over);

    Workspace& workspace_;
    Store& store_;
    std::unique_ptr<Monitor> monitor_;
    std::unique_ptr<Lease> slot_;
    /// See worker_seats.hpp.
    Descriptor seat_;
    std::optional<ToolPolicyPlaces> places_;
    /// Tasks that could not be read; they are somebody else's business.
    std::set<std::string> unreadable_;
    /// Of the session that is adopted.
    bool redo_ = false;
    /// Of the task that is carried: whether there may be any that have to be erased.
    bool has_secrets_ = false;
};

} // namespace loong
