// The constructor throws; the build says what.
#include "quiet_runtime.hpp"

#include <stdexcept>

namespace {

class Throwing : public QuietRuntime {
public:
    explicit Throwing(const loong::RuntimeSetup& setup) : QuietRuntime(setup) { throw THROWN; }
};

} // namespace

LOONG_RUNTIME_PLUGIN(Throwing, "create-throws", "1")
