#include "lease_names.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "tasks_implementation.hpp"
#include "watch_wait.hpp"

#include <algorithm>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

// Beyond this, watching everything is cheaper than watching each.
constexpr std::size_t most_single_targets = 64;

bool operator_equal(const WatchTarget& left, const WatchTarget& right) {
    return left.kind == right.kind && left.name == right.name;
}

class StoreTaskWatch final : public TaskWatch {
public:
    /// Without ids: all tasks.
    StoreTaskWatch(Workspace& workspace, std::optional<std::vector<std::string>> task_ids)
        : workspace_(workspace),
          task_ids_(std::move(task_ids)) {}

    Result<bool> renew() {
        Result<std::vector<WatchTarget>> targets = wanted_targets();
        if (!targets) return std::move(targets).error();
        if (watch_ && std::equal(targets->begin(), targets->end(), targets_.begin(), targets_.end(),
                                 operator_equal)) {
            return false;
        }
        Result<std::unique_ptr<Watch>> watch = workspace_.store().watch(*targets);
        if (!watch) return std::move(watch).error();
        watch_ = *std::move(watch);
        targets_ = *std::move(targets);
        return true;
    }

    Result<Woken> wait(std::optional<Milliseconds> limit, int interrupt_descriptor) override {
        // What happened between the caller's look and a new watch is unknown, so the caller looks
        // once more under the new one.
        Result<bool> renewed = renew();
        if (!renewed) return std::move(renewed).error();
        if (*renewed) return Woken::changed;
        const Clock::time_point end = limit ? Clock::now() + *limit : Clock::time_point::max();
        while (true) {
            const Milliseconds patience = next_patience(end);
            Result<Woken> woken = wait_for_watch(*watch_, patience, interrupt_descriptor);
            if (!woken || *woken != Woken::timeout) return woken;
            if (Clock::now() >= end) return Woken::timeout;
            if (changes_by_time_at_ && now() >= *changes_by_time_at_) return Woken::changed;
        }
    }

private:
    Result<std::vector<WatchTarget>> wanted_targets() {
        changes_by_time_at_.reset();
        return task_ids_ ? targets_of(*task_ids_) : targets_of_all();
    }

    Result<std::vector<WatchTarget>> targets_of_all() {
        std::vector<WatchTarget> targets{{WatchTarget::Kind::everything, {}}};
        TaskFilter filter;
        filter.states = {SessionState::running};
        bool has_more = true;
        for (std::string cursor; has_more;) {
            Result<ListPage> page =
                workspace_.store().list(filter, ListOrder::oldest_first, cursor, store_page_size);
            if (!page) return std::move(page).error();
            for (const ListedTask& row : page->tasks) {
                cursor = row.task_id;
                if (!row.summary) continue;
                note_time(*row.summary);
                targets.push_back({WatchTarget::Kind::lease, row.summary->task_session_id});
            }
            has_more = page->has_more && !page->tasks.empty();
        }
        filter.states = {SessionState::ready};
        Result<ListPage> ready =
            workspace_.store().list(filter, ListOrder::oldest_first, {}, store_page_size);
        if (!ready) return std::move(ready).error();
        for (const ListedTask& row : ready->tasks) {
            if (row.summary) note_time(*row.summary);
        }
        if (!ready->tasks.empty()) add_service(targets);
        return targets;
    }

    Result<std::vector<WatchTarget>> targets_of(const std::vector<std::string>& task_ids) {
        std::vector<WatchTarget> targets;
        const bool single = task_ids.size() <= most_single_targets;
        if (!single) targets.push_back({WatchTarget::Kind::everything, {}});
        bool any_ready = false;
        for (const std::string& task_id : task_ids) {
            Result<ListedTask> row = workspace_.store().find(task_id);
            if (!row && row.error().code == ErrorCode::task_not_found) continue;
            if (!row) return std::move(row).error();
            if (single) targets.push_back({WatchTarget::Kind::task, task_id});
            if (!row->summary) continue;
            note_time(*row->summary);
            any_ready |= row->summary->session_state == SessionState::ready;
            if (row->summary->session_state == SessionState::running) {
                targets.push_back({WatchTarget::Kind::lease, row->summary->task_session_id});
            }
        }
        if (any_ready) add_service(targets);
        return targets;
    }

    void note_time(const TaskSummary& summary) {
        if (is_terminal(summary.session_state)) return;
        for (const std::optional<Time>& time : {summary.overdue_at, summary.not_before}) {
            if (time && *time > now()) {
                changes_by_time_at_ = std::min(changes_by_time_at_.value_or(*time), *time);
            }
        }
    }

    /// A ready task needs the operator as soon as nobody serves the queue.
    void add_service(std::vector<WatchTarget>& targets) {
        bool slot_held = false;
        for (int number = 0; number < workspace_.config().max_parallel; ++number) {
            targets.push_back({WatchTarget::Kind::lease, lease_names::slot(number)});
            Result<LeaseStatus> status = workspace_.store().lease_status(lease_names::slot(number));
            slot_held |= status && status->state == LeaseState::held;
        }
        // So does a worker whose session waits for the operator.
        for (int number = 0; !slot_held && number < workspace_.config().max_parallel; ++number) {
            targets.push_back({WatchTarget::Kind::lease, lease_names::waiting(number)});
        }
        // The hand-over changes hands with every task, so it is watched only while it matters.
        if (!slot_held) targets.push_back({WatchTarget::Kind::lease, lease_names::hand_over});
    }

    Milliseconds next_patience(Clock::time_point end) const {
        Milliseconds patience = std::chrono::hours(1);
        if (end != Clock::time_point::max()) {
            patience = std::min(patience, std::chrono::ceil<Milliseconds>(end - Clock::now()));
        }
        if (changes_by_time_at_) {
            patience =
                std::min(patience, std::chrono::ceil<Milliseconds>(*changes_by_time_at_ - now()));
        }
        return std::max(patience, Milliseconds(0));
    }

    Workspace& workspace_;
    const std::optional<std::vector<std::string>> task_ids_;
    std::vector<WatchTarget> targets_;
    std::unique_ptr<Watch> watch_;
    std::optional<Time> changes_by_time_at_;
};

Result<std::unique_ptr<TaskWatch>> make_watch(Workspace& workspace,
                                              std::optional<std::vector<std::string>> task_ids) {
    auto watch = std::make_unique<StoreTaskWatch>(workspace, std::move(task_ids));
    Result<bool> made = watch->renew();
    if (!made) return std::move(made).error();
    return std::unique_ptr<TaskWatch>(std::move(watch));
}

} // namespace

Result<std::unique_ptr<TaskWatch>> watch_tasks(Workspace& workspace,
                                               const std::vector<std::string>& task_ids) {
    return make_watch(workspace, task_ids);
}

Result<std::unique_ptr<TaskWatch>> watch_all_tasks(Workspace& workspace) {
    return make_watch(workspace, std::nullopt);
}

} // namespace loong
