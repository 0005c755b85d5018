#pragma once
/// A plugin loaded by its descriptor, as loong/plugin.hpp says and without the rest of loong: a
/// plugin can be tested where only the public headers are.

#include <loong/plugin.hpp>

#include <dlfcn.h>
#include <memory>
#include <string>

namespace loong::test {

/// Makes an object of the plugin in `file`. The library is never unloaded.
template <typename Made, typename Descriptor, typename Setup>
Result<std::shared_ptr<Made>> load_object(const std::string& file, const char* symbol,
                                          const Setup& setup) {
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return Error{ErrorCode::plugin_not_found, ::dlerror(), {}};
    const auto* descriptor = static_cast<const Descriptor*>(::dlsym(library, symbol));
    if (descriptor == nullptr) return Error{ErrorCode::plugin_refused, ::dlerror(), {}};
    Error error;
    Made* made = descriptor->create(setup, error);
    if (made == nullptr) return error;
    return std::shared_ptr<Made>(made, descriptor->destroy);
}

[[nodiscard]] inline Result<std::shared_ptr<Store>> load_store_object(const std::string& file,
                                                                      const StoreSetup& setup) {
    return load_object<Store, StoreDescriptor>(file, store_symbol_name, setup);
}

[[nodiscard]] inline Result<std::shared_ptr<Runtime>>
load_runtime_object(const std::string& file, const RuntimeSetup& setup) {
    return load_object<Runtime, RuntimeDescriptor>(file, runtime_symbol_name, setup);
}

} // namespace loong::test
