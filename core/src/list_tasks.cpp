#include "store_page.hpp"
#include "task_clock.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace loong {

namespace {

/// Ready, and a worker may claim it as soon as its time has come.
TaskFilter claimable(TaskFilter filter) {
    filter.states = {SessionState::ready};
    filter.held = false;
    filter.dependencies = {DependencyState::met};
    return filter;
}

TaskFilter in_states(TaskFilter filter, std::vector<SessionState> states) {
    filter.states = std::move(states);
    return filter;
}

TaskFilter attention_candidates(TaskFilter filter) {
    filter.attention_candidates = true;
    return filter;
}

TaskFilter not_due(TaskFilter filter) {
    filter.not_due = true;
    return filter;
}

/// Held, or behind others, or to be tried again later.
std::vector<TaskFilter> waiting(const TaskFilter& filter) {
    TaskFilter held = in_states(filter, {SessionState::ready});
    held.held = true;
    TaskFilter behind = in_states(filter, {SessionState::ready});
    behind.dependencies = {DependencyState::pending};
    return {in_states(filter, {SessionState::running}), held, behind, not_due(claimable(filter))};
}

std::vector<TaskFilter> candidates_for(Status status, const TaskFilter& filter, bool served) {
    switch (status) {
    case Status::completed: return {in_states(filter, {SessionState::completed})};
    case Status::failed: return {in_states(filter, {SessionState::failed})};
    case Status::timed_out: return {in_states(filter, {SessionState::timed_out})};
    case Status::cancelled: return {in_states(filter, {SessionState::cancelled})};
    case Status::cancel_requested:
    case Status::approval_pending:
    case Status::running: return {in_states(filter, {SessionState::running})};
    case Status::queued: return {claimable(filter)};
    case Status::overdue:
    case Status::blocked:
        return {
            attention_candidates(in_states(filter, {SessionState::ready, SessionState::running}))};
    case Status::recoverable: {
        std::vector<TaskFilter> filters{in_states(filter, {SessionState::running})};
        if (!served) filters.push_back(claimable(filter));
        return filters;
    }
    case Status::waiting: return waiting(filter);
    // What cannot be read has none of the states.
    case Status::unknown: break;
    }
    return {attention_candidates(filter)};
}

/// The rows that can have a status, so that the store need not hand out all: those that match one
/// of the filters. The status says more than a filter can.
std::vector<TaskFilter> candidates(const TaskFilter& filter, const ListRequest& request,
                                   Held queue_served) {
    const bool served = queue_served == Held::held;
    if (request.status) return candidates_for(*request.status, filter, served);
    if (!request.attention) return {filter};
    // A claimable task needs the operator as soon as nobody serves the queue.
    if (!served) return {attention_candidates(filter), claimable(filter)};
    return {attention_candidates(filter)};
}

/// One row each, in the order asked for, where several filters found them.
void merge(std::vector<TaskRow>& rows, const ListRequest& request) {
    std::sort(rows.begin(), rows.end(), [&](const TaskRow& left, const TaskRow& right) {
        return request.oldest_first ? left.task_id < right.task_id : left.task_id > right.task_id;
    });
    const auto same = [](const TaskRow& left, const TaskRow& right) {
        return left.task_id == right.task_id;
    };
    rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
    if (rows.size() > request.limit) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(request.limit), rows.end());
    }
}

bool matches(const TaskStatus& status, const ListRequest& request) {
    if (request.status && status.status != *request.status) return false;
    return !request.attention || status.needs_attention;
}

class Counting {
public:
    Counting(Store& store, Observer& observer) : store_(store), observer_(observer) {}

    Result<void> count(const TaskFilter& filter) {
        Result<std::vector<CountGroup>> groups = store_.count(filter);
        if (!groups) return std::move(groups).error();
        for (const CountGroup& group : *groups) {
            // Which of the running ones have lost their carrier only their leases tell.
            if (group.unreadable || group.session_state != SessionState::running) add(group);
        }
        return count_running(filter);
    }

    void write_to(ListResult& result, const ListRequest& request) const {
        for (const auto& [status, number] : by_status_) {
            if (request.status && status != *request.status) continue;
            const std::uint64_t matched = request.attention ? number.attention : number.all;
            if (matched == 0) continue;
            result.counts.emplace_back(status, matched);
            result.matched_count += matched;
            result.needs_attention_count += number.attention;
        }
    }

private:
    void add(const CountGroup& group) {
        if (group.count == 0) return;
        if (group.unreadable) {
            Number& unreadable = by_status_[Status::unknown];
            unreadable.all += group.count;
            unreadable.attention += group.count;
            return;
        }
        Facts facts;
        facts.session_state = group.session_state;
        facts.archived = group.archived;
        facts.held = group.held;
        facts.dependencies = group.dependencies;
        facts.retry_not_due = !group.due;
        facts.overdue = group.overdue;
        if (group.session_state == SessionState::ready) {
            facts.queue_served = observer_.queue_served();
        }
        Number& number = by_status_[derive_status(facts)];
        number.all += group.count;
        if (derive_needs_attention(facts)) number.attention += group.count;
    }

