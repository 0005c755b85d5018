#include "loong/tool_policy.hpp"
#include "nasty_text.hpp"
#include "task_document.hpp"
#include "task_machine.hpp"
#include "text.hpp"
#include "yaml_reader.hpp"
#include "yaml_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace loong {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Every member set, with texts that `text` gives.
template <typename Text>
TaskDocument full_document(Text text) {
    TaskDocument document = test::sample_document();
    document.label = text();
    document.created_at = test::test_time(3) + 42us;
    document.owner_session_id = text();
    document.scope_session_id = text();
    document.visible_to = {text(), text()};
    document.depth = 2;
    document.dedupe_key = text();
    document.hold = true;
    document.priority = -7;
    document.retry_limit = 3;
    document.start_within = 3600s;
    document.dependencies = {{test::task_id_of(8), true}, {test::task_id_of(9), false}};
    document.runtime = text();
    document.runtime_plugin = text();
    document.runtime_settings.file = text();
    document.runtime_settings.values = Value::Object{
        {"text", text()},
        {"number", 12},
        {"like a number", "12"},
        {"half", 0.5},
        {"one", 1.0},
        {"on", true},
        {"nothing", nullptr},
        {"empty list", Value::Array{}},
        {"empty", Value::Object{}},
        {"list", Value::Array{text(), 1, Value::Array{2}, Value::Object{{"a", text()}}}},
        {"deep", Value::Object{{"er", Value::Object{{"still", text()}}}}}};
    document.work = {WorkKind::command, {}, {text(), text(), "x"}, text()};
    document.working_directory = text();
    document.umask = 0027;
    document.environment = {{"PATH", text()}, {std::string("X") + text(), text()}};
    document.secret_names = {text()};
    document.withheld_names = {text(), text()};
    document.limits = {90s, 1500ms, std::uint64_t{1} << 40};
    document.tool_policy.rules = {{"shell.exec", ToolDecision::ask, text()},
                                  {text(), ToolDecision::deny, {}}};
    document.tool_policy.read_directories = {text()};
    document.tool_policy.write_directories = std::vector<std::string>{};
    document.tool_policy.network = false;
    document.tool_policy.narrowed = true;
    document.tool_policy.base_tool_ids = {text(), text()};
    document.tool_policy.requested_tool_ids = {text()};
    document.tool_policy.effective_tool_ids = {text()};
    document.tool_policy.enforced_by = {text(), text()};
    document.notify_attention = true;
    document.notify_terminal = true;
    return document;
}

std::string shape(const Value& value) {
    std::string out;
    append_yaml_value(out, value, 0);
    return out;
}

