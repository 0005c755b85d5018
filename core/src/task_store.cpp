#include "task_store.hpp"

#include "loong/ids.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <utility>

namespace loong {

namespace {

// Each lost race means that another writer made progress, so this many in a row is a fault.
constexpr int most_attempts = 1000;

Error too_many_conflicts(std::string_view task_id) {
    return {ErrorCode::conflict,
            "task " + std::string(task_id) + ": other writers were faster too many times",
            "try again"};
}

} // namespace

Result<LoadedTask> load_task(Store& store, std::string_view task_id) {
    Result<StoredTask> stored = store.read(task_id);
    if (!stored) return std::move(stored).error();
    Result<FoldedTask> folded = fold_task(task_id, stored->document, stored->records);
    if (!folded) return std::move(folded).error();
    return LoadedTask{std::move(folded->document), std::move(folded->events),
                      std::move(folded->state)};
}

Result<std::vector<Event>> apply(Store& store, LoadedTask& task, const Command& command,
                                 const std::string& actor_session_id, const Lease* lease,
                                 const std::function<void()>& durable) {
    const std::string task_id = task.document.task_id;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const Time at = now();
        const DecisionInput input{at, actor_session_id,
                                  std::string(child_session_id_prefix) + new_ulid(wall_now()),
                                  clock_skew()};
        Result<std::vector<Event>> events = decide(task.state, command, input);
        if (!events || events->empty()) return events;
        TaskState next = task.state;
        for (const Event& event : *events) next = evolve(std::move(next), event);
        const std::uint64_t revision = task.state.summary.revision;
        const std::vector<std::string> records = write_records(*events);
        Result<void> appended =
            durable ? store.append_then(task_id, revision, records, next.summary, lease, durable)
                    : store.append(task_id, revision, records, next.summary, lease);
        if (appended) {
            task.state = std::move(next);
            task.events.insert(task.events.end(), events->begin(), events->end());
            return events;
        }
        if (appended.error().code != ErrorCode::conflict) return std::move(appended).error();
        if (lease != nullptr && !lease->is_held()) return std::move(appended).error();
        Result<LoadedTask> again = load_task(store, task_id);
        if (!again) return std::move(again).error();
        task = *std::move(again);
    }
    return too_many_conflicts(task_id);
}

Result<Applied> apply(Store& store, std::string_view task_id, const Command& command,
                      const std::string& actor_session_id, const Lease* lease) {
    Result<LoadedTask> task = load_task(store, task_id);
    if (!task) return std::move(task).error();
    Applied applied{*std::move(task), {}};
    Result<std::vector<Event>> events =
        apply(store, applied.task, command, actor_session_id, lease);
    if (!events) return std::move(events).error();
    applied.events = *std::move(events);
    return applied;
}

} // namespace loong
