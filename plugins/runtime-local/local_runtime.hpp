#pragma once
/// The default runtime: shell texts, commands and plans on this machine, each command under a
/// keeper that outlives the worker.

#include <loong/runtime.hpp>

#include <memory>

namespace loong::local {

class LocalRuntime : public Runtime, public DurableRuntime {
public:
    /// `invalid_config` where the settings are wrong.
    static Result<std::unique_ptr<Runtime>> make(const RuntimeSetup& setup);

    Result<void> check(const SessionSpec& spec) override;
    Result<Outcome> run(SessionContext& context) override;
    void* extension(std::string_view name) override;

    Result<std::optional<Outcome>> resume(SessionContext& context,
                                          std::string_view handle) override;
    Result<Probe> probe(const LostSession& session) override;
    Result<bool> end(const LostSession& session, EndHow how) override;
};

} // namespace loong::local
