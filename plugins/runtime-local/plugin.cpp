#include "local_runtime.hpp"
#include <loong/plugin.hpp>

using loong::local::LocalRuntime;

LOONG_RUNTIME_PLUGIN(LocalRuntime, "runtime-local", "0.1.0")
