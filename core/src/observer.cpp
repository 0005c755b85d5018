#include "observer.hpp"

#include "lease_names.hpp"
#include "recovery_probe.hpp"
#include "task_clock.hpp"
#include "task_store.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace loong {

namespace {

// How often a row is read again when it seems to have lost its carrier or its worker. Each further
// look needs yet another change in between.
constexpr int most_looks = 8;

bool claimable(const Facts& facts) {
    return facts.session_state == SessionState::ready && !facts.held && !facts.archived &&
           facts.dependencies == DependencyState::met && !facts.retry_not_due;
}

Held to_held(LeaseState state) {
    switch (state) {
    case LeaseState::free: return Held::free;
    case LeaseState::held: return Held::held;
    case LeaseState::unknown: break;
    }
    return Held::unknown;
}

} // namespace

Observer::Observer(Workspace& workspace, std::vector<std::string> command_options)
    : workspace_(workspace),
      command_options_(std::move(command_options)) {}

Held Observer::lease_held(const std::string& name, std::optional<LeaseStatus>* status) {
    Result<LeaseStatus> found = workspace_.store().lease_status(name);
    if (!found) return Held::unknown;
    const Held held = to_held(found->state);
    if (status != nullptr) *status = *std::move(found);
    return held;
}

bool Observer::slot_or_hand_over_held(bool& unknown) {
    const auto look = [&](const std::string& name, bool* ever_held) {
        std::optional<LeaseStatus> status;
        const Held held = lease_held(name, &status);
        unknown |= held == Held::unknown;
        if (ever_held != nullptr) *ever_held = status && status->holder.has_value();
        return held == Held::held;
    };
    if (look(lease_names::hand_over, nullptr)) return true;
    // A worker whose session waits for the operator serves the queue too. Looked at before the
    // slots, because it gives this up only once it has one of those again.
    for (int number = 0; number < 1024; ++number) {
        bool ever_held = false;
        if (look(lease_names::waiting(number), &ever_held)) return true;
        if (!ever_held) break;
    }
    // A worker that was started with a larger limit serves the queue as well. Slots are taken from
    // the lowest, so the first that nobody ever held is the last that needs a look.
    for (int number = 0; number < 1024; ++number) {
        bool ever_held = false;
        if (look(lease_names::slot(number), &ever_held)) return true;
        if (!ever_held && number >= workspace_.config().max_parallel) break;
    }
    return look(lease_names::hand_over, nullptr);
}

Held Observer::queue_served() {
    if (queue_served_) return *queue_served_;
    bool unknown = false;
    for (int look = 0; look < 2; ++look) {
        if (slot_or_hand_over_held(unknown)) {
            queue_served_ = Held::held;
            return Held::held;
        }
    }
    queue_served_ = unknown ? Held::unknown : Held::free;
    return *queue_served_;
}

std::optional<SessionFacts> Observer::carrier_before(const TaskSummary& summary,
                                                     const LeaseStatus& lease) {
    if (lease.state != LeaseState::held || !lease.holder) return std::nullopt;
    // Who has written nothing since it took the lease may be a newcomer: what the times only hint at,
    // for clocks are set, the tokens tell.
    if (lease.holder->since <= summary.updated_at) return std::nullopt;
    const Result<LoadedTask> loaded = load_task(workspace_.store(), summary.task_id);
    if (!loaded) return std::nullopt;
    const SessionFacts* session = current_session(loaded->state);
    if (session == nullptr || session->session_id != summary.task_session_id ||
        session->lease_token == lease.holder->token) {
        return std::nullopt;
    }
    return *session;
}

void Observer::look_at_carrier(const TaskSummary& summary, ObservedTask& task) {
    // One who has just taken the lease tells in a moment who it is.
    constexpr int most_looks_at_untold = 20;
    for (int looks = 0; looks < most_looks_at_untold; ++looks) {
        task.facts.carrier_lease = lease_held(summary.task_session_id, &task.lease);
        if (task.facts.carrier_lease != Held::held || task.lease->holder) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (!task.lease || !task.lease->holder) return;
    task.details.carrier_host = task.lease->holder->host;
    task.details.carrier_pid = task.lease->holder->pid;
    // A worker that looks for something to start may hold the lease for a moment after the carrier
    // died, and one that takes over has it before it says so.
    if (const std::optional<SessionFacts> carrier = carrier_before(summary, *task.lease)) {
        task.facts.carrier_lease = Held::free;
        task.details.carrier_host = carrier->host;
        task.details.carrier_pid = carrier->pid;
    }
}

ObservedTask Observer::look(ListedTask listed) {
    ObservedTask task;
    task.listed = std::move(listed);
    const TaskSummary& summary = *task.listed.summary;
    const Time at = now();
    task.facts = facts_of(summary, task.listed.dependencies, at);
    task.details = details_of(summary, task.listed.dependency_task_id, at);
    task.details.command_options = command_options_;
    if (summary.session_state == SessionState::running) {
        look_at_carrier(summary, task);
    } else if (claimable(task.facts) ||
               (summary.session_state == SessionState::ready && task.facts.retry_not_due)) {
        task.facts.queue_served = queue_served();
    }
    return task;
}

bool Observer::looks_lost(ObservedTask& task) {
    return task.facts.carrier_lease == Held::free || task.facts.queue_served == Held::free;
}

ObservedTask Observer::observe(ListedTask listed, Depth depth) {
    if (!listed.summary) {
        ObservedTask task;
        task.details.task_id = listed.task_id;
        task.details.now = now();
        task.details.command_options = command_options_;
        task.details.outcome_message = listed.summary.error().message;
        task.facts.session_state = SessionState::running;
        task.task_status = derive(task.facts, task.details);
        task.listed = std::move(listed);
        return task;
    }
    ObservedTask task = look(std::move(listed));
    for (int looks = 1; looks < most_looks && looks_lost(task); ++looks) {
        Result<ListedTask> again = workspace_.store().find(task.listed.task_id);
        if (!again || !again->summary) break;
        if (again->summary->revision == task.listed.summary->revision &&
            again->dependencies == task.listed.dependencies) {
            break;
        }
        forget();
        task = look(*std::move(again));
    }
    if (depth == Depth::work && task.facts.carrier_lease == Held::free &&
        task.listed.summary->session_state == SessionState::running) {
        task.facts.work = probe_work(workspace_, task.listed.task_id);
    }
    task.task_status = derive(task.facts, task.details);
    return task;
}

Result<ObservedTask> Observer::observe(std::string_view task_id) {
    Result<ListedTask> found = workspace_.store().find(task_id);
    if (!found) return std::move(found).error();
    return observe(*std::move(found));
}

} // namespace loong
