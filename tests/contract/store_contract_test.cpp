/// The contract of stores, kept by those of this tree.

#include "memory_store.hpp"
#include "store_contract.hpp"

#include <fstream>
#include <map>
#include <mutex>

namespace loong::test {
namespace {

/// One state for each state directory, as if it were kept there.
std::shared_ptr<MemoryStoreState> memory_state(const std::string& state_directory) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<MemoryStoreState>> states;
    const std::lock_guard lock(mutex);
    std::shared_ptr<MemoryStoreState>& state = states[state_directory];
    if (!state) state = std::make_shared<MemoryStoreState>(state_directory);
    return state;
}

StoreSubject memory_subject() {
    StoreSubject subject;
    subject.name = "memory";
    subject.one_process_only = "what is kept in memory ends with its process";
    subject.open = [](const std::string& state_directory,
                      const StoreHost&) -> Result<std::shared_ptr<Store>> {
        return std::shared_ptr<Store>(std::make_shared<MemoryStore>(memory_state(state_directory)));
    };
    subject.damage = [](const std::string& state_directory, const std::string& task_id) {
        memory_state(state_directory)->damage(task_id);
    };
    subject.lose_lease = [](const std::string& state_directory, const std::string& name) {
        memory_state(state_directory)->lose_lease(name);
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(memory, StoreContract, testing::Values(memory_subject()), subject_name);

} // namespace
} // namespace loong::test
