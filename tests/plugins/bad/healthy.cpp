// Nothing is wrong with this one: the others are measured by it.
#include "quiet_runtime.hpp"

LOONG_RUNTIME_PLUGIN(QuietRuntime, "healthy", "1.2.3")
