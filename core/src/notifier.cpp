#include "notifier.hpp"

#include "lease_names.hpp"
#include "loong/ids.hpp"
#include "notifier_start.hpp"
#include "notify_command.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace loong {

namespace {

// What becomes overdue, or loses its worker with nobody there to see it, is looked for now and then.
constexpr Milliseconds longest_look{30'000};

/// Calls `each` with every row of a listing, the oldest first.
template <typename Each>
Result<void> for_each_row(Store& store, const TaskFilter& filter, Each&& each) {
    std::string cursor;
    while (true) {
        Result<ListPage> page =
            store.list(filter, ListOrder::oldest_first, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (const ListedTask& row : page->tasks) {
            cursor = row.task_id;
            if (Result<void> done = each(row); !done) return done;
        }
        if (!page->has_more || page->tasks.empty()) return {};
    }
}

TaskFilter owed() {
    TaskFilter filter;
    filter.notification_owed = true;
    return filter;
}

TaskFilter may_need_the_operator() {
    TaskFilter filter;
    filter.states = {SessionState::ready, SessionState::running};
    filter.attention_candidates = true;
    filter.now = now();
    return filter;
}

/// What the command finds in its environment, besides what this process has.
std::vector<std::pair<std::string, std::string>>
environment_for(const Config& config, const NotificationView& what, const TaskDetail& task) {
    const TaskSummary& summary = task.row.summary;
    const TaskStatus& status = task.row.task_status;
    return {{"LOONG_NOTIFY", std::string(to_string(what.on))},
            {"LOONG_TASK_ID", summary.task_id},
            {"LOONG_TASK_LABEL", escape_controls(summary.label)},
            {"LOONG_TASK_STATUS", what.status},
            {"LOONG_TASK_REASON", escape_controls(status.reason)},
            {"LOONG_TASK_NEXT_COMMAND", escape_controls(status.next_command)},
            // So that `loong` there sees the task as its owner does.
            {"LOONG_SESSION_ID", summary.scope_session_id},
            {"LOONG_CONFIG", config.file},
            {"LOONG_HOME", config.state_directory},
            {"LOONG_WORKER", {}},
            {"LOONG_TASK_SESSION_ID", {}}};
}

} // namespace

Result<void> Notifier::run(const std::function<bool()>& ready) {
    bool told_ready = false;
    while (true) {
        Result<std::unique_ptr<Lease>> lease = tasks_.store().take_lease(lease_names::notifier);
        if (!lease) return std::move(lease).error();
        if (!std::exchange(told_ready, true) && !ready()) return {};
        if (!*lease || tasks_.config().notify_command.empty()) return {};
        if (Result<void> told = tell_all(); !told) return told;
        lease->reset();
        // Looked at with the lease given back: see notifier_start.hpp.
        Result<bool> left = is_anything_left();
        if (!left) return std::move(left).error();
        if (!*left) return {};
    }
}

Result<void> Notifier::tell_all() {
    while (true) {
        // Watching starts before looking, so nothing falls between the two.
        Result<std::unique_ptr<Watch>> watch =
            tasks_.store().watch({{WatchTarget::Kind::everything, {}}});
        if (!watch) return std::move(watch).error();
        if (Result<void> noticed = notice_others(); !noticed) return noticed;
        Result<std::optional<Time>> next = tell_what_is_due();
        if (!next) return std::move(next).error();
        if (!*next) return {};
        const auto left = std::chrono::ceil<Milliseconds>(**next - now());
        if (left.count() <= 0) continue;
        Result<bool> changed = (*watch)->wait(std::min(left, longest_look));
        if (!changed) return std::move(changed).error();
    }
}

Result<void> Notifier::notice_others() {
    Store& store = tasks_.store();
    return for_each_row(store, may_need_the_operator(), [&](const ListedTask& row) -> Result<void> {
        Result<bool> likely = may_need_notice(store, row);
        if (!likely) return std::move(likely).error();
        if (!*likely || set_aside_.contains(row.task_id)) return {};
        // The closer look reads again, so that a task which ends just now is not taken for lost.
        Observer observer(tasks_.workspace(), {});
        const ObservedTask seen = observer.observe(row, Observer::Depth::leases);
        if (!seen.listed.summary || !seen.task_status.needs_attention) return {};
        if (!is_noticed_from_outside(seen.task_status.status)) return {};
        command::NoticeAttention notice;
        notice.revision = seen.listed.summary->revision;
        notice.status = std::string(to_string(seen.task_status.status));
        notice.reason = seen.task_status.reason;
        Result<Applied> applied = apply(store, row.task_id, notice, tasks_.session_id());
        if (!applied) set_aside_.insert(row.task_id);
        return {};
    });
}

Result<std::optional<Time>> Notifier::tell_what_is_due() {
    Store& store = tasks_.store();
    std::vector<std::string> due;
    std::optional<Time> next;
    const auto look = [&](const ListedTask& row) -> Result<void> {
        if (!row.summary || !row.summary->notify_at || set_aside_.contains(row.task_id)) return {};
        const Time at = *row.summary->notify_at;
        if (at <= now()) due.push_back(row.task_id);
        next = std::min(next.value_or(at), at);
        return {};
    };
    if (Result<void> looked = for_each_row(store, owed(), look); !looked) {
        return std::move(looked).error();
    }
    for (const std::string& task_id : due) {
        Result<void> told = tell(task_id);
        // One task that cannot be read or written must not keep the others from being told.
        if (!told) set_aside_.insert(task_id);
    }
    if (due.empty()) return next;
    // Much may have happened meanwhile, so the caller looks again at once.
    return std::optional<Time>(now());
}

Result<void> Notifier::tell(const std::string& task_id) {
    while (true) {
        Result<LoadedTask> task = load_task(tasks_.store(), task_id);
        if (!task && task.error().code == ErrorCode::task_not_found) return {};
        if (!task) return std::move(task).error();
        const std::vector<NotificationFacts>& all = task->state.notifications;
        const auto due = std::find_if(all.begin(), all.end(), [](const NotificationFacts& facts) {
            return facts.state == DeliveryState::owed && facts.next_at <= now();
        });
        if (due == all.end()) return {};
        Result<std::optional<std::string>> failure = attempt(task_id, *due);
        if (!failure) return std::move(failure).error();
        Result<std::vector<Event>> noted =
            apply(tasks_.store(), *task, command::NoteDelivery{due->event_id, *failure},
                  tasks_.session_id());
        if (!noted) return std::move(noted).error();
    }
}

Result<std::optional<std::string>> Notifier::attempt(const std::string& task_id,
                                                     const NotificationFacts& facts) {
    Result<LoadedTask> loaded = load_task(tasks_.store(), task_id);
    if (!loaded) return std::move(loaded).error();
    // Seen from the scope that it belongs to: what is proposed there can be typed there.
    const std::string& scope = loaded->document.scope_session_id;
    std::vector<std::string> options;
    if (scope != default_session_id) options = {"--session", scope};
    Observer observer(tasks_.workspace(), std::move(options));
    Result<TaskDetail> task = tasks_.detail(*loaded, observer);
    if (!task) return std::move(task).error();
    const auto is_it = [&](const NotificationView& view) {
        return view.event_id == facts.event_id;
    };
    const auto what = std::find_if(task->notifications.begin(), task->notifications.end(), is_it);
    // Withdrawn while it was looked at.
    if (what == task->notifications.end()) return std::optional<std::string>();
    NotifyCommand command;
    command.words = tasks_.config().notify_command;
    command.input = describe_({*what, *task, scope});
    command.environment = environment_for(tasks_.config(), *what, *task);
    command.limit = std::chrono::seconds(tasks_.config().notify_timeout_seconds);
    return run_notify_command(command);
}

Result<bool> Notifier::is_anything_left() {
    bool left = false;
    const auto look = [&](const ListedTask& row) -> Result<void> {
        left |= row.summary && row.summary->notify_at && !set_aside_.contains(row.task_id);
        return {};
    };
    if (Result<void> looked = for_each_row(tasks_.store(), owed(), look); !looked) {
        return std::move(looked).error();
    }
    return left;
}

} // namespace loong