/// All members as one text each, so that a difference shows which.
std::vector<std::string> members_of(const TaskDocument& document) {
    std::vector<std::string> members = {document.task_id,
                                        document.label,
                                        format_time(document.created_at),
                                        document.owner_session_id,
                                        document.scope_session_id,
                                        std::to_string(document.depth),
                                        document.dedupe_key,
                                        std::to_string(document.hold),
                                        std::to_string(document.priority),
                                        std::to_string(document.retry_limit),
                                        document.runtime,
                                        document.runtime_plugin,
                                        document.runtime_settings.file,
                                        shape(document.runtime_settings.values),
                                        std::to_string(static_cast<int>(document.work.kind)),
                                        document.work.text,
                                        document.work.source,
                                        document.working_directory,
                                        std::to_string(document.limits.grace.count()),
                                        std::to_string(document.limits.max_output_bytes),
                                        std::to_string(document.tool_policy.network),
                                        std::to_string(document.tool_policy.narrowed)};
    const auto add_seconds = [&](const std::optional<Seconds>& seconds) {
        members.push_back(seconds ? std::to_string(seconds->count()) : "none");
    };
    const auto add_texts = [&](const std::vector<std::string>& texts) {
        members.push_back(std::to_string(texts.size()));
        members.insert(members.end(), texts.begin(), texts.end());
    };
    const auto add_directories = [&](const std::optional<std::vector<std::string>>& directories) {
        members.push_back(directories ? "narrowed" : "all");
        if (directories) add_texts(*directories);
    };
    members.push_back(document.umask ? std::to_string(*document.umask) : "none");
    add_seconds(document.start_within);
    add_seconds(document.limits.timeout);
    add_texts(document.visible_to);
    add_texts(document.work.arguments);
    add_texts(document.secret_names);
    add_texts(document.withheld_names);
    add_texts(document.tool_policy.base_tool_ids);
    add_texts(document.tool_policy.requested_tool_ids);
    add_texts(document.tool_policy.effective_tool_ids);
    add_texts(document.tool_policy.enforced_by);
    members.emplace_back(document.notify_attention ? "attention" : "");
    members.emplace_back(document.notify_terminal ? "terminal" : "");
    add_directories(document.tool_policy.read_directories);
    add_directories(document.tool_policy.write_directories);
    for (const Dependency& dependency : document.dependencies) {
        members.push_back(dependency.task_id + (dependency.any_end ? " any" : " success"));
    }
    for (const EnvironmentVariable& variable : document.environment) {
        members.push_back(variable.name + '=' + variable.value);
    }
    for (const ToolRule& rule : document.tool_policy.rules) {
        members.push_back(rule.tool + ' ' + std::to_string(static_cast<int>(rule.decision)) + ' ' +
                          rule.prefix);
    }
    return members;
}

void expect_round_trip(const TaskDocument& document) {
    const std::string yaml = write_task_document(document);
    ASSERT_TRUE(is_utf8(yaml));
    const Result<TaskDocument> back = read_task_document(yaml);
    ASSERT_TRUE(back) << back.error().message << yaml.substr(0, 500);
    ASSERT_EQ(members_of(*back), members_of(document)) << yaml.substr(0, 500);
    EXPECT_EQ(back->runtime_settings.values, document.runtime_settings.values)
        << yaml.substr(0, 500);
}

/// What a configuration without rules leaves.
void set_common_tools(ToolPolicy& policy) {
    policy.base_tool_ids.assign(common_tools.begin(), common_tools.end());
    policy.effective_tool_ids = policy.base_tool_ids;
}

TEST(TaskDocument, IsYamlThatPeopleRead) {
    TaskDocument document = test::sample_document();
    document.label = "build all";
    document.visible_to = {"default"};
    document.retry_limit = 2;
    document.limits.timeout = 600s;
    document.dependencies = {{test::task_id_of(2), false}};
    document.runtime_settings.values.set("shell", "/bin/sh");
    document.work.text = "make\nmake install\n";
    set_common_tools(document.tool_policy);
    document.environment = {{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"BYTE", "\xff"}};
    EXPECT_EQ(write_task_document(document), "format: 2\n"
                                             "task_id: " +
                                                 document.task_id +
                                                 "\n"
                                                 "label: build all\n"
                                                 "created_at: \"2026-01-02T02:46:40.000000Z\"\n"
                                                 "owner_session_id: default\n"
                                                 "retry_limit: 2\n"
                                                 "dependencies:\n"
                                                 "  - {task_id: " +
                                                 test::task_id_of(2) +
                                                 ", until: completed}\n"
                                                 "runtime:\n"
                                                 "  name: local\n"
                                                 "  plugin: runtime-local\n"
                                                 "  settings:\n"
                                                 "    shell: /bin/sh\n"
                                                 "work:\n"
                                                 "  kind: text\n"
                                                 "  text: |\n"
                                                 "    make\n"
                                                 "    make install\n"
                                                 "working_directory: /home/user\n"
                                                 "limits:\n"
                                                 "  timeout_seconds: 600\n"
                                                 "environment:\n"
                                                 "  PATH: \"/usr/bin:/bin\"\n"
                                                 "  LANG: C.UTF-8\n"
                                                 "  BYTE: !!binary \"/w==\"\n");
    expect_round_trip(document);
}

