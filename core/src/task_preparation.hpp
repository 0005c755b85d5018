#pragma once
/// From what a creator asks for to what the store is given: everything that can be wrong with a request
/// is found here, before anything is written.

#include "environment.hpp"
#include "loong/narrow_policy.hpp"
#include "tasks_implementation.hpp"
#include "tool_policy_places.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace loong {

/// What all requests of one call share.
struct Submission {
    std::vector<EnvironmentVariable> own_environment;
    std::optional<std::uint32_t> own_umask;
    std::map<std::string, std::string> frozen_plugins;
    std::vector<std::string> visible_to;
    std::string scope_session_id;
    int depth = 0;
    /// What every task's policy starts from.
    PolicyBase policy_base;
    ToolPolicyPlaces places;
    /// Some request names tasks, which have to be looked up.
    bool asks_store = false;
};

struct PreparedTask {
    std::vector<EnvironmentVariable> secrets;
    NewTask task;
    LoadedTask loaded;
};

/// Who creates, and whether it may create so many. `delegate_depth_exceeded`,
/// `delegate_active_children_exceeded`, `conflict`.
[[nodiscard]] Result<Submission> begin_submission(Tasks::Implementation& tasks,
                                                  const std::vector<CreateRequest>& requests);

/// Of the requests of one call, one after the other. Uses the store only where
/// Submission::asks_store says so.
class TaskPreparation {
public:
    TaskPreparation(Tasks::Implementation& tasks, Submission& submission)
        : tasks_(tasks),
          submission_(submission) {}

    [[nodiscard]] Result<PreparedTask> prepare(const CreateRequest& request);

private:
    Result<void> set_identity(const CreateRequest& request, TaskDocument& document);
    /// Most of a batch run in the same place; it is looked at once.
    Result<void> find_directory(const CreateRequest& request);
    Result<void> set_dependencies(const CreateRequest& request, TaskDocument& document);
    Result<void> set_environment(const CreateRequest& request, PreparedTask& prepared);
    Result<void> set_runtime(const CreateRequest& request, PreparedTask& prepared);
    Result<void> set_tool_policy(const CreateRequest& request, TaskDocument& document,
                                 PolicyEnforcer* enforcer);
    Result<void> set_events(PreparedTask& prepared);

    Tasks::Implementation& tasks_;
    Submission& submission_;
    std::string session_id_;
    /// The directory that was asked for last, and what it is.
    std::string requested_directory_;
    std::string directory_;
    std::string real_directory_;
    /// What a task gets that asks for nothing else than the creator's own environment.
    std::optional<SelectedEnvironment> own_selected_;
};

} // namespace loong
