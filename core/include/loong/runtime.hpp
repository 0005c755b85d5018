#pragma once
/// What runs sessions. Implemented by runtime plugins, called by core.
///
/// A runtime whose work dies with the worker implements `Runtime` alone: check() and run(). One
/// whose work can outlive its worker also implements `DurableRuntime` and returns it from
/// extension(). Rules for work that lives elsewhere (ssh, a cluster, a container): name it after
/// `task_session_id`, save the handle *before* starting it, never take unreachable for gone.
/// One that depends on what the machine offers tells of it through `RuntimeDiagnosis`. One that can
/// hold its work to a tool policy implements `PolicyEnforcer`; others get no narrowed sessions. One
/// that drives a program over pipes starts it with loong/kept_process.hpp.
///
/// Defaults: [serial], one session at a time per object; several objects may be used at once, by
/// threads of one process. Arguments are valid during the call only.
/// No exception leaves; one that does is reported as `plugin_fault` and fails the session. A failure
/// of the work is an `Outcome`, not an `Error`: an error means that the runtime itself could not do
/// its part, and fails the session with the error's message.

#include "loong/error.hpp"
#include "loong/finding.hpp"
#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "loong/session_spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

class Runtime {
public:
    Runtime() = default;
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;
    virtual ~Runtime() = default;

    /// Whether this runtime can run that. Called when a task is created, so that errors come early:
    /// offline, no side effects, at most 100 ms. The ids in `spec` are the future ones.
    /// `invalid_argument`, `invalid_plan` (with file, line and column), `invalid_config`,
    /// `unsupported`.
    virtual Result<void> check(const SessionSpec& spec) = 0;

    /// Carries the session to its outcome. Called once per session, in a worker; blocks as long as
    /// the work takes. Watches `context` for signals and obeys them within the grace time.
    virtual Result<Outcome> run(SessionContext& context) = 0;

    /// An optional ability by its name, or null. The object belongs to the runtime.
    [[nodiscard]] virtual void* extension(std::string_view name) {
        static_cast<void>(name);
        return nullptr;
    }
};

/// What a probe found out about work whose worker is gone.
struct Probe {
    enum class State : std::uint8_t {
        /// The work goes on.
        alive,
        /// It ended, and how is known.
        finished,
        /// It is surely not there any more, and how it ended is not known.
        gone,
        /// It was surely never started.
        never_started,
        /// Nothing can be told now. Never a reason to take the work for gone.
        unreachable,
    };
    State state = State::unreachable;
    /// For `finished`.
    std::optional<Outcome> outcome;
    /// One sentence with what was seen, for the operator.
    std::string message;
};

enum class EndHow : std::uint8_t {
    /// Ask first, force after the grace time.
    graceful,
    forced,
};

/// Where a lost session's work is looked for.
struct LostSession {
    SessionSpec spec;
    std::string directory;
    /// As it was saved last; empty where none was.
    std::string handle;
};

/// For work that can outlive its worker. The three methods are called by whoever recovers, in any
/// process, while that process holds the session's lease (probe: perhaps without).
class DurableRuntime {
public:
    static constexpr std::string_view extension_name = "loong.runtime.durable";

    DurableRuntime() = default;
    DurableRuntime(const DurableRuntime&) = delete;
    DurableRuntime& operator=(const DurableRuntime&) = delete;
    virtual ~DurableRuntime() = default;

    /// Takes the work over and carries it to its outcome, as run() would have; the work is not
    /// disturbed. Absent: there is nothing to take over (any more); nothing was changed.
    virtual Result<std::optional<Outcome>> resume(SessionContext& context,
                                                  std::string_view handle) = 0;

    /// Tells how the work stands. No side effects; at most one second, then `unreachable`.
    /// [any-thread]
    virtual Result<Probe> probe(const LostSession& session) = 0;

    /// Ends the work with all that belongs to it. True: it is surely gone (also where it was gone
    /// before). False: it is not, or that cannot be told. Returns within the grace time of the
    /// spec and five seconds.
    virtual Result<bool> end(const LostSession& session, EndHow how) = 0;

