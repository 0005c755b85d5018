// One field of the descriptor is wrong; the build says which.
#include "quiet_runtime.hpp"

LOONG_PLUGIN_SYMBOL_(loong::RuntimeDescriptor) loong_runtime_v1;
const loong::RuntimeDescriptor loong_runtime_v1 = [] {
    loong::RuntimeDescriptor descriptor{
        .id = "descriptor-field",
        .version = "1",
        .create = &loong::plugin::create<QuietRuntime, loong::Runtime, loong::RuntimeSetup>,
        .destroy = &loong::plugin::destroy<loong::Runtime>,
    };
    descriptor.FIELD = VALUE;
    return descriptor;
}();
