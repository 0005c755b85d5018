// Calls what nobody defines. Bound lazily, that would end the process at the first session.
#include "quiet_runtime.hpp"

void nobody_defines_this();

namespace {

class Calling : public QuietRuntime {
public:
    using QuietRuntime::QuietRuntime;
    loong::Result<loong::Outcome> run(loong::SessionContext& context) override {
        nobody_defines_this();
        return QuietRuntime::run(context);
    }
};

} // namespace

LOONG_RUNTIME_PLUGIN(Calling, "unresolved-symbol", "1")