/// The sample as format 1 has it: with every key that format 2 leaves out.
std::string sample_in_format_1() {
    return "format: 1\n"
           "task_id: " +
           test::sample_document().task_id +
           "\n"
           "label: build\n"
           "created_at: \"2026-01-02T02:46:40.000000Z\"\n"
           "owner_session_id: default\n"
           "scope_session_id: default\n"
           "visible_to:\n"
           "  - default\n"
           "depth: 0\n"
           "hold: false\n"
           "priority: 0\n"
           "retry_limit: 0\n"
           "runtime:\n"
           "  name: local\n"
           "  plugin: runtime-local\n"
           "work:\n"
           "  kind: text\n"
           "  text: make\n"
           "working_directory: /home/user\n"
           "limits:\n"
           "  grace_seconds: 10\n"
           "  max_output_bytes: 1073741824\n"
           "tool_policy:\n"
           "  network: true\n"
           "  narrowed: false\n";
}

TaskDocument document_of_defaults() {
    TaskDocument document = test::sample_document();
    set_common_tools(document.tool_policy);
    return document;
}

TEST(TaskDocument, OfDefaultsIsShort) {
    const TaskDocument document = document_of_defaults();
    EXPECT_EQ(write_task_document(document), "format: 2\n"
                                             "task_id: " +
                                                 document.task_id +
                                                 "\n"
                                                 "label: build\n"
                                                 "created_at: \"2026-01-02T02:46:40.000000Z\"\n"
                                                 "owner_session_id: default\n"
                                                 "runtime:\n"
                                                 "  name: local\n"
                                                 "  plugin: runtime-local\n"
                                                 "work:\n"
                                                 "  kind: text\n"
                                                 "  text: make\n"
                                                 "working_directory: /home/user\n");
    expect_round_trip(document);
}

// One at a time differs from what is left out, so that nothing is left out with it or because of it.
TEST(TaskDocument, WhatIsNotDefaultComesBackAlone) {
    using Tools = std::vector<std::string>;
    const std::vector<std::function<void(TaskDocument&)>> changes = {
        [](TaskDocument& document) { document.owner_session_id = "other"; },
        [](TaskDocument& document) { document.scope_session_id = "other"; },
        [](TaskDocument& document) { document.scope_session_id = ""; },
        [](TaskDocument& document) { document.visible_to = {"other"}; },
        [](TaskDocument& document) {
            document.visible_to = {"default", "other"};
        },
        [](TaskDocument& document) { document.visible_to = {}; },
        [](TaskDocument& document) { document.depth = 1; },
        [](TaskDocument& document) { document.hold = true; },
        [](TaskDocument& document) { document.priority = -1; },
        [](TaskDocument& document) { document.retry_limit = 1; },
        [](TaskDocument& document) { document.limits.timeout = 5s; },
        [](TaskDocument& document) { document.limits.grace = 0s; },
        [](TaskDocument& document) { document.limits.grace = 10s + 1us; },
        [](TaskDocument& document) { document.limits.max_output_bytes = 0; },
        [](TaskDocument& document) { document.tool_policy.network = false; },
        [](TaskDocument& document) { document.tool_policy.narrowed = true; },
        [](TaskDocument& document) { document.tool_policy.base_tool_ids = {}; },
        [](TaskDocument& document) { document.tool_policy.effective_tool_ids = {}; },
        [](TaskDocument& document) { document.tool_policy.base_tool_ids.pop_back(); },
        [](TaskDocument& document) { document.tool_policy.effective_tool_ids.pop_back(); },
        [](TaskDocument& document) { document.tool_policy.base_tool_ids.emplace_back("more"); },
        [](TaskDocument& document) {
            document.tool_policy.base_tool_ids = document.tool_policy.effective_tool_ids =
                Tools{"fs.read"};
        },
        [](TaskDocument& document) {
            document.tool_policy.base_tool_ids = document.tool_policy.effective_tool_ids = Tools{};
        },
        [](TaskDocument& document) { document.tool_policy.enforced_by = {"Landlock"}; },
    };
    for (const auto& change : changes) {
        TaskDocument document = document_of_defaults();
        change(document);
        expect_round_trip(document);
    }
}

