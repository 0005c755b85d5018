#include "acp_runtime.hpp"

#include "acp_session.hpp"
#include "handle.hpp"
#include <loong/kept_process.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loong::acp {
namespace {

/// Says in a session's directory that its work was ended for good: it is not taken up again, whatever
/// the agent still knows of it.
constexpr const char* ended_file_name = "acp.ended";
constexpr Milliseconds probe_limit{800};
constexpr Milliseconds dying_limit{5'000};

bool is_program(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

/// The program of that name on that PATH; empty where there is none.
std::string find_program(const std::string& name, const std::string& path) {
    if (name.find('/') != std::string::npos) return is_program(name) ? name : std::string();
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        std::string file = path.substr(at, end - at) + "/" + name;
        if (file.starts_with('/') && is_program(file)) return file;
        at = end + 1;
    }
    return {};
}

std::string path_of(const std::vector<EnvironmentVariable>& environment) {
    for (const EnvironmentVariable& one : environment) {
        if (one.name == "PATH") return one.value;
    }
    return {};
}

Result<std::string> program_of(const AcpSettings& settings,
                               const std::vector<EnvironmentVariable>& environment,
                               const std::string& runtime) {
    // What the settings put into the environment counts before the submitter's.
    const std::string own = path_of(settings.env);
    std::string program = find_program(settings.command, own.empty() ? path_of(environment) : own);
    if (!program.empty()) return program;
    return Error{ErrorCode::unsupported,
                 "runtime " + runtime + ": there is no program " + settings.command +
                     (settings.command.starts_with('/') ? "" : " on your PATH"),
                 settings.install.empty() ? "install it, or set `command`"
                                          : "install it: " + settings.install};
}

Result<void> check_directory(const std::string& directory) {
    struct stat status {};
    const bool fine = directory.starts_with('/') && ::stat(directory.c_str(), &status) == 0 &&
                      S_ISDIR(status.st_mode) && ::access(directory.c_str(), X_OK) == 0;
    if (fine) return {};
    return Error{ErrorCode::invalid_argument,
                 "directory " + directory + ": is no directory that can be entered",
                 {}};
}

Result<void> check_work(const Work& work) {
    if (work.kind != WorkKind::text) {
        return Error{ErrorCode::unsupported, "an agent takes nothing but a text",
                     "give the task as one argument, without '--'"};
    }
    if (work.text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return Error{ErrorCode::invalid_argument, "text: is empty", "say what the agent has to do"};
    }
    if (work.text.find('\0') != std::string::npos) {
        return Error{ErrorCode::invalid_argument, "text: contains a NUL byte", {}};
    }
    return {};
}

Result<void> mark_ended(const std::string& directory) {
    const std::string file = directory + "/" + ended_file_name;
    const kept::File made(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!made || ::fsync(made.get()) != 0) return kept::failure("file " + file, errno);
    return {};
}

bool was_ended(const std::string& directory) {
    return ::access((directory + "/" + ended_file_name).c_str(), F_OK) == 0;
}

Probe found(Probe::State state, std::string message) { return {state, {}, std::move(message)}; }

} // namespace

Result<std::unique_ptr<Runtime>> AcpRuntime::make(const RuntimeSetup& setup) {
    Result<AcpSettings> settings = read_settings(setup.settings);
    if (!settings) return std::move(settings).error();
    return std::unique_ptr<Runtime>(std::make_unique<AcpRuntime>(setup));
}

void* AcpRuntime::extension(std::string_view name) {
    if (name == DurableRuntime::extension_name) return static_cast<DurableRuntime*>(this);
    if (name == PolicyEnforcer::extension_name) return static_cast<PolicyEnforcer*>(this);
    if (name == RuntimeDiagnosis::extension_name) return static_cast<RuntimeDiagnosis*>(this);
    return nullptr;
}

Result<void> AcpRuntime::check(const SessionSpec& spec) {
    Result<AcpSettings> settings = read_settings(spec.settings);
    if (!settings) return std::move(settings).error();
    if (Result<void> fits = check_work(spec.work); !fits) return fits;
    Result<void> there =
        check_directory(settings->cwd.empty() ? spec.working_directory : settings->cwd);
    if (!there) return there;
    Result<std::string> program = program_of(*settings, spec.environment, setup_.name);
    return program ? Result<void>() : Result<void>(std::move(program).error());
}

Result<Outcome> AcpRuntime::run(SessionContext& context) {
    // The machine may have changed since the task was created.
    if (Result<void> fine = check(context.spec()); !fine) return std::move(fine).error();
    Result<AcpSettings> settings = read_settings(context.spec().settings);
    if (!settings) return std::move(settings).error();
    Result<std::string> program = program_of(*settings, context.spec().environment, setup_.name);
    if (!program) return std::move(program).error();
    return AcpSession(context, *std::move(settings), *std::move(program)).run();
}

Result<std::optional<Outcome>> AcpRuntime::resume(SessionContext& context, std::string_view text) {
    std::optional<Handle> handle = parse_handle(text);
    if (!handle || !handle->can_be_taken_up() || was_ended(context.directory())) {
        return std::optional<Outcome>();
    }
    Result<AcpSettings> settings = read_settings(context.spec().settings);
    if (!settings) return std::move(settings).error();
    Result<std::string> program = program_of(*settings, context.spec().environment, setup_.name);
    if (!program) return std::move(program).error();
    // Two agents in one session would spoil it: the old one has to be gone, and is about to.
    const LostSession lost{context.spec(), context.directory(), std::string(text)};
    Result<std::optional<bool>> left = look_for_kept(context.keeper_path(), lost, dying_limit);
    if (!left) return std::move(left).error();
    if (left->value_or(true)) {
        Result<bool> gone = end_kept(context.keeper_path(), lost, EndHow::forced);
        if (!gone) return std::move(gone).error();
        if (!*gone) {
            return Error{
                ErrorCode::worker_unavailable, "the agent's old process could not be ended", {}};
        }
    }
    Result<Outcome> outcome =
        AcpSession(context, *std::move(settings), *std::move(program)).take_up(*std::move(handle));
    if (!outcome) return std::move(outcome).error();
    return std::optional(*std::move(outcome));
}

Result<Probe> AcpRuntime::probe(const LostSession& session) {
    using State = Probe::State;
    if (session.handle.empty()) return found(State::never_started, "no agent was started");
    const std::optional<Handle> handle = parse_handle(session.handle);
    if (!handle) return found(State::unreachable, "its handle cannot be read by this version");
    const bool ended = was_ended(session.directory);
    if (handle->can_be_taken_up() && !ended) {
        return found(State::alive, "the agent's session " + handle->session_id +
                                       " can be taken up again; the turn is lost");
    }
    Result<std::optional<bool>> left = look_for_kept(setup_.keeper_path, session, probe_limit);
    if (!left) return found(State::unreachable, left.error().message);
    if (left->value_or(true)) {
        return found(State::unreachable, "its agent is being ended; ask again in some seconds");
    }
    if (!handle->prompted && !ended) {
        return found(State::never_started, "the agent had not been given its task");
    }
    return found(State::gone, "the agent " + handle->agent + " is gone, and its session " +
                                  handle->session_id + " cannot be taken up again");
}

Result<bool> AcpRuntime::end(const LostSession& session, EndHow how) {
    if (session.handle.empty()) return true;
    Result<bool> gone = end_kept(setup_.keeper_path, session, how);
    if (!gone || !*gone) return gone;
    if (Result<void> marked = mark_ended(session.directory); !marked) {
        return std::move(marked).error();
    }
    return true;
}

Result<std::vector<std::string>> AcpRuntime::enforcement(const SessionSpec& spec) {
    return kept_enforcement(setup_.keeper_path, spec.tool_policy);
}

Result<std::vector<Finding>> AcpRuntime::diagnose() {
    Result<AcpSettings> settings = read_settings(setup_.settings);
    if (!settings) return std::move(settings).error();
    const char* path = std::getenv("PATH");
    const std::vector<EnvironmentVariable> environment{{"PATH", path == nullptr ? "" : path}};
    Result<std::string> program = program_of(*settings, environment, setup_.name);
    Finding finding;
    finding.code = program ? "agent" : "agent_missing";
    finding.severity = program ? Severity::note : Severity::warning;
    finding.cause = program ? "the agent's program is " + *program : program.error().message;
    if (!program) finding.fix = program.error().hint;
    return std::vector<Finding>{finding};
}

} // namespace loong::acp
