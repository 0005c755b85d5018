#include "checked_runtime.hpp"

#include "plugin_guard.hpp"

#include <fmt/format.h>

#include <utility>

namespace loong {

namespace {

std::string why_no_outcome(const Outcome& outcome, bool may_detach) {
    if (outcome.kind > OutcomeKind::detached) return "gave an outcome of an unknown kind";
    if (outcome.kind == OutcomeKind::detached && !may_detach) {
        return "gave the outcome 'detached', which only a durable runtime may";
    }
    if (outcome.exit_code && (*outcome.exit_code < 0 || *outcome.exit_code > 255)) {
        return fmt::format("gave the exit code {}", *outcome.exit_code);
    }
    if (outcome.signal && (*outcome.signal < 1 || *outcome.signal > 64)) {
        return fmt::format("gave the signal {}", *outcome.signal);
    }
    return {};
}

std::string why_no_probe(const Probe& probe) {
    if (probe.state > Probe::State::unreachable) return "gave an unknown state";
    const bool finished = probe.state == Probe::State::finished;
    if (finished && !probe.outcome) return "says 'finished' without an outcome";
    return finished ? why_no_outcome(*probe.outcome, false) : std::string();
}

class CheckedDurableRuntime : public DurableRuntime {
public:
    CheckedDurableRuntime(std::string plugin, DurableRuntime* inner)
        : plugin_(std::move(plugin)),
          inner_(inner) {}

    Result<std::optional<Outcome>> resume(SessionContext& context,
                                          std::string_view handle) override {
        return guarded(
            plugin_, "resume", [&] { return inner_->resume(context, handle); },
            [](const std::optional<Outcome>& outcome) {
                return outcome ? why_no_outcome(*outcome, true) : std::string();
            });
    }
    Result<Probe> probe(const LostSession& session) override {
        return guarded(
            plugin_, "probe", [&] { return inner_->probe(session); }, why_no_probe);
    }
    Result<bool> end(const LostSession& session, EndHow how) override {
        return guarded(plugin_, "end", [&] { return inner_->end(session, how); });
    }
    [[nodiscard]] bool starts_with_handle() const override {
        return guarded_value([&] { return inner_->starts_with_handle(); }, false);
    }

private:
    std::string plugin_;
    /// Belongs to the runtime.
    DurableRuntime* inner_;
};

std::string why_no_diagnosis(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        if (!finding.task_id.empty()) {
            return fmt::format("gave the finding {} about a task", finding.code);
        }
        if (finding.repairable) {
            return fmt::format("calls the finding {} repairable, which no runtime repairs",
                               finding.code);
        }
    }
    return why_no_findings(findings);
}

class CheckedRuntimeDiagnosis : public RuntimeDiagnosis {
public:
    CheckedRuntimeDiagnosis(std::string plugin, RuntimeDiagnosis* inner)
        : plugin_(std::move(plugin)),
          inner_(inner) {}

    Result<std::vector<Finding>> diagnose() override {
        return guarded(
            plugin_, "diagnose", [&] { return inner_->diagnose(); }, why_no_diagnosis);
    }

private:
    std::string plugin_;
    /// Belongs to the runtime.
    RuntimeDiagnosis* inner_;
};

class CheckedPolicyEnforcer : public PolicyEnforcer {
public:
    CheckedPolicyEnforcer(std::string plugin, PolicyEnforcer* inner)
        : plugin_(std::move(plugin)),
          inner_(inner) {}

    std::vector<std::string> tools() override {
        return guarded_value([&] { return inner_->tools(); }, std::vector<std::string>());
    }
    Result<std::vector<std::string>> enforcement(const SessionSpec& spec) override {
        return guarded(
            plugin_, "enforcement", [&] { return inner_->enforcement(spec); },
            [](const std::vector<std::string>& by) {
                return by.empty() ? std::string("names nothing that enforces a policy")
                                  : std::string();
            });
    }

private:
    std::string plugin_;
    /// Belongs to the runtime.
    PolicyEnforcer* inner_;
};

} // namespace

CheckedRuntime::CheckedRuntime(std::string plugin, Inner inner)
    : plugin_(std::move(plugin)),
      inner_(std::move(inner)) {
    DurableRuntime* durable_inner =
        guarded_value([&] { return durable(*inner_); }, static_cast<DurableRuntime*>(nullptr));
    if (durable_inner != nullptr) {
        durable_ = std::make_unique<CheckedDurableRuntime>(plugin_, durable_inner);
    }
    RuntimeDiagnosis* diagnosis_inner =
        guarded_value([&] { return diagnosis(*inner_); }, static_cast<RuntimeDiagnosis*>(nullptr));
    if (diagnosis_inner != nullptr) {
        diagnosis_ = std::make_unique<CheckedRuntimeDiagnosis>(plugin_, diagnosis_inner);
    }
    PolicyEnforcer* enforcer_inner = guarded_value([&] { return policy_enforcer(*inner_); },
                                                   static_cast<PolicyEnforcer*>(nullptr));
    if (enforcer_inner != nullptr) {
        enforcer_ = std::make_unique<CheckedPolicyEnforcer>(plugin_, enforcer_inner);
    }
}

Result<void> CheckedRuntime::check(const SessionSpec& spec) {
    return guarded(plugin_, "check", [&] { return inner_->check(spec); });
}

Result<Outcome> CheckedRuntime::run(SessionContext& context) {
    return guarded(
        plugin_, "run", [&] { return inner_->run(context); },
        [&](const Outcome& outcome) { return why_no_outcome(outcome, durable_ != nullptr); });
}

void* CheckedRuntime::extension(std::string_view name) {
    if (name == DurableRuntime::extension_name) return durable_.get();
    if (name == RuntimeDiagnosis::extension_name) return diagnosis_.get();
    if (name == PolicyEnforcer::extension_name) return enforcer_.get();
    return guarded_value([&] { return inner_->extension(name); }, static_cast<void*>(nullptr));
}

} // namespace loong