TEST(TaskDocument, Format1IsReadStill) {
    const Result<TaskDocument> document = read_task_document(sample_in_format_1());
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(members_of(*document), members_of(test::sample_document()));
    // Limits were never required, and of tools that are not named nothing is known.
    std::string older = sample_in_format_1();
    const std::string limits = "limits:\n  grace_seconds: 10\n  max_output_bytes: 1073741824\n";
    older.erase(older.find(limits), limits.size());
    const Result<TaskDocument> without = read_task_document(older);
    ASSERT_TRUE(without) << without.error().message;
    EXPECT_EQ(members_of(*without), members_of(test::sample_document()));
    EXPECT_TRUE(without->tool_policy.base_tool_ids.empty());
    EXPECT_TRUE(without->tool_policy.effective_tool_ids.empty());
}

TEST(TaskDocument, WhatFormat2LeavesOutMayBeWritten) {
    const std::string yaml = sample_in_format_1() + "  base_tool_ids: []\n";
    const Result<TaskDocument> document =
        read_task_document("format: 2\n" + yaml.substr(yaml.find('\n') + 1));
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_EQ(members_of(*document), members_of(test::sample_document()));
}

/// `yaml` without a top-level key and all that belongs to it.
std::string without_key(const std::string& yaml, const std::string& key) {
    const std::size_t start = yaml.find('\n' + key + ':') + 1;
    EXPECT_NE(start, 0U) << key;
    std::size_t end = start;
    do {
        end = yaml.find('\n', end) + 1;
    } while (end < yaml.size() && yaml[end] == ' ');
    return yaml.substr(0, start) + yaml.substr(end);
}

TEST(TaskDocument, ARequiredKeyIsMissedByName) {
    const auto expect_missed = [](const std::string& yaml, const std::string& key) {
        const Result<TaskDocument> document = read_task_document(without_key(yaml, key));
        ASSERT_FALSE(document) << key;
        EXPECT_EQ(document.error().code, ErrorCode::store_corrupt) << key;
        EXPECT_THAT(document.error().message, HasSubstr("key '" + key + "' is missing"));
    };
    const std::string format_2 = write_task_document(document_of_defaults());
    for (const char* key :
         {"task_id", "created_at", "owner_session_id", "runtime", "work", "working_directory"}) {
        expect_missed(format_2, key);
        expect_missed(sample_in_format_1(), key);
    }
    for (const char* key : {"scope_session_id", "visible_to", "tool_policy"}) {
        expect_missed(sample_in_format_1(), key);
    }
    for (const std::string key : {"network: true", "narrowed: false"}) {
        std::string yaml = sample_in_format_1();
        yaml.erase(yaml.find("  " + key), key.size() + 3);
        EXPECT_THAT(read_task_document(yaml).error().message,
                    HasSubstr("key '" + key.substr(0, key.find(':')) + "' is missing"));
    }
}

TEST(TaskDocument, ComesBackWithEveryNastyText) {
    for (const std::string& text : test::nasty_texts()) {
        expect_round_trip(full_document([&] { return text; }));
        TaskDocument document = test::sample_document();
        document.work.kind = WorkKind::plan;
        document.work.text = text;
        expect_round_trip(document);
    }
}

TEST(TaskDocument, ComesBackWithRandomTexts) {
    test::Random random(20260102);
    for (int round = 0; round < 500; ++round) {
        expect_round_trip(full_document([&] { return random.text(); }));
    }
}

