// Every method throws; the build says what.
#include <loong/plugin.hpp>

#include <stdexcept>

namespace {

class Throwing : public loong::Runtime, public loong::DurableRuntime {
public:
    explicit Throwing(const loong::RuntimeSetup& /*setup*/) {}
    loong::Result<void> check(const loong::SessionSpec& /*spec*/) override { throw THROWN; }
    loong::Result<loong::Outcome> run(loong::SessionContext& /*context*/) override { throw THROWN; }
    void* extension(std::string_view name) override {
        if (name == extension_name) return static_cast<loong::DurableRuntime*>(this);
        throw THROWN;
    }
    loong::Result<std::optional<loong::Outcome>> resume(loong::SessionContext& /*context*/,
                                                        std::string_view /*handle*/) override {
        throw THROWN;
    }
    loong::Result<loong::Probe> probe(const loong::LostSession& /*session*/) override {
        throw THROWN;
    }
    loong::Result<bool> end(const loong::LostSession& /*session*/, loong::EndHow /*how*/) override {
        throw THROWN;
    }
};

} // namespace

LOONG_RUNTIME_PLUGIN(Throwing, "methods-throw", "1")
