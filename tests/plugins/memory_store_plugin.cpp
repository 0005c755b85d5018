// A store in memory that fails when the configuration says so. Objects on one state directory share
// what they keep, so a test that loads the plugin itself can fill it.
#include "faulty_store.hpp"
#include "memory_store.hpp"
#include <loong/plugin.hpp>

#include <map>
#include <memory>
#include <string>

namespace {

using loong::test::FaultyStore;
using store_memory::MemoryStore;
using store_memory::MemoryStoreState;

std::shared_ptr<MemoryStoreState> state_of(const std::string& directory) {
    static std::map<std::string, std::shared_ptr<MemoryStoreState>> states;
    std::shared_ptr<MemoryStoreState>& state = states[directory];
    if (state == nullptr) state = std::make_shared<MemoryStoreState>(directory);
    return state;
}

struct Inner {
    explicit Inner(const std::string& directory) : memory(state_of(directory)) {}
    MemoryStore memory;
};

/// Settings: `fail_at: N`, the call that fails; `damage: TASK`; `hold_ends: DIRECTORY`.
class FaultyMemoryStore : private Inner, public FaultyStore {
public:
    explicit FaultyMemoryStore(const loong::StoreSetup& setup)
        : Inner(setup.state_directory),
          FaultyStore(memory) {
        const std::int64_t call = setup.settings.values.integer_or("fail_at", 0);
        if (call > 0) fail_at(static_cast<std::uint64_t>(call));
        const std::string directory = setup.settings.values.string_or("hold_ends", "");
        if (!directory.empty()) hold_ends(directory);
        const std::string damaged = setup.settings.values.string_or("damage", "");
        if (!damaged.empty()) state_of(setup.state_directory)->damage(damaged);
    }
};

} // namespace

LOONG_STORE_PLUGIN(FaultyMemoryStore, "store-memory", "1")
