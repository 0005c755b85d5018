#pragma once
/// A runtime for agents that speak the Agent Client Protocol over their standard streams.

#include "settings.hpp"
#include <loong/runtime.hpp>

#include <memory>
#include <string>
#include <vector>

namespace loong::acp {

class AcpRuntime : public Runtime,
                   public DurableRuntime,
                   public PolicyEnforcer,
                   public RuntimeDiagnosis {
public:
    explicit AcpRuntime(RuntimeSetup setup) : setup_(std::move(setup)) {}

    /// `invalid_config` where the settings are wrong.
    static Result<std::unique_ptr<Runtime>> make(const RuntimeSetup& setup);

    Result<void> check(const SessionSpec& spec) override;
    Result<Outcome> run(SessionContext& context) override;
    void* extension(std::string_view name) override;

    Result<std::optional<Outcome>> resume(SessionContext& context,
                                          std::string_view handle) override;
    Result<Probe> probe(const LostSession& session) override;
    Result<bool> end(const LostSession& session, EndHow how) override;

    std::vector<std::string> tools() override { return {}; }
    Result<std::vector<std::string>> enforcement(const SessionSpec& spec) override;

    Result<std::vector<Finding>> diagnose() override;

private:
    const RuntimeSetup setup_;
};

} // namespace loong::acp
