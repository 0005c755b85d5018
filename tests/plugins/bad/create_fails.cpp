// The plugin refuses its settings, as it may.
#include <loong/plugin.hpp>

#include <memory>

namespace {

struct Refusing {
    static loong::Result<std::unique_ptr<loong::Runtime>> make(const loong::RuntimeSetup& setup) {
        return loong::Error{loong::ErrorCode::invalid_config,
                            "runtime " + setup.name + ": key 'port': is missing", "add it"};
    }
};

} // namespace

LOONG_RUNTIME_PLUGIN(Refusing, "create-fails", "1")
