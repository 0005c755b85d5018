#include "memory_store.hpp"
#include <loong/plugin.hpp>

#include <filesystem>
#include <system_error>

namespace store_memory {
namespace {

Result<std::unique_ptr<Store>> make_store(const StoreSetup& setup) {
    const Value::Object* settings = setup.settings.values.as_object();
    if (settings != nullptr && !settings->empty()) {
        return Error{ErrorCode::invalid_config,
                     setup.settings.file + ": store-memory: it has no setting '" +
                         settings->front().first + "'",
                     "leave it out"};
    }
    // What the work itself writes are files all the same.
    std::error_code error;
    std::filesystem::create_directories(setup.state_directory, error);
    if (!error) {
        std::filesystem::permissions(setup.state_directory, std::filesystem::perms::owner_all,
                                     error);
    }
    if (error) {
        return Error{
            ErrorCode::store_io, "directory " + setup.state_directory + ": " + error.message(), {}};
    }
    return std::unique_ptr<Store>(
        std::make_unique<MemoryStore>(MemoryStoreState::of(setup.state_directory)));
}

struct Plugin {
    static Result<std::unique_ptr<Store>> make(const StoreSetup& setup) {
        return make_store(setup);
    }
};

} // namespace
} // namespace store_memory

LOONG_STORE_PLUGIN(store_memory::Plugin, "store-memory", "0.1.0")
