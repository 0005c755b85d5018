#include "notifier_start.hpp"

#include "derivation.hpp"
#include "hand_over.hpp"
#include "lease_names.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "worker_process.hpp"

#include <utility>

namespace loong {

namespace {

constexpr std::chrono::seconds pause_after_failure{30};

} // namespace

bool is_noticed_from_outside(Status status) {
    return status == Status::recoverable || status == Status::overdue || status == Status::blocked;
}

Result<bool> may_need_notice(Store& store, const ListedTask& row) {
    if (!row.summary || !row.summary->notify_attention || row.summary->archived) return false;
    Facts facts = facts_of(*row.summary, row.dependencies, now());
    if (facts.session_state == SessionState::running) {
        Result<LeaseStatus> lease = store.lease_status(row.summary->task_session_id);
        if (!lease) return std::move(lease).error();
        facts.carrier_lease = lease->state == LeaseState::free   ? Held::free
                              : lease->state == LeaseState::held ? Held::held
                                                                 : Held::unknown;
    }
    // What the task itself says needs the operator is owed by its own events.
    if (facts.approval_open || facts.input_open || facts.progress == ProgressState::blocked) {
        if (facts.carrier_lease != Held::free) return false;
    }
    const Status status = derive_status(facts);
    return is_noticed_from_outside(status) && row.summary->noticed != to_string(status);
}

Result<bool> NotifierStart::is_wanted(Store& store) {
    Result<LeaseStatus> lease = store.lease_status(lease_names::notifier);
    if (!lease) return std::move(lease).error();
    if (lease->state == LeaseState::held) return false;
    TaskFilter filter;
    filter.notification_owed = true;
    Result<ListPage> owed = store.list(filter, ListOrder::oldest_first, {}, 1);
    if (!owed) return std::move(owed).error();
    if (!owed->tasks.empty()) return true;
    TaskFilter candidates;
    candidates.states = {SessionState::ready, SessionState::running};
    candidates.attention_candidates = true;
    candidates.now = now();
    std::string cursor;
    while (true) {
        Result<ListPage> page =
            store.list(candidates, ListOrder::oldest_first, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (const ListedTask& row : page->tasks) {
            cursor = row.task_id;
            Result<bool> wanted = may_need_notice(store, row);
            if (!wanted || *wanted) return wanted;
        }
        if (!page->has_more || page->tasks.empty()) return false;
    }
}

Result<void> NotifierStart::start_where_owed(Store& store) {
    if (workspace_.config().notify_command.empty()) return {};
    if (std::chrono::steady_clock::now() < not_before_) return {};
    Result<bool> wanted = is_wanted(store);
    if (!wanted) return std::move(wanted).error();
    if (!*wanted) return {};
    Result<void> started = {};
    if (inside_a_task()) {
        // What a task starts ends with it. The worker that carries it looks when it is woken.
        Result<std::unique_ptr<Lease>> bell = store.take_lease(lease_names::worker_wanted);
        if (!bell) started = std::move(bell).error();
    } else {
        started = start();
    }
    if (!started) not_before_ = std::chrono::steady_clock::now() + pause_after_failure;
    return started;
}

Result<void> NotifierStart::start() {
    WorkerStart start;
    start.program = workspace_.worker_program();
    start.arguments = workspace_.worker_arguments();
    start.arguments.emplace_back("--notify");
    start.environment = workspace_.worker_environment();
    return start_worker(start);
}

} // namespace loong
