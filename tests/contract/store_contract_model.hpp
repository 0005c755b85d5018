#pragma once
/// What loong/store.hpp says of selection, written down in the most obvious way: every task is
/// looked at for every question.

#include "test_store_host.hpp"
#include <loong/store.hpp>

#include <algorithm>
#include <fnmatch.h>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace loong::test {

class StoreModel {
public:
    void put(const TaskSummary& summary) { tasks_[summary.task_id] = summary; }
    void remove(const std::string& task_id) { tasks_.erase(task_id); }

    [[nodiscard]] const std::map<std::string, TaskSummary>& tasks() const { return tasks_; }

    [[nodiscard]] DependencyState dependencies(const TaskSummary& summary) const {
        bool pending = false;
        for (const Dependency& dependency : summary.dependencies) {
            const auto found = tasks_.find(dependency.task_id);
            if (found == tasks_.end()) {
                if (!dependency.any_end) return DependencyState::failed;
                continue;
            }
            const SessionState state = found->second.session_state;
            if (!is_terminal(state)) {
                pending = true;
            } else if (!dependency.any_end && state != SessionState::completed) {
                return DependencyState::failed;
            }
        }
        return pending ? DependencyState::pending : DependencyState::met;
    }

    [[nodiscard]] bool matches(const TaskFilter& filter, const TaskSummary& summary) const {
        const auto in = [](const auto& list, const auto& one) {
            return std::find(list.begin(), list.end(), one) != list.end();
        };
        const bool ready = summary.session_state == SessionState::ready;
        const bool candidate = summary.attention ||
                               summary.session_state == SessionState::running ||
                               (ready && dependencies(summary) == DependencyState::failed) ||
                               (summary.overdue_at && *summary.overdue_at <= filter.now);
        return (filter.states.empty() || in(filter.states, summary.session_state)) &&
               (filter.visible_to.empty() || in(summary.visible_to, filter.visible_to)) &&
               (filter.owner_session_id.empty() ||
                filter.owner_session_id == summary.owner_session_id) &&
               (filter.label_glob.empty() ||
                ::fnmatch(filter.label_glob.c_str(), summary.label.c_str(), 0) == 0) &&
               (filter.include_archived || !summary.archived) &&
               (!filter.held || *filter.held == summary.held) &&
               (filter.dependencies.empty() || in(filter.dependencies, dependencies(summary))) &&
               (!filter.notification_owed || summary.notify_at) &&
               (!filter.not_due || (summary.not_before && *summary.not_before > filter.now)) &&
               (!filter.attention_candidates || candidate);
    }

    [[nodiscard]] std::vector<std::string> list(const TaskFilter& filter, ListOrder order) const {
        std::vector<std::string> ids;
        for (const auto& [id, summary] : tasks_) {
            if (matches(filter, summary)) ids.push_back(id);
        }
        if (order == ListOrder::newest_first) std::reverse(ids.begin(), ids.end());
        return ids;
    }

    using Groups =
        std::map<std::tuple<SessionState, bool, bool, DependencyState, bool, bool>, std::uint64_t>;

    [[nodiscard]] Groups count(const TaskFilter& filter) const {
        Groups groups;
        for (const auto& [id, summary] : tasks_) {
            if (!matches(filter, summary)) continue;
            const bool due = !summary.not_before || *summary.not_before <= filter.now;
            const bool overdue = summary.overdue_at && *summary.overdue_at <= filter.now;
            ++groups[{summary.session_state, summary.archived, summary.held, dependencies(summary),
                      due, overdue}];
        }
        return groups;
    }

    [[nodiscard]] std::vector<std::string> claimable(Time now) const {
        std::vector<const TaskSummary*> found;
        for (const auto& [id, summary] : tasks_) {
            if (may_start(summary) && (!summary.not_before || *summary.not_before <= now)) {
                found.push_back(&summary);
            }
        }
        std::sort(found.begin(), found.end(), [](const auto* left, const auto* right) {
            return std::tuple(-left->priority, left->task_id) <
                   std::tuple(-right->priority, right->task_id);
        });
        std::vector<std::string> ids;
        for (const TaskSummary* summary : found) ids.push_back(summary->task_id);
        return ids;
    }

    [[nodiscard]] std::optional<Time> next_due(Time now) const {
        std::optional<Time> earliest;
        for (const auto& [id, summary] : tasks_) {
            if (!may_start(summary) || !summary.not_before || *summary.not_before <= now) continue;
            if (!earliest || *summary.not_before < *earliest) earliest = summary.not_before;
        }
        return earliest;
    }

private:
    [[nodiscard]] bool may_start(const TaskSummary& summary) const {
        return summary.session_state == SessionState::ready && !summary.held && !summary.archived &&
               dependencies(summary) == DependencyState::met;
    }

    std::map<std::string, TaskSummary> tasks_;
};

/// A summary with everything that selection looks at chosen by chance.
[[nodiscard]] inline TaskSummary random_summary(std::uint64_t number, std::mt19937& random) {
    const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
    const auto moment = [&] { return test_time(random() % 20); };
    TaskSummary summary = make_summary(number);
    summary.session_state =
        static_cast<SessionState>(random() % (static_cast<unsigned>(last_session_state) + 1));
    if (chance(2)) summary.session_state = SessionState::ready;
    summary.label = std::string(chance(2) ? "build " : "test ") + std::to_string(random() % 20);
    if (chance(4)) {
        summary.owner_session_id = session_id_of(random() % 3);
        summary.visible_to = {"default", summary.owner_session_id};
    } else if (chance(3)) {
        summary.owner_session_id = summary.scope_session_id = "other";
        summary.visible_to = {"other"};
    }
    summary.archived = is_terminal(summary.session_state) && chance(3);
    summary.held = chance(6);
    summary.attention = !summary.archived && chance(5);
    if (chance(4)) summary.notify_at = moment();
    summary.priority = static_cast<int>(random() % 3) - 1;
    if (chance(3)) summary.not_before = moment();
    if (!is_terminal(summary.session_state) && chance(3)) summary.overdue_at = moment();
    for (unsigned i = 0; chance(3) && i < 3; ++i) {
        summary.dependencies.push_back({task_id_of(1 + random() % 80), chance(2)});
    }
    return summary;
}

} // namespace loong::test
