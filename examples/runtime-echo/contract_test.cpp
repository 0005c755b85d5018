#include <loong/contract/runtime_contract.hpp>

namespace loong::test {

RuntimeSubject subject() {
    RuntimeSubject subject = plugin_runtime("echo", LOONG_PLUGIN_FILE);
    subject.succeed = [](SessionSpec& spec, const std::string& text) { spec.work.text = text; };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(plugin, RuntimeContract, testing::Values(subject()), runtime_subject_name);

} // namespace loong::test