TEST(TaskDocument, ManyLinesAreABlockAndLongOnesSurvive) {
    TaskDocument document = test::sample_document();
    document.work.text = "steps:\n  - name: one\n    run: |\n      make\n\n  - name: two\n";
    EXPECT_THAT(write_task_document(document),
                HasSubstr("  text: |\n    steps:\n      - name: one\n"));
    expect_round_trip(document);
    document.work.text = std::string(1 << 20, 'x');
    expect_round_trip(document);
    std::string lines;
    for (int at = 0; at < 20'000; ++at) lines += "echo " + std::to_string(at) + "\n";
    document.work.text = lines;
    expect_round_trip(document);
}

/// The sample with one line replaced.
std::string with_line(const std::string& line, const std::string& replacement) {
    std::string yaml = sample_in_format_1();
    const std::size_t at = yaml.find(line);
    EXPECT_NE(at, std::string::npos) << line;
    return yaml.replace(at, line.size(), replacement);
}

TEST(TaskDocument, DamageIsToldWithItsPlace) {
    const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
        {"depth: 0", "depth: many", "line 9, column 8: 'depth' is no number"},
        {"depth: 0", "depht: 0", "line 9, column 1: unknown key 'depht', did you mean 'depth'?"},
        {"depth: 0", "hold: true", "key 'hold': stands here twice"},
        {"depth: 0", "depth: 99999999999", "'depth' is no number"},
        {"hold: false", "hold: perhaps", "'hold' is neither true nor false"},
        {"  kind: text", "  kind: song", "'kind' is 'song', one of: text, command, plan"},
        {"  kind: text", "  kind: command", "'arguments' is missing"},
        {"  text: make\n", "", "key 'text' is missing"},
        {"  name: local\n", "", "key 'name' is missing"},
        {"visible_to:\n  - default", "visible_to: default", "'visible_to' is no list"},
        {"  grace_seconds: 10", "  grace_seconds: -1", "'grace_seconds' is no length of time"},
        {"  grace_seconds: 10", "  grace_seconds: nan", "'grace_seconds' is no length of time"},
        {"created_at: \"2026", "created_at: \"x", "'created_at' is no time"},
        {"label: build", "label: [1]", "'label' is no text"},
        {"label: build", "label: !!binary \"_\"", "no valid base64"},
        {"label: build", "label: \"x", "line "},
        {"format: 1", "form: 1", "key 'format' is missing"},
        {"format: 1", "format: 0", "format 0 is not one that this loong reads (1 to 2)"},
        {"format: 1", "format: one", "'format' is no number"},
        {"  plugin: runtime-local", "  plugin: x\n  settings: 7", "'settings' is no mapping"},
        {"  plugin: runtime-local", "  plugin: x\n  settings: &a {a: *a}",
         "stands inside of what it refers to"},
        {"  plugin: runtime-local", "  plugin: x\n  settings: {a: 1, a: 2}",
         "'a': stands here twice"},
    };
    for (const auto& [line, replacement, why] : cases) {
        const Result<TaskDocument> document = read_task_document(with_line(line, replacement));
        ASSERT_FALSE(document) << replacement;
        EXPECT_EQ(document.error().code, ErrorCode::store_corrupt) << replacement;
        EXPECT_THAT(document.error().message, StartsWith("task document line ")) << replacement;
        EXPECT_THAT(document.error().message, HasSubstr(why));
    }
    for (const char* text : {"", "   ", "42", "[]", "a: 1\n---\nb: 2\n"}) {
        EXPECT_EQ(read_task_document(text).error().code, ErrorCode::store_corrupt) << text;
    }
}

TEST(TaskDocument, ANewerFormatIsRefusedAsSuch) {
    const Result<TaskDocument> document = read_task_document("format: 3\nnobody: knows\n");
    ASSERT_FALSE(document);
    EXPECT_EQ(document.error().code, ErrorCode::store_version);
    EXPECT_THAT(document.error().message, HasSubstr("format 3"));
}

