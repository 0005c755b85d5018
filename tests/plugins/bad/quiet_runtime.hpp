#pragma once
/// A runtime in which nothing is wrong, for plugins that are wrong elsewhere.

#include <loong/plugin.hpp>

namespace {

class QuietRuntime : public loong::Runtime {
public:
    explicit QuietRuntime(const loong::RuntimeSetup& /*setup*/) {}
    loong::Result<void> check(const loong::SessionSpec& /*spec*/) override { return {}; }
    loong::Result<loong::Outcome> run(loong::SessionContext& /*context*/) override {
        return loong::Outcome{.kind = loong::OutcomeKind::completed};
    }
};

} // namespace
