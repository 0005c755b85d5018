#include <loong/contract/store_contract.hpp>

namespace loong::test {

StoreSubject subject() {
    StoreSubject subject = plugin_store("memory", LOONG_PLUGIN_FILE);
    subject.one_process_only = "what is kept in memory ends with its process";
    return subject;
}

INSTANTIATE_TEST_SUITE_P(plugin, StoreContract, testing::Values(subject()), subject_name);

} // namespace loong::test
