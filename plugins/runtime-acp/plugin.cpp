#include "acp_runtime.hpp"
#include <loong/plugin.hpp>

using loong::acp::AcpRuntime;

LOONG_RUNTIME_PLUGIN(AcpRuntime, "runtime-acp", "0.1.0")
