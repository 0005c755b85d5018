#include "local_runtime.hpp"

#include "end_work.hpp"
#include "probe_work.hpp"
#include "session_runner.hpp"
#include "step_policy.hpp"
#include <loong/narrow_policy.hpp>

namespace loong::local {
namespace {

Error invalid(std::string message, std::string hint = {}) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(hint)};
}

Result<void> check_work(const Work& work) {
    if (work.kind == WorkKind::command) {
        if (work.arguments.empty() || work.arguments.front().empty()) {
            return invalid("command: there is none", "for example: -- make -j4");
        }
        return {};
    }
    if (work.text.find('\0') != std::string::npos) {
        return invalid("text: contains a NUL byte");
    }
    if (work.kind == WorkKind::text &&
        work.text.find_first_not_of(" \t\r\n") == std::string::npos) {
        return invalid("text: is empty", "say what to run, for example: 'make && make test'");
    }
    return {};
}

Result<void> check_steps(const SessionSpec& spec, const LocalSettings& settings, const Plan& plan) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const Step& step = plan.steps[i];
        if (step.kind != StepKind::run) continue;
        auto command = command_of(spec, settings, step, i, {}, {});
        if (command) continue;
        // An earlier step may make the program or the directory that a later one needs.
        const bool may_come = plan.has_steps && i > 0;
        const bool fits =
            command.error().message.find("more than the system takes") == std::string::npos;
        if (may_come && fits) continue;
        Error error = std::move(command).error();
        error.message = step_message(plan, step, error.message);
        return error;
    }
    return {};
}

/// What each step says of the tools can be said, and narrows; nothing that it lets be written holds
/// loong.
Result<void> check_policies(const SessionSpec& spec, const Plan& plan) {
    for (const Step& step : plan.steps) {
        if (!step.narrows) continue;
        auto policy = policy_of(spec, step);
        Error error;
        if (!policy) {
            error = std::move(policy).error();
        } else if (const auto conflict = write_conflict(*policy)) {
            error = invalid("tool policy: it could write " + conflict->writable + ", and with it " +
                                conflict->place,
                            "name smaller directories to be written");
        } else {
            continue;
        }
        error.message = step_message(plan, step, error.message);
        return error;
    }
    return {};
}

struct Prepared {
    LocalSettings settings;
    Plan plan;
};

Result<Prepared> prepare(const SessionSpec& spec) {
    auto settings = read_settings(spec.settings);
    if (!settings) return std::move(settings).error();
    auto work = check_work(spec.work);
    if (!work) return std::move(work).error();
    auto plan = plan_of(spec.work);
    if (!plan) return std::move(plan).error();
    return Prepared{std::move(*settings), std::move(*plan)};
}

} // namespace

Result<std::unique_ptr<Runtime>> LocalRuntime::make(const RuntimeSetup& setup) {
    auto settings = read_settings(setup.settings);
    if (!settings) return std::move(settings).error();
    return std::unique_ptr<Runtime>(std::make_unique<LocalRuntime>());
}

void* LocalRuntime::extension(std::string_view name) {
    if (name == DurableRuntime::extension_name) return static_cast<DurableRuntime*>(this);
    if (name == RuntimeDiagnosis::extension_name) return static_cast<RuntimeDiagnosis*>(this);
    if (name == PolicyEnforcer::extension_name) return static_cast<PolicyEnforcer*>(this);
    return nullptr;
}

Result<void> LocalRuntime::check(const SessionSpec& spec) {
    auto prepared = prepare(spec);
    if (!prepared) return std::move(prepared).error();
    auto directory = check_directory(spec.working_directory);
    if (!directory) return directory;
    auto policies = check_policies(spec, prepared->plan);
    if (!policies) return policies;
    if (is_narrowed(spec, prepared->plan)) {
        auto able = check_abilities(abilities());
        if (!able) return able;
    }
    return check_steps(spec, prepared->settings, prepared->plan);
}

Result<Outcome> LocalRuntime::run(SessionContext& context) {
    auto prepared = prepare(context.spec());
    if (!prepared) return std::move(prepared).error();
    return SessionRunner(context, std::move(prepared->settings), std::move(prepared->plan),
                         [this] { return abilities(); })
        .run();
}

Result<std::optional<Outcome>> LocalRuntime::resume(SessionContext& context,
                                                    std::string_view handle_text) {
    const auto handle = parse_handle(handle_text);
    if (!handle) return std::optional<Outcome>();
    auto prepared = prepare(context.spec());
    if (!prepared) return std::move(prepared).error();
    SessionRunner runner(context, std::move(prepared->settings), std::move(prepared->plan),
                         [this] { return abilities(); });
    return runner.resume(*handle);
}

Result<Probe> LocalRuntime::probe(const LostSession& session) {
    if (session.handle.empty()) {
        return Probe{Probe::State::never_started, {}, "no command was about to be started"};
    }
    const auto handle = parse_handle(session.handle);
    if (!handle) {
        return Probe{Probe::State::unreachable, {}, "its handle cannot be read by this version"};
    }
    auto plan = plan_of(session.spec.work);
    if (!plan) return Probe{Probe::State::unreachable, {}, plan.error().message};
    return probe_work(session, *handle, *plan);
}

Result<bool> LocalRuntime::end(const LostSession& session, EndHow how) {
    return end_work(session, parse_handle(session.handle), how);
}

KernelAbilities LocalRuntime::abilities() {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!abilities_) abilities_ = detect_kernel_abilities();
    return *abilities_;
}

Result<std::vector<Finding>> LocalRuntime::diagnose() { return describe(abilities()); }

Result<std::vector<std::string>> LocalRuntime::enforcement(const SessionSpec& spec) {
    auto able = check_abilities(abilities());
    if (!able) return std::move(able).error();
    return enforced_by(abilities(), spec.tool_policy);
}

} // namespace loong::local
