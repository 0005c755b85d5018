#pragma once
/// The document of a task (`task.yaml`): who, what, where, limits, policy. Frozen at creation.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"
#include "loong/summary.hpp"
#include "loong/time.hpp"

#include <array>
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

/// The format that is written. Format 1, which has more required keys and empty lists where lists
/// are absent, is still read.
inline constexpr int task_document_format = 2;
inline constexpr int oldest_task_document_format = 1;

/// What absent keys stand for. This belongs to the format, and not to the configuration or to the
/// types above: their defaults may change, and documents that were written must not change with
/// them. Besides, an absent scope is the owner, `visible_to` the scope alone, and
/// `effective_tool_ids` are the base's.
namespace document_default {
inline constexpr int depth = 0;
inline constexpr bool hold = false;
inline constexpr int priority = 0;
inline constexpr int retry_limit = 0;
inline constexpr Microseconds grace = Seconds(10);
inline constexpr std::uint64_t max_output_bytes = 1'073'741'824;
inline constexpr bool network = true;
inline constexpr bool narrowed = false;
/// The tools that every runtime had when format 2 was made, in the order in which they are kept.
inline constexpr std::array<std::string_view, 5> base_tool_ids{"shell.exec", "fs.read", "fs.write",
                                                               "net.connect", "task.create"};
} // namespace document_default

/// As YAML that a person can read and edit. Keys are left out where that says the same. Bytes that are not UTF-8 (in arguments, environment)
/// are written as `!!binary`.
[[nodiscard]] std::string write_task_document(const TaskDocument& document);

/// `store_corrupt` (with line and column), `store_version` where the format is newer.
[[nodiscard]] Result<TaskDocument> read_task_document(std::string_view yaml);

/// The secrets file: the variables that were named to be passed although they look like secrets.
[[nodiscard]] std::string write_secrets(const std::vector<EnvironmentVariable>& variables);
[[nodiscard]] Result<std::vector<EnvironmentVariable>> read_secrets(std::string_view text);

} // namespace loong
