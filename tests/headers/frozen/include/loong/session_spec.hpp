#pragma once
/// What a session is asked to do: the frozen description that a runtime gets.

#include "loong/time.hpp"
#include "loong/value.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong {

enum class WorkKind : std::uint8_t {
    /// One text: a shell text for the local runtime, a prompt for a coding agent.
    text,
    /// An argument vector.
    command,
    /// A YAML plan, as it was read.
    plan,
};

struct Work {
    WorkKind kind = WorkKind::text;
    /// The text, or the plan's YAML. UTF-8 without NUL, at most 8 MiB.
    std::string text;
    /// Only for `command`: at least one argument; no NUL bytes, otherwise any bytes.
    std::vector<std::string> arguments;
    /// Only for `plan`: the name of the file that it was read from, for messages.
    std::string source;
};

struct SessionLimits {
    /// How long the work may take; no limit where absent. The clock stops while a request is open.
    std::optional<Seconds> timeout;
    /// Between asking politely (TERM) and forcing (KILL).
    Microseconds grace = std::chrono::seconds(10);
    /// Bytes kept of each output stream; what comes beyond is counted and dropped.
    std::uint64_t max_output_bytes = std::uint64_t{1} << 30;
};

enum class ToolDecision : std::uint8_t { allow, ask, deny };

/// What is decided about the use of one tool. Where several rules fit, the strictest holds.
struct ToolRule {
    /// `shell.exec`, `fs.read`, `fs.write`, `net.connect`, `task.create`, or a runtime's own.
    std::string tool;
    ToolDecision decision = ToolDecision::allow;
    /// Only for uses that start so (a command prefix or an absolute directory); empty: all.
    std::string prefix;
};

/// What a session may do. `rules` are complete: base, parent and task folded into one.
struct ToolPolicy {
    std::vector<ToolRule> rules;
    /// Absolute directories; absent means not narrowed.
    std::optional<std::vector<std::string>> read_directories;
    std::optional<std::vector<std::string>> write_directories;
    bool network = true;
    /// The task asked for less than the base allows.
    bool narrowed = false;
};

struct EnvironmentVariable {
    std::string name;
    std::string value;
};

struct SessionSpec {
    std::string task_id;
    std::string task_session_id;
    std::string owner_session_id;
    std::string scope_session_id;
    std::string label;
    /// From 1; grows with each new session of the task.
    int attempt = 1;
    Work work;
    /// Absolute.
    std::string working_directory;
    /// The whole environment of the work, the LOONG_ variables included. Names are unique.
    std::vector<EnvironmentVariable> environment;
    SessionLimits limits;
    ToolPolicy tool_policy;
    /// The runtime's settings as they were when the task was created.
    Settings settings;
    /// Run again a step that had started when its worker was lost, also where the plan does not say
    /// `retry` (the operator asked for it).
    bool rerun_started_steps = false;
};

} // namespace loong
