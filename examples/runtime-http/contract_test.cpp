#include <loong/contract/runtime_contract.hpp>

#include <cstdio>

namespace loong::test {

/// Where the service is; started for this program, and ends with it.
const std::string& service_url() {
    static const std::string url = [] {
        const TemporaryDirectory directory;
        Fifo told(directory / "port");
        // It reads the pipe until we are gone, however we go.
        FILE* service = ::popen(
            ("exec python3 " SERVICE " --port 0 --until-eof --tell " + told.path() + " >/dev/null")
                .c_str(),
            "we");
        if (service == nullptr) throw std::runtime_error("the service could not be started");
        return "http://127.0.0.1:" + told.read_line().value_or("0");
    }();
    return url;
}

RuntimeSubject subject() {
    RuntimeSubject subject;
    subject.name = "http";
    subject.make = [] {
        Settings settings;
        settings.values.set("url", service_url());
        return load_runtime_object(LOONG_PLUGIN_FILE, {"http", settings});
    };
    subject.succeed = [](SessionSpec& spec, const std::string& text) {
        spec.work.text = "cat <<'END-OF-TEXT' | head -c -1\n" + text + "\nEND-OF-TEXT\n";
    };
    subject.fail = [](SessionSpec& spec) { spec.work.text = "exit 3"; };
    subject.wait = [](SessionSpec& spec, const std::string& started, const std::string& go) {
        spec.work.text =
            "echo started >'" + started + "'; read -r line <'" + go + "'; echo 'went on'";
    };
    subject.never_end = [](SessionSpec& spec, const std::string& started) {
        spec.work.text =
            "trap '' TERM; echo started >'" + started + "'; while :; do sleep 60; done";
    };
    subject.nonsense = {
        {"a command", "unsupported",
         [](SessionSpec& spec) { spec.work = {.kind = WorkKind::command, .arguments = {"true"}}; }},
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(plugin, RuntimeContract, testing::Values(subject()), runtime_subject_name);

} // namespace loong::test
