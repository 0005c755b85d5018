#pragma once
/// What may be wrong with tasks that a store alone cannot see: what their leases, their runtimes and
/// the meaning of their events tell. And its repair, which is never more than harmless.

#include "loong/diagnosis.hpp"
#include "observer.hpp"
#include "task_store.hpp"
#include "tasks_implementation.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace loong {

class TaskInspection {
public:
    /// `scope`: the session whose tree is looked at; empty: everything.
    TaskInspection(Tasks::Implementation& tasks, std::string scope)
        : tasks_(tasks),
          scope_(std::move(scope)),
          observer_(tasks.workspace(), tasks.command_options()) {}

    /// Reads every task of the tree. `told` are those that the store has called unreadable. What is
    /// being changed at this moment is no finding.
    Result<std::vector<Diagnosed>> find(const std::set<std::string>& told);

    /// Repairs one of them. Succeeds where it is in order by now. `not_recoverable` with the reason
    /// where it cannot be done now.
    Result<void> repair(const Diagnosed& diagnosed);

    /// Whether the task belongs to the tree; one that cannot be read does.
    Result<bool> is_in_scope(const std::string& task_id);

private:
    void look_at_row(const ListedTask& row);
    void look_at_carrier(const ObservedTask& observed);
    void look_at_events(const ObservedTask& observed);
    void look_at_requests(const LoadedTask& task);
    void look_at_directories(const LoadedTask& task);
    void look_at_secrets(const LoadedTask& task);
    void look_at_plugin(const LoadedTask& task);
    void look_at_notifications(const LoadedTask& task);
    void add_unreadable(const std::string& task_id, const Error& error);
    void add_queue();
    void add_plugins();
    Diagnosed& add(const char* code, Severity severity, const std::string& task_id,
                   std::string cause, std::string fix, bool repairable);
    /// Nobody is ending the task at this moment.
    bool is_at_rest(const std::string& session_id);
    Result<void> mend(const std::string& task_id);
    Result<void> erase_secrets(const std::string& task_id);
    Result<void> tell_again(const std::string& task_id);
    Result<void> withdraw_requests(const std::string& task_id);

    Tasks::Implementation& tasks_;
    std::string scope_;
    Observer observer_;
    const std::set<std::string>* told_ = nullptr;
    std::vector<Diagnosed> findings_;
    std::vector<std::string> unserved_;
    std::string unserved_command_;
    struct Needed {
        std::optional<Error> unusable;
        std::vector<std::string> tasks;
    };
    std::map<std::string, Needed> plugins_;
};

} // namespace loong