    /// Whether run() saves its first handle at once, within some milliseconds of its own, and starts
    /// nothing before. Core then records the start of the session and that handle as one (text of at
    /// most 4 KiB), with one wait for the disk instead of several. Until then the session counts as
    /// not started: it may be cancelled, or the worker may die and the next one call run() once
    /// more, in the same directory and perhaps while processes of the first, which never got to start
    /// the work, are still leaving. Where save_handle() fails the session has not started, and run()
    /// returns. An end without a handle, or whatever is told before it, records the start by itself.
    /// [any-thread]
    [[nodiscard]] virtual bool starts_with_handle() const { return false; }
};

/// The durable ability of a runtime, or null.
[[nodiscard]] inline DurableRuntime* durable(Runtime& runtime) {
    return static_cast<DurableRuntime*>(runtime.extension(DurableRuntime::extension_name));
}

/// For a runtime that can tell how it stands on this machine: `loong doctor` asks every configured
/// one, and shows what it says under the name of its entry in the configuration.
class RuntimeDiagnosis {
public:
    static constexpr std::string_view extension_name = "loong.runtime.diagnosis";

    RuntimeDiagnosis() = default;
    RuntimeDiagnosis(const RuntimeDiagnosis&) = delete;
    RuntimeDiagnosis& operator=(const RuntimeDiagnosis&) = delete;
    virtual ~RuntimeDiagnosis() = default;

    /// Looks at the runtime's installation, at its settings, and at what the machine offers it.
    ///
    /// What would make sessions fail is an error; what makes them do with less than they should
    /// have, a warning; both say in `fix` what the operator can do. What is merely worth knowing
    /// (what this kernel can enforce, which versions were found) is a note without a fix. No
    /// findings: all is well, and there is nothing to tell.
    ///
    /// `task_id` is empty: a runtime knows of no task here. `repairable` is false: nothing is
    /// repaired through it. `code` and `cause` are not empty. The same machine and settings give the
    /// same findings in the same order.
    ///
    /// No side effects that last, no network; takes at most one second. It may be called in a
    /// process that carries no session, any number of times. An error means that it could not even
    /// look; doctor shows it as a finding of the runtime. [any-thread]
    virtual Result<std::vector<Finding>> diagnose() = 0;
};

/// The ability of a runtime to tell how it stands, or null.
[[nodiscard]] inline RuntimeDiagnosis* diagnosis(Runtime& runtime) {
    return static_cast<RuntimeDiagnosis*>(runtime.extension(RuntimeDiagnosis::extension_name));
}

/// For a runtime that can hold its work to a tool policy. Core gives narrowed sessions
/// (`ToolPolicy::narrowed`) to no other one.
class PolicyEnforcer {
public:
    static constexpr std::string_view extension_name = "loong.runtime.tool_policy";

    PolicyEnforcer() = default;
    PolicyEnforcer(const PolicyEnforcer&) = delete;
    PolicyEnforcer& operator=(const PolicyEnforcer&) = delete;
    virtual ~PolicyEnforcer() = default;

    /// The runtime's own tools, besides those of loong/tool_policy.hpp. [any-thread]
    virtual std::vector<std::string> tools() = 0;

    /// What would hold the work of `spec`, whose policy is narrowed, to it: a few words each, for
    /// the operator (`landlock 7`, `seccomp`). Asked when a task is created; run() looks again and
    /// fails rather than start work unprotected. `unsupported`: what is missing on this machine.
    virtual Result<std::vector<std::string>> enforcement(const SessionSpec& spec) = 0;
};

/// The ability of a runtime to hold its work to a policy, or null.
[[nodiscard]] inline PolicyEnforcer* policy_enforcer(Runtime& runtime) {
    return static_cast<PolicyEnforcer*>(runtime.extension(PolicyEnforcer::extension_name));
}

/// What a runtime is made from.
struct RuntimeSetup {
    /// The entry's name in the configuration, for example `local`.
    std::string name;
    /// The entry's settings without `plugin`.
    Settings settings;
    /// Where loong-keeper is, absolute; what loong/kept_process.hpp needs where there is no context.
    std::string keeper_path;
};

} // namespace loong
