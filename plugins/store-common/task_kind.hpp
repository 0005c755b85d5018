#pragma once
/// A task's kind: all that a filter asks of it apart from time, in one number. There are few kinds
/// at any time, so that "all tasks that match" is a handful of kinds, each kept in order.

#include "loong/store.hpp"
#include "loong/summary.hpp"

#include <algorithm>
#include <cstdint>

namespace loong::store_common {

class TaskKind {
public:
    /// Of a task that cannot be read.
    static constexpr TaskKind unreadable() { return TaskKind(7); }
    constexpr explicit TaskKind(std::int64_t number) : number_(number) {}
    TaskKind(const TaskSummary& summary, DependencyState dependencies)
        : number_(static_cast<std::int64_t>(summary.session_state) |
                  (summary.archived ? archived_bit : 0) | (summary.held ? held_bit : 0) |
                  (summary.attention ? attention_bit : 0) |
                  (summary.notify_at ? notification_bit : 0) |
                  (static_cast<std::int64_t>(dependencies) << dependencies_shift)) {}

    [[nodiscard]] std::int64_t number() const { return number_; }
    [[nodiscard]] bool is_unreadable() const { return (number_ & 7) == 7; }
    [[nodiscard]] SessionState state() const { return static_cast<SessionState>(number_ & 7); }
    [[nodiscard]] bool archived() const { return (number_ & archived_bit) != 0; }
    [[nodiscard]] bool held() const { return (number_ & held_bit) != 0; }
    [[nodiscard]] bool attention() const { return (number_ & attention_bit) != 0; }
    [[nodiscard]] bool notification_owed() const { return (number_ & notification_bit) != 0; }
    [[nodiscard]] DependencyState dependencies() const {
        return static_cast<DependencyState>((number_ >> dependencies_shift) & 3);
    }
    [[nodiscard]] TaskKind with(DependencyState dependencies) const {
        return TaskKind((number_ & ~(std::int64_t{3} << dependencies_shift)) |
                        (static_cast<std::int64_t>(dependencies) << dependencies_shift));
    }

    /// May be claimed, as far as everything but time goes.
    [[nodiscard]] bool claimable() const {
        return state() == SessionState::ready && !archived() && !held() &&
               dependencies() == DependencyState::met;
    }
    /// May need the operator, whatever the time.
    [[nodiscard]] bool attention_candidate() const {
        return is_unreadable() || attention() || state() == SessionState::running ||
               (state() == SessionState::ready && dependencies() == DependencyState::failed);
    }
    /// Matches what the filter says of states and archived tasks. A task that cannot be read
    /// matches where nothing is asked that it could not answer.
    [[nodiscard]] bool matches(const TaskFilter& filter) const {
        if (is_unreadable())
            return filter.states.empty() && filter.owner_session_id.empty() &&
                   filter.label_glob.empty() && !filter.held && filter.dependencies.empty() &&
                   !filter.notification_owed && !filter.not_due;
        if (archived() && !filter.include_archived) return false;
        if (filter.held && *filter.held != held()) return false;
        const auto& wanted_dependencies = filter.dependencies;
        if (!wanted_dependencies.empty() &&
            std::find(wanted_dependencies.begin(), wanted_dependencies.end(), dependencies()) ==
                wanted_dependencies.end())
            return false;
        if (filter.notification_owed && !notification_owed()) return false;
        for (const SessionState wanted : filter.states) {
            if (wanted == state()) return true;
        }
        return filter.states.empty();
    }

    /// The same without what nobody counts by.
    [[nodiscard]] TaskKind counted() const {
        return is_unreadable() ? *this : TaskKind(number_ & ~(attention_bit | notification_bit));
    }

    friend bool operator==(TaskKind, TaskKind) = default;

private:
    static constexpr std::int64_t archived_bit = 8;
    static constexpr std::int64_t held_bit = 16;
    static constexpr std::int64_t attention_bit = 32;
    static constexpr int dependencies_shift = 6;
    static constexpr std::int64_t notification_bit = 256;

    std::int64_t number_;
};

} // namespace loong::store_common
