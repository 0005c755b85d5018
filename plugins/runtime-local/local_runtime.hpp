#pragma once
/// The default runtime: shell texts, commands and plans on this machine, each command under a
/// keeper that outlives the worker.

#include "kernel_abilities.hpp"
#include <loong/runtime.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace loong::local {

class LocalRuntime : public Runtime,
                     public DurableRuntime,
                     public RuntimeDiagnosis,
                     public PolicyEnforcer {
public:
    LocalRuntime() = default;
    /// On a kernel that can do this, whatever the real one can.
    explicit LocalRuntime(KernelAbilities abilities) : abilities_(abilities) {}

    /// `invalid_config` where the settings are wrong.
    static Result<std::unique_ptr<Runtime>> make(const RuntimeSetup& setup);

    Result<void> check(const SessionSpec& spec) override;
    Result<Outcome> run(SessionContext& context) override;
    void* extension(std::string_view name) override;

    Result<std::optional<Outcome>> resume(SessionContext& context,
                                          std::string_view handle) override;
    Result<Probe> probe(const LostSession& session) override;
    Result<bool> end(const LostSession& session, EndHow how) override;
    [[nodiscard]] bool starts_with_handle() const override { return true; }

    Result<std::vector<Finding>> diagnose() override;

    std::vector<std::string> tools() override { return {}; }
    Result<std::vector<std::string>> enforcement(const SessionSpec& spec) override;

private:
    /// Asked of the kernel when it is needed first.
    [[nodiscard]] KernelAbilities abilities();

    std::mutex mutex_;
    std::optional<KernelAbilities> abilities_;
};

} // namespace loong::local
