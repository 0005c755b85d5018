#pragma once
/// The document of a task (`task.yaml`): who, what, where, limits, policy. Frozen at creation.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "loong/summary.hpp"
#include "loong/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

struct TaskDocument {
    std::string task_id;
    std::string label;
    Time created_at{};
    std::string owner_session_id;
    std::string scope_session_id;
    /// Root first, owner last.
    std::vector<std::string> visible_to;
    int depth = 0;
    std::string dedupe_key;
    bool hold = false;
    int priority = 0;
    int retry_limit = 0;
    std::optional<Seconds> start_within;
    std::vector<Dependency> dependencies;
    /// `name` in the configuration, and the plugin with its settings as they were then.
    std::string runtime;
    std::string runtime_plugin;
    Settings runtime_settings;
    Work work;
    std::string working_directory;
    /// Absent in documents from before it was kept.
    std::optional<std::uint32_t> umask;
    /// What is not secret. Secrets lie beside the document and are deleted when the task ends.
    std::vector<EnvironmentVariable> environment;
    /// Names of the variables that are kept as secrets.
    std::vector<std::string> secret_names;
    /// Names of the variables that looked like secrets and were not passed on.
    std::vector<std::string> withheld_names;
    SessionLimits limits;
    ToolPolicy tool_policy;
    /// What the operator is to be told of this task; of both, or of one, or nothing.
    bool notify_attention = false;
    bool notify_terminal = false;
};

inline constexpr int task_document_format = 1;

/// As YAML that a person can read and edit. Bytes that are not UTF-8 (in arguments, environment)
/// are written as `!!binary`.
[[nodiscard]] std::string write_task_document(const TaskDocument& document);

/// `store_corrupt` (with line and column), `store_version` where the format is newer.
[[nodiscard]] Result<TaskDocument> read_task_document(std::string_view yaml);

/// The secrets file: the variables that were named to be passed although they look like secrets.
[[nodiscard]] std::string write_secrets(const std::vector<EnvironmentVariable>& variables);
[[nodiscard]] Result<std::vector<EnvironmentVariable>> read_secrets(std::string_view text);

} // namespace loong
