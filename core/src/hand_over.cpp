#include "hand_over.hpp"

#include "lease_names.hpp"
#include "task_clock.hpp"
#include "worker_process.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace loong {

namespace {

constexpr std::chrono::seconds hand_over_limit{30};

// The processes of a task end with it, and a worker that one of them started would be among them.
bool inside_a_task() {
    const char* session = std::getenv("LOONG_TASK_SESSION_ID");
    return session != nullptr && *session != '\0';
}

Result<bool> has_free_slot(Store& store, const std::string& runtime, int max_parallel) {
    for (int number = 0; number < max_parallel; ++number) {
        Result<LeaseStatus> status = store.lease_status(lease_names::runtime_slot(runtime, number));
        if (!status) return std::move(status).error();
        if (status->state == LeaseState::free) return true;
    }
    return false;
}

} // namespace

Result<std::unique_ptr<Lease>> take_slot(Store& store, int max_parallel) {
    for (int number = 0; number < max_parallel; ++number) {
        Result<std::unique_ptr<Lease>> lease = store.take_lease(lease_names::slot(number));
        if (!lease || *lease) return lease;
    }
    return std::unique_ptr<Lease>();
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

Result<int> HandOver::free_slots(int* held) {
    int free = 0;
    for (int number = 0; number < workspace_->config().max_parallel; ++number) {
        Result<LeaseStatus> status = store_->lease_status(lease_names::slot(number));
        if (!status) return std::move(status).error();
        if (status->state == LeaseState::free) ++free;
        if (status->state == LeaseState::held) ++*held;
    }
    return free;
}

Result<int> HandOver::startable(int limit) {
    Result<std::vector<ListedTask>> tasks =
        store_->claimable(now(), static_cast<std::size_t>(limit) + 64);
    if (!tasks) return std::move(tasks).error();
    int count = 0;
    for (const ListedTask& task : *tasks) {
        if (!task.summary) continue;
        const auto entry = workspace_->config().runtimes.find(task.summary->runtime);
        const int own_limit =
            entry == workspace_->config().runtimes.end() ? 0 : entry->second.max_parallel;
        if (own_limit > 0 && own_limit < workspace_->config().max_parallel) {
            Result<bool> free = has_free_slot(*store_, task.summary->runtime, own_limit);
            if (!free) return std::move(free).error();
            if (!*free) continue;
        }
        if (++count == limit) break;
    }
    return count;
}

Result<void> HandOver::ask_live_worker() {
    Result<std::unique_ptr<Lease>> bell = store_->take_lease(lease_names::worker_wanted);
    if (!bell) return std::move(bell).error();
    return {};
}

Result<void> HandOver::serve(int own_claims) {
    int held = 0;
    Result<int> free = free_slots(&held);
    if (!free) return std::move(free).error();
    if (*free == 0) return {};
    Result<int> wanted = startable(*free + own_claims);
    if (!wanted) return std::move(wanted).error();
    int count = std::min(*free, *wanted - own_claims);
    if (count <= 0 && held == 0) {
        // What becomes due later needs somebody who waits for it.
        Result<std::optional<Time>> due = store_->next_due(now());
        if (!due) return std::move(due).error();
        if (*due) count = 1;
    }
    if (count <= 0) return {};
    if (held > 0 && inside_a_task()) return ask_live_worker();
    for (int number = 0; number < count; ++number) {
        Result<void> started = start_one({});
        if (started) {
            ++held;
            continue;
        }
        // The live ones come back to the queue, so nothing is stuck; only some speed is lost.
        if (held > 0) return {};
        return started;
    }
    return {};
}

Result<void> HandOver::start_one(const std::string& adopt) {
    if (WorkerThreads* threads = workspace_->worker_threads(); threads != nullptr) {
        return threads->start(workspace_->options(), adopt);
    }
    WorkerStart start;
    start.program = workspace_->worker_program();
    start.arguments = workspace_->worker_arguments();
    if (!adopt.empty()) start.arguments.insert(start.arguments.end(), {"--adopt", adopt});
    start.environment = workspace_->worker_environment();
    return start_worker(start);
}

} // namespace loong
