/// The contract of runtimes, kept by those of this tree.

#include "runtime_contract.hpp"
#include "scripted_runtime.hpp"

namespace loong::test {
namespace {

void set_text(SessionSpec& spec, const std::string& text) {
    spec.work = {};
    spec.work.kind = WorkKind::text;
    spec.work.text = text;
}

void set_plan(SessionSpec& spec, const std::string& text) {
    set_text(spec, text);
    spec.work.kind = WorkKind::plan;
    spec.work.source = "plan.yaml";
}

std::vector<RuntimeSubject::Nonsense> local_nonsense() {
    return {
        {"empty text", "invalid_argument", [](SessionSpec& spec) { set_text(spec, " \n"); }},
        {"no command", "invalid_argument",
         [](SessionSpec& spec) { spec.work.kind = WorkKind::command; }},
        {"NUL in the text", "invalid_argument",
         [](SessionSpec& spec) { set_text(spec, std::string("echo\0", 5)); }},
        {"no directory", "invalid_argument",
         [](SessionSpec& spec) {
             set_text(spec, "true");
             spec.working_directory += "/none";
         }},
        {"broken YAML", "invalid_plan", [](SessionSpec& spec) { set_plan(spec, "steps: ["); }},
        {"no steps", "invalid_plan", [](SessionSpec& spec) { set_plan(spec, "steps: []\n"); }},
        {"unknown key", "invalid_plan",
         [](SessionSpec& spec) { set_plan(spec, "steps:\n- runn: 'true'\n"); }},
        {"unknown setting", "invalid_config",
         [](SessionSpec& spec) {
             set_text(spec, "true");
             spec.settings.values.set("shel", "/bin/sh");
         }},
    };
}

RuntimeSubject local_subject() {
    RuntimeSubject subject = plugin_runtime("local", LOONG_TEST_RUNTIME_LOCAL);
    subject.keeper_path = LOONG_TEST_KEEPER;
    subject.succeed = [](SessionSpec& spec, const std::string& text) {
        set_text(spec, "printf %s \"$TEXT\"");
        spec.environment.push_back({"TEXT", text});
    };
    subject.fail = [](SessionSpec& spec) { set_text(spec, "exit 3"); };
    subject.wait = [](SessionSpec& spec, const std::string& started, const std::string& go) {
        set_text(spec,
                 "echo started >'" + started + "'; read -r line <'" + go + "'; echo 'went on'");
    };
    subject.never_end = [](SessionSpec& spec, const std::string& started) {
        // A loop of commands that all end when asked, under a shell that does not.
        set_text(spec, "trap '' TERM HUP INT; echo started >'" + started +
                           "'; while :; do sleep 60; done");
    };
    subject.nonsense = local_nonsense();
    return subject;
}

/// Agents, played by tests/acp/scripted_agent.py.
RuntimeSubject acp_subject() {
    Settings settings;
    settings.values.set("command", LOONG_TEST_PYTHON);
    RuntimeSubject subject =
        plugin_runtime("acp", LOONG_TEST_RUNTIME_ACP, settings, LOONG_TEST_KEEPER);
    subject.goes_on_alone = false;
    const auto play = [settings](SessionSpec& spec, const char* scenario, const std::string& text,
                                 const char* word = "") {
        set_text(spec, text);
        spec.settings = settings;
        spec.settings.values.set("args",
                                 Value::Array{"-I", "-S", LOONG_TEST_AGENT, scenario, word});
        // What it was doing when its worker was lost it may do again.
        spec.may_redo = true;
    };
    subject.succeed = [=](SessionSpec& spec, const std::string& text) { play(spec, "echo", text); };
    subject.fail = [=](SessionSpec& spec) { play(spec, "error", "fail", "-32603"); };
    subject.wait = [=](SessionSpec& spec, const std::string& started, const std::string& go) {
        play(spec, "wait", started + " " + go);
    };
    subject.never_end = [=](SessionSpec& spec, const std::string& started) {
        play(spec, "stubborn", started);
    };
    subject.nonsense = {
        {"no text", "invalid_argument", [=](SessionSpec& spec) { play(spec, "echo", " \n"); }},
        {"a command", "unsupported",
         [=](SessionSpec& spec) {
             play(spec, "echo", "");
             spec.work.kind = WorkKind::command;
         }},
        {"no directory", "invalid_argument",
         [=](SessionSpec& spec) {
             play(spec, "echo", "text");
             spec.working_directory += "/none";
         }},
        {"no program", "unsupported",
         [=](SessionSpec& spec) {
             play(spec, "echo", "text");
             spec.settings.values.set("command", "no-such-agent");
         }},
        {"unknown setting", "invalid_config",
         [=](SessionSpec& spec) {
             play(spec, "echo", "text");
             spec.settings.values.set("comand", "x");
         }},
    };
    return subject;
}

RuntimeSubject scripted_subject() {
    RuntimeSubject subject;
    subject.name = "scripted";
    subject.make = []() -> Result<std::shared_ptr<Runtime>> {
        return std::shared_ptr<Runtime>(std::make_shared<ScriptedRuntime>());
    };
    subject.succeed = [](SessionSpec& spec, const std::string& text) {
        set_text(spec, "say\n" + text);
    };
    subject.fail = [](SessionSpec& spec) { set_text(spec, "fail"); };
    subject.wait = [](SessionSpec& spec, const std::string& started, const std::string& go) {
        set_text(spec, "wait " + started + " " + go);
    };
    subject.nonsense = {
        {"no verb", "invalid_argument", [](SessionSpec& spec) { set_text(spec, ""); }},
        {"unknown verb", "invalid_argument", [](SessionSpec& spec) { set_text(spec, "sing"); }},
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(scripted, RuntimeContract, testing::Values(scripted_subject()),
                         runtime_subject_name);
INSTANTIATE_TEST_SUITE_P(acp, RuntimeContract, testing::Values(acp_subject()),
                         runtime_subject_name);
INSTANTIATE_TEST_SUITE_P(local, RuntimeContract, testing::Values(local_subject()),
                         runtime_subject_name);

} // namespace
} // namespace loong::test
