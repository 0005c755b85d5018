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

/// What is decided about the use of one tool; loong/tool_policy.hpp says which rule decides.
struct ToolRule {
    /// `shell.exec`, `fs.read`, `fs.write`, `net.connect`, `task.create`, or a runtime's own.
    std::string tool;
    ToolDecision decision = ToolDecision::allow;
    /// Only for uses that start so (a command prefix or an absolute directory); empty: all others.
    std::string prefix;
};

/// What a session may do. `rules` are complete: base, parent and task folded into one.
struct ToolPolicy {
    std::vector<ToolRule> rules;
    /// Absolute directories, free of symbolic links; absent: everything but `hidden_directories`,
    /// and nothing but what the rules say where the policy is not `narrowed`.
    std::optional<std::vector<std::string>> read_directories;
    /// Always there where the policy is `narrowed`. A private temporary directory comes on top.
    std::optional<std::vector<std::string>> write_directories;
    bool network = true;
    /// The work has to be held to this policy: it must not start where that cannot be done.
    bool narrowed = false;
    /// The tools that are not denied as a whole: by the base (the configuration, or the policy of
    /// the task that created this one), and in effect; and those that the request named.
    std::vector<std::string> base_tool_ids;
    std::vector<std::string> requested_tool_ids;
    std::vector<std::string> effective_tool_ids;
    /// What the runtime said would hold the work to it, when the task was created.
    std::vector<std::string> enforced_by;
    /// loong's own state: narrowed work neither reads nor writes it, whatever else it may. Absolute,
    /// free of symbolic links; not kept in the document but true of the moment.
    std::vector<std::string> hidden_directories;
    /// What narrowed work must not be able to write: the state, the configuration, the plugins and
    /// loong itself. Like `hidden_directories`.
    std::vector<std::string> protected_places;
};

/// By how much less than the base allows a task, or a step, may do. It only ever narrows.
struct ToolNarrowing {
    /// Prefixes of `fs.read` and `fs.write` are directories. An allowed prefix allows nothing but
    /// what is allowed so, unless there is a rule for the whole tool as well; for those two it is
    /// the same as `read` and `write`.
    std::vector<ToolRule> rules;
    /// Directories; empty: as the base says.
    std::vector<std::string> read;
    std::vector<std::string> write;
    bool no_network = false;
};

/// The variable with the directory through which narrowed work reaches loong (`report`, `ask`,
/// `create`). Such work has to be able to read and write it, though it lies below what is hidden.
/// For a part of the work that may do less than the session, see SessionContext::open_channel().
inline constexpr const char* channel_variable = "LOONG_CHANNEL";

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
    /// The submitter's, 0 to 0777: which permissions new files of the work do not get. Absent where
    /// it is not known; the work has the worker's own then.
    std::optional<std::uint32_t> umask;
    SessionLimits limits;
    ToolPolicy tool_policy;
    /// The runtime's settings as they were when the task was created.
    Settings settings;
    /// Run again a step that had started when its worker was lost, also where the plan does not say
    /// `retry` (the operator asked for it).
    bool rerun_started_steps = false;
    /// Told to resume(): what was under way when the worker was lost may be done again. The task was
    /// created with `--retry` and has attempts left, or the operator recovers it with `--retry`.
    bool may_redo = false;
};

} // namespace loong
