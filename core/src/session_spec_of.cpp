#include "session_spec_of.hpp"

namespace loong {

SessionSpec session_spec_of(const TaskDocument& document, const std::string& task_session_id,
                            int attempt, const std::vector<EnvironmentVariable>& secrets,
                            const Workspace& workspace, const ToolPolicyPlaces& places) {
    SessionSpec spec;
    spec.task_id = document.task_id;
    spec.task_session_id = task_session_id;
    spec.owner_session_id = document.owner_session_id;
    spec.scope_session_id = document.scope_session_id;
    spec.label = document.label;
    spec.attempt = attempt;
    spec.work = document.work;
    spec.working_directory = document.working_directory;
    spec.environment = document.environment;
    spec.environment.insert(spec.environment.end(), secrets.begin(), secrets.end());
    // Where there is a channel, the worker says so; nobody else may open a directory in its name.
    std::erase_if(spec.environment,
                  [](const auto& variable) { return variable.name == channel_variable; });
    const auto set = [&](const char* name, const std::string& value) {
        spec.environment.push_back({name, value});
    };
    set("PWD", document.working_directory);
    set("LOONG_TASK_ID", document.task_id);
    set("LOONG_TASK_SESSION_ID", task_session_id);
    // The work's own view: tasks that it creates are owned by the session that carries it.
    set("LOONG_SESSION_ID", task_session_id);
    set("LOONG_HOME", workspace.config().state_directory);
    if (!workspace.config().file.empty()) set("LOONG_CONFIG", workspace.config().file);
    spec.umask = document.umask;
    spec.limits = document.limits;
    spec.tool_policy = document.tool_policy;
    // Also where the task is not narrowed: a step of it may be.
    spec.tool_policy.hidden_directories = places.hidden_directories;
    spec.tool_policy.protected_places = places.protected_places;
    spec.settings = document.runtime_settings;
    return spec;
}

} // namespace loong