TEST(TaskDocument, AliasesCannotMakeItEndless) {
    std::string bomb = "  plugin: x\n  settings:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int at = 1; at < 12; ++at) {
        const std::string before = "*a" + std::to_string(at - 1);
        bomb += "    a" + std::to_string(at) + ": &a" + std::to_string(at) + " [" + before;
        for (int more = 0; more < 9; ++more) bomb += ", " + before;
        bomb += "]\n";
    }
    const Result<TaskDocument> document =
        read_task_document(with_line("  plugin: runtime-local\n", bomb));
    ASSERT_FALSE(document);
    EXPECT_THAT(document.error().message, HasSubstr("there is too much in it"));
    EXPECT_FALSE(read_task_document(std::string(100'000, '[')));
    EXPECT_FALSE(read_task_document(std::string(100'000, '{')));
}

TEST(TaskDocument, DamageAtAnyPlaceIsAnErrorOrAnotherDocument) {
    const std::string yaml = write_task_document(full_document([] { return "a b\nc: d\n"; }));
    test::Random random(5);
    int refused = 0;
    for (std::size_t at = 0; at < yaml.size(); ++at) {
        if (!read_task_document(yaml.substr(0, at))) ++refused;
        for (int round = 0; round < 2; ++round) {
            static const std::string bytes("\0\n\":\xff", 5);
            std::string damaged = yaml;
            damaged[at] = round == 0 ? bytes[random.number(bytes.size())]
                                     : static_cast<char>(random.number(256));
            const Result<TaskDocument> document = read_task_document(damaged);
            if (document) continue;
            ++refused;
            EXPECT_TRUE(document.error().code == ErrorCode::store_corrupt ||
                        document.error().code == ErrorCode::store_version);
        }
    }
    std::cout << yaml.size() * 3 << " damaged documents read, " << refused << " refused\n";
    EXPECT_GT(refused, 0);
}

TEST(Secrets, ComeBack) {
    test::Random random(1);
    for (const std::string& text : test::nasty_texts()) {
        const std::vector<EnvironmentVariable> variables = {{"TOKEN", text}, {"OTHER", "x"}};
        const auto back = read_secrets(write_secrets(variables));
        ASSERT_TRUE(back) << back.error().message;
        ASSERT_EQ(back->size(), 2U);
        EXPECT_EQ((*back)[0].name, "TOKEN");
        EXPECT_EQ((*back)[0].value, text);
    }
    EXPECT_EQ(write_secrets({}), "");
    EXPECT_TRUE(read_secrets("")->empty());
}

TEST(Secrets, DoNotShowInErrors) {
    for (const char* text : {"TOKEN: [hunter2]", "TOKEN: hunter2\nTOKEN: hunter2", "hunter2",
                             "TOKEN: \"hunter2", "TOKEN: !!binary hunter2"}) {
        const auto secrets = read_secrets(text);
        ASSERT_FALSE(secrets) << text;
        EXPECT_THAT(secrets.error().message, ::testing::Not(HasSubstr("hunter2")));
        EXPECT_THAT(secrets.error().hint, ::testing::Not(HasSubstr("hunter2")));
    }
}

// What is written by hand means to the parser what was meant.
TEST(YamlText, ScalarsMeanThemselves) {
    test::Random random(9);
    for (int round = 0; round < 3'000; ++round) {
        const std::string text = random.text();
        std::string out = "key: ";
        append_yaml_scalar(out, text);
        out += "\nflow: {a: ";
        append_yaml_scalar(out, text);
        out += ", b: [";
        append_yaml_scalar(out, text);
        out += "]}\n";
        const auto parsed = parse_yaml(out, {.allow_binary = true});
        const auto* documents = std::get_if<std::vector<YamlNode>>(&parsed);
        ASSERT_TRUE(documents != nullptr && documents->size() == 1)
            << out << std::get<YamlProblem>(parsed).why;
        const YamlNode& node = documents->front();
        const YamlNode& flow = *node.find("flow");
        for (const YamlNode* one : {node.find("key"), flow.find("a"), &flow.find("b")->items[0]}) {
            ASSERT_EQ(one->scalar, Value(text)) << out;
        }
    }
}

} // namespace
} // namespace loong