    Result<void> count_running(TaskFilter filter) {
        filter.states = {SessionState::running};
        std::string cursor;
        while (true) {
            Result<ListPage> page =
                store_.list(filter, ListOrder::newest_first, cursor, store_page_size);
            if (!page) return std::move(page).error();
            for (ListedTask& row : page->tasks) {
                cursor = row.task_id;
                const ObservedTask observed =
                    observer_.observe(std::move(row), Observer::Depth::leases);
                Number& number = by_status_[observed.task_status.status];
                ++number.all;
                if (observed.task_status.needs_attention) ++number.attention;
            }
            if (!page->has_more) return {};
        }
    }

    Store& store_;
    Observer& observer_;
    struct Number {
        std::uint64_t all = 0;
        std::uint64_t attention = 0;
    };
    std::map<Status, Number> by_status_;
};

} // namespace

Result<ListResult> Tasks::Implementation::list(const ListRequest& request) {
    return list_below(visible_to_, request);
}

Result<ListResult> Tasks::Implementation::list_below(const std::string& session_id,
                                                     const ListRequest& request) {
    TaskFilter filter;
    filter.visible_to = session_id;
    filter.label_glob = request.label_glob;
    filter.include_archived = request.include_archived;
    filter.now = now();
    Observer observer(*workspace_, command_options_);
    ListResult result;
    if (!request.without_counts) {
        Counting counting(store(), observer);
        Result<void> counted = counting.count(filter);
        if (!counted) return std::move(counted).error();
        counting.write_to(result, request);
    }

    std::string start;
    if (!request.before.empty()) {
        Result<std::string> before = resolve(request.before);
        if (!before) return std::move(before).error();
        start = *std::move(before);
    }
    const bool selective = request.status.has_value() || request.attention;
    const std::vector<TaskFilter> filters =
        candidates(filter, request, selective ? observer.queue_served() : Held::unknown);
    for (const TaskFilter& one : filters) {
        Result<std::vector<TaskRow>> rows = find_rows(one, start, request, observer);
        if (!rows) return std::move(rows).error();
        result.tasks.insert(result.tasks.end(), std::make_move_iterator(rows->begin()),
                            std::make_move_iterator(rows->end()));
    }
    if (filters.size() > 1) merge(result.tasks, request);
    return result;
}

Result<std::vector<TaskRow>> Tasks::Implementation::find_rows(const TaskFilter& filter,
                                                              std::string cursor,
                                                              const ListRequest& request,
                                                              Observer& observer) {
    const bool selective = request.status.has_value() || request.attention;
    const ListOrder order =
        request.oldest_first ? ListOrder::oldest_first : ListOrder::newest_first;
    std::vector<TaskRow> rows;
    // Most tasks of a state often have the status that is asked for: the first page is small.
    std::size_t selected_from = std::min(store_page_size, 2 * request.limit);
    while (rows.size() < request.limit) {
        const std::size_t wanted = selective
                                       ? std::exchange(selected_from, store_page_size)
                                       : std::min(store_page_size, request.limit - rows.size());
        Result<ListPage> page = store().list(filter, order, cursor, wanted);
        if (!page) return std::move(page).error();
        for (ListedTask& row : page->tasks) {
            cursor = row.task_id;
            const ObservedTask observed = observer.observe(std::move(row));
            if (!matches(observed.task_status, request)) continue;
            rows.push_back(row_of(observed));
            if (rows.size() == request.limit) break;
        }
        if (!page->has_more || page->tasks.empty()) break;
    }
    return rows;
}

Result<std::vector<std::string>> Tasks::Implementation::select(const ListRequest& request) {
    TaskFilter filter;
    filter.visible_to = visible_to_;
    filter.label_glob = request.label_glob;
    filter.include_archived = request.include_archived;
    filter.now = now();
    Observer observer(*workspace_, command_options_);
    const bool selective = request.status.has_value() || request.attention;
    const std::vector<TaskFilter> filters =
        candidates(filter, request, selective ? observer.queue_served() : Held::unknown);
    std::vector<std::string> ids;
    for (const TaskFilter& one : filters) {
        std::string cursor;
        while (true) {
            Result<ListPage> page =
                store().list(one, ListOrder::oldest_first, cursor, store_page_size);
            if (!page) return std::move(page).error();
            for (ListedTask& row : page->tasks) {
                cursor = row.task_id;
                if (selective &&
                    !matches(observer.observe(std::move(row), Observer::Depth::leases).task_status,
                             request)) {
                    continue;
                }
                ids.push_back(cursor);
            }
            if (!page->has_more || page->tasks.empty()) break;
        }
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

Result<std::vector<std::string>> Tasks::Implementation::prunable(Seconds older_than) {
    TaskFilter filter;
    filter.visible_to = visible_to_;
    filter.states = {SessionState::completed, SessionState::failed, SessionState::timed_out,
                     SessionState::cancelled};
    filter.now = now();
    std::vector<std::string> ids;
    std::string cursor;
    while (true) {
        Result<ListPage> page =
            store().list(filter, ListOrder::oldest_first, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (const ListedTask& row : page->tasks) {
            cursor = row.task_id;
            if (row.summary && row.summary->state_since + older_than <= filter.now) {
                ids.push_back(row.task_id);
            }
        }
        if (!page->has_more || page->tasks.empty()) return ids;
    }
}

} // namespace loong
