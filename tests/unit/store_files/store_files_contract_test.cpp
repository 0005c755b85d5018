/// The contract of stores, kept by store-files as it is loaded.

#include "loong/plugin.hpp"

#include "store_contract.hpp"

#include <dlfcn.h>

#include <fstream>
#include <stdexcept>

namespace loong::test {
namespace {

const StoreDescriptor& descriptor() {
    static void* const library = ::dlopen(LOONG_TEST_STORE_FILES, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const void* symbol = ::dlsym(library, store_symbol_name);
    if (symbol == nullptr) throw std::runtime_error(::dlerror());
    return *static_cast<const StoreDescriptor*>(symbol);
}

StoreSubject files_subject() {
    StoreSubject subject;
    subject.name = "files";
    subject.open = [](const std::string& state_directory,
                      const StoreHost& host) -> Result<std::shared_ptr<Store>> {
        StoreSetup setup;
        setup.state_directory = state_directory;
        setup.host = &host;
        Error error;
        Store* store = descriptor().create(setup, error);
        if (store == nullptr) return error;
        return std::shared_ptr<Store>(store, descriptor().destroy);
    };
    subject.damage = [](const std::string& state_directory, const std::string& task_id) {
        std::ofstream(state_directory + "/tasks/" + task_id + "/events.yaml")
            << "- {\"id\":1,\"end\":true}\n- nonsense\n";
    };
    subject.lose_lease = [](const std::string& state_directory, const std::string& name) {
        std::filesystem::remove(state_directory + "/leases/" + name);
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(files, StoreContract, testing::Values(files_subject()), subject_name);

} // namespace
} // namespace loong::test
