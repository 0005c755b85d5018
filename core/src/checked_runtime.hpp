#pragma once
/// A runtime that keeps what its plugin throws, and what breaks the interface, from the rest of
/// loong.

#include "loong/runtime.hpp"

#include <functional>
#include <memory>
#include <string>

namespace loong {

class CheckedRuntime : public Runtime {
public:
    using Inner = std::unique_ptr<Runtime, std::function<void(Runtime*)>>;

    /// `plugin` is its id, for messages.
    CheckedRuntime(std::string plugin, Inner inner);

    Result<void> check(const SessionSpec& spec) override;
    Result<Outcome> run(SessionContext& context) override;
    [[nodiscard]] void* extension(std::string_view name) override;

private:
    std::string plugin_;
    Inner inner_;
    /// Null where the plugin has no such ability, as the next one.
    std::unique_ptr<DurableRuntime> durable_;
    std::unique_ptr<RuntimeDiagnosis> diagnosis_;
    std::unique_ptr<PolicyEnforcer> enforcer_;
};

} // namespace loong
