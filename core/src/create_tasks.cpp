#include "control_group.hpp"
#include "hand_over.hpp"
#include "task_preparation.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>

namespace loong {

namespace {

/// A large batch goes to the store in parts of so many tasks, whose texts need not all be kept.
constexpr std::size_t stored_at_once = 8192;

bool may_any_start(const std::vector<CreateRequest>& requests) {
    return std::any_of(requests.begin(), requests.end(),
                       [](const CreateRequest& request) { return request.can_start_at_once(); });
}

Error withdrawn(Store& store, const std::string& actor, LoadedTask& task, const Error& cause) {
    Result<std::vector<Event>> done = apply(store, task, command::SpawnFailed{cause}, actor);
    // Somebody else may have started it meanwhile, or the store is gone as well: then its status
    // says what is true, and this message what was seen here.
    if (done) static_cast<void>(store.erase_secrets(task.document.task_id));
    return {cause.code, "task " + task.document.task_id + ": " + cause.message, cause.hint};
}

} // namespace

Result<std::vector<Result<CreateResult>>>
Tasks::Implementation::create(const std::vector<CreateRequest>& requests) {
    std::optional<WaitingWorker> worker = workspace_->take_early_worker();
    if (!worker && may_any_start(requests)) worker = prepare_worker(*workspace_, store());
    Result<Submission> submission = begin_submission(*this, requests);
    if (!submission) return std::move(submission).error();
    TaskPreparation preparation(*this, *submission);
    std::vector<Result<PreparedTask>> prepared;
    prepared.reserve(requests.size());
    const auto prepare_next = [&] {
        std::vector<NewTask> tasks;
        const std::size_t end = std::min(prepared.size() + stored_at_once, requests.size());
        while (prepared.size() < end) {
            prepared.push_back(preparation.prepare(requests[prepared.size()]));
            if (prepared.back()) tasks.push_back(std::move(prepared.back()->task));
        }
        return tasks;
    };
    std::vector<NewTask> tasks = prepare_next();
    Result<HandOver> hand_over = HandOver::begin(*workspace_, store());
    if (!hand_over) return std::move(hand_over).error();
    hand_over->use(std::move(worker));
    std::vector<Result<CreatedTask>> created;
    Result<void> stored;
    while (true) {
        const bool is_last = prepared.size() == requests.size();
        // What is to be prepared meanwhile may not ask the store.
        const bool overlaps = !is_last && !submission->asks_store;
        std::future<Result<std::vector<Result<CreatedTask>>>> storing = std::async(
            overlaps ? std::launch::async | std::launch::deferred : std::launch::deferred,
            [&] { return store().create(tasks); });
        std::vector<NewTask> next;
        if (overlaps) next = prepare_next();
        Result<std::vector<Result<CreatedTask>>> some = storing.get();
        if (!some) {
            stored = std::move(some).error();
            break;
        }
        for (Result<CreatedTask>& one : *some) created.push_back(std::move(one));
        if (is_last) break;
        tasks = overlaps ? std::move(next) : prepare_next();
    }
    // Also where something failed: what was stored before is there, and nobody else will see to it.
    const Result<void> served = hand_over->serve();
    if (!stored) return std::move(stored).error();
    const std::string warning = control_group_warning();
    Observer observer(*workspace_, command_options_);
    std::vector<Result<CreateResult>> results;
    results.reserve(requests.size());
    auto next = created.begin();
    for (Result<PreparedTask>& prepared_one : prepared) {
        // Of many, each makes room for the result of the next.
        Result<PreparedTask> one = std::move(prepared_one);
        if (!one) {
            results.emplace_back(std::move(one).error());
            continue;
        }
        Result<CreatedTask> kept = std::move(*next++);
        if (!kept) {
            results.emplace_back(std::move(kept).error());
            continue;
        }
        if (!served && kept->created && !one->loaded.document.hold) {
            results.emplace_back(withdrawn(store(), session_id_, one->loaded, served.error()));
            continue;
        }
        CreateResult result;
        result.existing = !kept->created;
        result.withheld_environment = one->loaded.document.withheld_names;
        if (!warning.empty()) result.warnings.push_back(warning);
        Result<TaskDetail> found = kept->created ? detail(one->loaded, observer) : Error{};
        if (!found || found->row.summary.revision != one->loaded.state.summary.revision) {
            Result<std::string> visible = resolve(kept->task_id);
            found = visible ? detail(*visible) : std::move(visible).error();
        }
        if (found) {
            result.task = *std::move(found);
            results.emplace_back(std::move(result));
        } else {
            results.emplace_back(std::move(found).error());
        }
    }
    return results;
}

} // namespace loong
