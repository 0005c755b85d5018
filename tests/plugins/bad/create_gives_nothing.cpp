// create() returns null without a word.
#include <loong/plugin.hpp>

namespace {

loong::Runtime* nothing(const loong::RuntimeSetup& /*setup*/, loong::Error& /*error*/) noexcept {
    return nullptr;
}

} // namespace

LOONG_PLUGIN_SYMBOL_(loong::RuntimeDescriptor) loong_runtime_v1;
const loong::RuntimeDescriptor loong_runtime_v1 = {
    .id = "create-gives-nothing",
    .version = "1",
    .create = &nothing,
    .destroy = &loong::plugin::destroy<loong::Runtime>,
};
