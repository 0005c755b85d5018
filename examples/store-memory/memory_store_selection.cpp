/// The part of MemoryStore that chooses among tasks.

#include "memory_store.hpp"
#include <loong/ids.hpp>

#include <algorithm>
#include <fnmatch.h>
#include <tuple>

namespace store_memory {
namespace {

bool is_due(const TaskSummary& summary, Time now) {
    return !summary.not_before || *summary.not_before <= now;
}

bool is_overdue(const TaskSummary& summary, Time now) {
    return summary.overdue_at && *summary.overdue_at <= now;
}

bool waits_only_for_time(const ListedTask& task) {
    const TaskSummary& summary = *task.summary;
    return summary.session_state == SessionState::ready && !summary.held && !summary.archived &&
           task.dependencies == DependencyState::met;
}

} // namespace

ListedTask MemoryStore::listed(const std::string& task_id, const Task& task) const {
    ListedTask result;
    result.task_id = task_id;
    if (task.damaged) {
        result.summary =
            Error{ErrorCode::store_corrupt, "task " + task_id + ": its events cannot be read", {}};
        return result;
    }
    result.summary = task.summary;
    for (const Dependency& dependency : task.summary.dependencies) {
        const auto found = state_->tasks_.find(dependency.task_id);
        const bool exists = found != state_->tasks_.end();
        const SessionState state =
            exists ? found->second.summary.session_state : SessionState::failed;
        DependencyState one = DependencyState::met;
        if (!is_terminal(state)) {
            one = DependencyState::pending;
        } else if (!dependency.any_end && state != SessionState::completed) {
            one = DependencyState::failed;
        }
        // The enumerators stand in the order of what prevails.
        if (one > result.dependencies) {
            result.dependencies = one;
            result.dependency_task_id = dependency.task_id;
        }
    }
    return result;
}

Result<ListedTask> MemoryStore::find(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    const Task* task = find_task(task_id);
    if (task == nullptr) {
        return Error{ErrorCode::task_not_found,
                     "task " + std::string(task_id) + ": there is no such task",
                     {}};
    }
    ListedTask result = listed(std::string(task_id), *task);
    if (!result.summary) return result.summary.error();
    return result;
}

bool MemoryStore::matches(const TaskFilter& filter, const ListedTask& task) const {
    // What cannot be read cannot be left out by what it says either.
    if (!task.summary) return true;
    const TaskSummary& summary = *task.summary;
    const auto contains = [](const auto& list, const auto& one) {
        return std::find(list.begin(), list.end(), one) != list.end();
    };
    if (!filter.states.empty() && !contains(filter.states, summary.session_state)) return false;
    if (!filter.visible_to.empty() && !contains(summary.visible_to, filter.visible_to)) {
        return false;
    }
    if (!filter.owner_session_id.empty() && filter.owner_session_id != summary.owner_session_id) {
        return false;
    }
    if (!filter.label_glob.empty() &&
        ::fnmatch(filter.label_glob.c_str(), summary.label.c_str(), 0) != 0) {
        return false;
    }
    if (!filter.include_archived && summary.archived) return false;
    if (filter.held && *filter.held != summary.held) return false;
    if (!filter.dependencies.empty() && !contains(filter.dependencies, task.dependencies)) {
        return false;
    }
    if (filter.notification_owed && !summary.notify_at) return false;
    if (filter.not_due && (!summary.not_before || *summary.not_before <= filter.now)) return false;
    if (!filter.attention_candidates) return true;
    return summary.attention || summary.session_state == SessionState::running ||
           (summary.session_state == SessionState::ready &&
            task.dependencies == DependencyState::failed) ||
           is_overdue(summary, filter.now);
}

std::vector<ListedTask> MemoryStore::matching(const TaskFilter& filter) const {
    std::vector<ListedTask> result;
    for (const auto& [task_id, task] : state_->tasks_) {
        ListedTask one = listed(task_id, task);
        if (matches(filter, one)) result.push_back(std::move(one));
    }
    return result;
}

Result<ListPage> MemoryStore::list(const TaskFilter& filter, ListOrder order,
                                   std::string_view cursor, std::size_t limit) {
    const std::lock_guard lock(state_->mutex_);
    std::vector<ListedTask> all = matching(filter);
    const bool newest_first = order == ListOrder::newest_first;
    if (newest_first) std::reverse(all.begin(), all.end());
    ListPage page;
    for (ListedTask& task : all) {
        const bool beyond = newest_first ? task.task_id < cursor : task.task_id > cursor;
        if (!cursor.empty() && !beyond) continue;
        if (page.tasks.size() == limit) {
            page.has_more = true;
            break;
        }
        page.tasks.push_back(std::move(task));
    }
    return page;
}

Result<std::vector<CountGroup>> MemoryStore::count(const TaskFilter& filter) {
    const std::lock_guard lock(state_->mutex_);
    std::map<std::tuple<SessionState, bool, bool, DependencyState, bool, bool>, std::uint64_t>
        groups;
    CountGroup unreadable;
    unreadable.unreadable = true;
    for (const ListedTask& task : matching(filter)) {
        if (!task.summary) {
            ++unreadable.count;
            continue;
        }
        const TaskSummary& summary = *task.summary;
        ++groups[{summary.session_state, summary.archived, summary.held, task.dependencies,
                  is_due(summary, filter.now), is_overdue(summary, filter.now)}];
    }
    std::vector<CountGroup> result;
    for (const auto& [key, count] : groups) {
        const auto& [state, archived, held, dependencies, due, overdue] = key;
        result.push_back({state, archived, held, dependencies, due, overdue, count});
    }
    if (unreadable.count > 0) result.push_back(unreadable);
    return result;
}

Result<std::vector<ListedTask>> MemoryStore::claimable(Time now, std::size_t limit) {
    const std::lock_guard lock(state_->mutex_);
    std::vector<ListedTask> result = matching({.states = {SessionState::ready}});
    std::erase_if(result, [&](const ListedTask& task) {
        return !task.summary || !waits_only_for_time(task) || !is_due(*task.summary, now);
    });
    std::stable_sort(result.begin(), result.end(),
                     [](const ListedTask& left, const ListedTask& right) {
                         return left.summary->priority > right.summary->priority;
                     });
    if (result.size() > limit)
        result.erase(result.begin() + static_cast<long>(limit), result.end());
    return result;
}

Result<std::optional<Time>> MemoryStore::next_due(Time now) {
    const std::lock_guard lock(state_->mutex_);
    std::optional<Time> earliest;
    for (const ListedTask& task : matching({.states = {SessionState::ready}})) {
        if (!task.summary || !waits_only_for_time(task) || is_due(*task.summary, now)) continue;
        const Time due = *task.summary->not_before;
        if (!earliest || due < *earliest) earliest = due;
    }
    return earliest;
}

Result<std::vector<std::string>> MemoryStore::dependents(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    std::vector<std::string> result;
    for (const auto& [other_id, other] : state_->tasks_) {
        const auto& list = other.summary.dependencies;
        if (std::any_of(list.begin(), list.end(),
                        [&](const Dependency& one) { return one.task_id == task_id; })) {
            result.push_back(other_id);
        }
    }
    return result;
}

Result<std::optional<std::string>> MemoryStore::find_dedupe_key(std::string_view key) {
    const std::lock_guard lock(state_->mutex_);
    const std::string* found = find_key(key);
    return found == nullptr ? std::optional<std::string>() : *found;
}

Result<std::vector<std::string>> MemoryStore::resolve(std::string_view text, std::size_t limit) {
    constexpr std::size_t shortest_ending = 5;
    const std::lock_guard lock(state_->mutex_);
    std::vector<std::string> result;
    for (const auto& [task_id, task] : state_->tasks_) {
        if (result.size() == limit) break;
        const bool fits =
            task_id.starts_with(text) ||
            std::string_view(task_id).substr(task_id_prefix.size()).starts_with(text) ||
            (text.size() >= shortest_ending && task_id.ends_with(text));
        if (fits) result.push_back(task_id);
    }
    return result;
}

Result<std::optional<std::string>> MemoryStore::task_of_session(std::string_view session_id) {
    const std::lock_guard lock(state_->mutex_);
    for (const auto& [task_id, task] : state_->tasks_) {
        if (task.sessions.contains(session_id)) return std::optional<std::string>(task_id);
    }
    return std::optional<std::string>();
}

} // namespace store_memory
