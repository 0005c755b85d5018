#include "hand_over.hpp"

#include "control_group.hpp"
#include "lease_names.hpp"
#include "session_slot.hpp"
#include "task_clock.hpp"
#include "worker_seats.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace loong {

namespace {

constexpr std::chrono::seconds hand_over_limit{30};
/// From how many slots on it is cheaper to ask first whether there is anything to do.
constexpr int many_slots = 16;
/// Rows beyond those that are wanted, where the slots of some runtimes are all taken.
constexpr std::size_t further_rows = 64;

WorkerStart worker_start(const Workspace& workspace) {
    WorkerStart start;
    start.program = workspace.worker_program();
    start.arguments = workspace.worker_arguments();
    start.environment = workspace.worker_environment();
    return start;
}

bool may_prepare_worker(const Workspace& workspace) {
    return workspace.worker_threads() == nullptr && !inside_a_task() && !own_ending_control_group();
}

std::optional<WaitingWorker> start_waiting(const Workspace& workspace) {
    const Parent parent = workspace.options().expects_to_end ? Parent::ends_soon : Parent::lives_on;
    Result<WaitingWorker> worker = WaitingWorker::start(worker_start(workspace), parent);
    if (!worker) return std::nullopt;
    return *std::move(worker);
}

} // namespace

// The processes of a task end with it, and a worker that one of them started would be among them.
bool inside_a_task() {
    const char* session = std::getenv("LOONG_TASK_SESSION_ID");
    return session != nullptr && *session != '\0';
}

std::optional<WaitingWorker> prepare_worker(Workspace& workspace, Store& store) {
    if (!may_prepare_worker(workspace)) return std::nullopt;
    const Result<int> spare = count_spare(store, slot_pools::worker(workspace.config()),
                                          slot_pools::returning(workspace.config()));
    return spare && *spare > 0 ? start_waiting(workspace) : std::nullopt;
}

std::optional<WaitingWorker> prepare_worker_early(const Workspace& workspace) {
    const Config& config = workspace.config();
    const bool wanted = may_prepare_worker(workspace) &&
                        is_worker_seat_free(config.state_directory, config.max_parallel);
    return wanted ? start_waiting(workspace) : std::nullopt;
}

Result<HandOver> HandOver::begin(Workspace& workspace, Store& store) {
    Result<std::unique_ptr<Lease>> lease =
        store.wait_for_lease(lease_names::hand_over, hand_over_limit);
    if (!lease) return std::move(lease).error();
    if (!*lease) {
        Result<LeaseStatus> status = store.lease_status(lease_names::hand_over);
        const bool known = status && status->holder;
        return Error{
            ErrorCode::store_busy,
            "hand-over: another process has held it for 30 s" +
                (known ? " (process " + std::to_string(status->holder->pid) + ")" : std::string()),
            "look what that process is doing; try again when it has ended"};
    }
    return HandOver(workspace, store, *std::move(lease));
}

Result<int> HandOver::held_slots() {
    const Config& config = workspace_->config();
    int held = 0;
    for (int number = 0; number < config.max_parallel; ++number) {
        Result<LeaseStatus> status = store_->lease_status(lease_names::slot(number));
        if (!status) return std::move(status).error();
        if (status->state == LeaseState::held) ++held;
    }
    return held;
}

Result<int> HandOver::startable(int limit) {
    const auto wanted = static_cast<std::size_t>(limit);
    for (const std::size_t rows : {wanted, wanted + further_rows}) {
        Result<std::vector<ListedTask>> tasks = store_->claimable(now(), rows);
        if (!tasks) return std::move(tasks).error();
        Result<int> count = startable_of(*tasks, limit);
        if (!count || *count == limit || tasks->size() < rows || rows > wanted) return count;
    }
    return 0;
}

Result<int> HandOver::startable_of(const std::vector<ListedTask>& tasks, int limit) {
    const Config& config = workspace_->config();
    int count = 0;
    for (const ListedTask& task : tasks) {
        if (!task.summary) continue;
        const std::string& runtime = task.summary->runtime;
        const LeasePool slots = slot_pools::runtime(config, runtime);
        if (slots.size > 0) {
            Result<int> spare =
                count_spare(*store_, slots, slot_pools::runtime_returning(config, runtime));
            if (!spare) return std::move(spare).error();
            if (*spare <= 0) continue;
        }
        if (++count == limit) break;
    }
    return count;
}

Result<bool> HandOver::has_anything_to_do(int own_claims) {
    const auto claimed = static_cast<std::size_t>(own_claims);
    Result<std::vector<ListedTask>> tasks = store_->claimable(now(), claimed + 1);
    if (!tasks) return std::move(tasks).error();
    if (tasks->size() > claimed) return true;
    Result<std::optional<Time>> due = store_->next_due(now());
    if (!due) return std::move(due).error();
    return due->has_value();
}

Result<void> HandOver::ask_live_worker() {
    Result<std::unique_ptr<Lease>> bell = store_->take_lease(lease_names::worker_wanted);
    if (!bell) return std::move(bell).error();
    return {};
}

Result<void> HandOver::serve(int own_claims) {
    const Config& config = workspace_->config();
    if (config.max_parallel >= many_slots) {
        Result<bool> anything = has_anything_to_do(own_claims);
        if (!anything) return std::move(anything).error();
        if (!*anything) return {};
    }
    Result<int> spare =
        count_spare(*store_, slot_pools::worker(config), slot_pools::returning(config));
    if (!spare) return std::move(spare).error();
    // Sessions that return take what is free, and go on with the queue when they have ended.
    if (*spare <= 0) return {};
    Result<int> held = held_slots();
    if (!held) return std::move(held).error();
    Result<int> wanted = startable(*spare + own_claims);
    if (!wanted) return std::move(wanted).error();
    int count = std::min(*spare, *wanted - own_claims);
    if (count <= 0 && *held == 0) {
        // What becomes due later needs somebody who waits for it.
        Result<std::optional<Time>> due = store_->next_due(now());
        if (!due) return std::move(due).error();
        if (*due) count = 1;
    }
    if (count <= 0) return {};
    if (inside_a_task()) {
        // Those that wait for the operator have no slot, and can start others all the same.
        Result<int> waiting = count_held(*store_, slot_pools::waiting(config));
        if (!waiting) return std::move(waiting).error();
        if (*held > 0 || *waiting > 0) return ask_live_worker();
    }
    for (int number = 0; number < count; ++number) {
        Result<void> started = start_one({});
        if (started) {
            ++*held;
            continue;
        }
        // The live ones come back to the queue, so nothing is stuck; only some speed is lost.
        if (*held > 0) return {};
        return started;
    }
    return {};
}

Result<void> HandOver::start_one(const std::string& adopt, bool redo) {
    if (WorkerThreads* threads = workspace_->worker_threads(); threads != nullptr) {
        return threads->start(workspace_->options(), adopt, redo);
    }
    if (prepared_ && adopt.empty()) {
        Result<void> begun = prepared_->begin();
        prepared_.reset();
        return begun;
    }
    WorkerStart start = worker_start(*workspace_);
    if (!adopt.empty()) start.arguments.insert(start.arguments.end(), {"--adopt", adopt});
    if (redo) start.arguments.emplace_back("--redo");
    return start_worker(start);
}

} // namespace loong
