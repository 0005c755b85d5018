#include "config.hpp"
#include "support/temporary_directory.hpp"
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {
namespace {

using test::TemporaryDirectory;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// The variables that decide where things are, set for one test and put back after it.
class ConfigTest : public testing::Test {
protected:
    ConfigTest() {
        for (const char* name :
             {"HOME", "LOONG_CONFIG", "LOONG_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}) {
            const char* value = std::getenv(name);
            before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
            ::unsetenv(name);
        }
        set("HOME", directory.path());
    }
    ~ConfigTest() override {
        for (const auto& [name, value] : before_) {
            if (value) {
                set(name.c_str(), *value);
            } else {
                ::unsetenv(name.c_str());
            }
        }
    }

    static void set(const char* name, const std::string& value) {
        ::setenv(name, value.c_str(), 1);
    }
    std::string write(const std::string& name, const std::string& text) {
        const std::string file = directory / name;
        std::filesystem::create_directories(std::filesystem::path(file).parent_path());
        std::ofstream(file, std::ios::binary) << text;
        return file;
    }

    TemporaryDirectory directory;

private:
    std::map<std::string, std::optional<std::string>> before_;
};

Config parsed(std::string_view yaml) {
    Result<Config> config = parse_config(yaml, "c.yaml");
    if (config) return *std::move(config);
    ADD_FAILURE() << config.error().message;
    return {};
}

Error refused(std::string_view yaml) {
    Result<Config> config = parse_config(yaml, "c.yaml");
    if (!config) return std::move(config).error();
    ADD_FAILURE() << "accepted: " << shorten(yaml, 1000);
    return {};
}

Error load_refused(const std::string& file) {
    Result<Config> config = load_config(file);
    if (!config) return std::move(config).error();
    ADD_FAILURE() << "accepted: " << file;
    return {};
}

void expect_same(const Config& left, const Config& right) {
    EXPECT_EQ(left.store_plugin, right.store_plugin);
    EXPECT_EQ(left.store_settings.values, right.store_settings.values);
    EXPECT_EQ(left.default_runtime, right.default_runtime);
    EXPECT_EQ(left.runtimes.size(), right.runtimes.size());
    for (const auto& [name, entry] : left.runtimes) {
        ASSERT_TRUE(right.runtimes.contains(name)) << name;
        const RuntimeEntry& other = right.runtimes.at(name);
        EXPECT_EQ(entry.name, other.name);
        EXPECT_EQ(entry.plugin, other.plugin);
        EXPECT_EQ(entry.max_parallel, other.max_parallel);
        EXPECT_EQ(entry.settings.values, other.settings.values);
    }
    EXPECT_EQ(left.plugin_path, right.plugin_path);
    EXPECT_EQ(left.max_parallel, right.max_parallel);
    EXPECT_EQ(left.max_waiting, right.max_waiting);
    EXPECT_EQ(left.environment_pass, right.environment_pass);
    EXPECT_EQ(left.max_depth, right.max_depth);
    EXPECT_EQ(left.max_active_children, right.max_active_children);
    ASSERT_EQ(left.tool_policy.size(), right.tool_policy.size());
    for (std::size_t i = 0; i < left.tool_policy.size(); ++i) {
        EXPECT_EQ(left.tool_policy[i].tool, right.tool_policy[i].tool);
        EXPECT_EQ(left.tool_policy[i].decision, right.tool_policy[i].decision);
        EXPECT_EQ(left.tool_policy[i].prefix, right.tool_policy[i].prefix);
    }
    EXPECT_EQ(left.notify_command, right.notify_command);
    EXPECT_EQ(left.notify_on, right.notify_on);
    EXPECT_EQ(left.state_directory, right.state_directory);
}

constexpr const char* whole = R"(# everything
store: {plugin: store-sqlite, file: /var/tasks.db, cache: 5, deep: {list: [1, two, 3.5, true, ~]}}
runtime: acp
runtimes:
  local: {max_parallel: 2, shell: /bin/sh}
  acp: {plugin: /opt/runtime-acp.so, max_parallel: 1024, argv: ["a b", 'yes', "12", "", "line\n"]}
plugin_path: [/opt/loong/plugins, "/with space"]
workers: {max_parallel: 8, max_waiting: 5}
environment: {pass: [GH_TOKEN, _X1]}
delegation: {max_depth: 1, max_active_children: 1000000}
tool_policy:
  shell.exec: {default: allow, rules: [{prefix: [git push, "npm: publish"], decision: ask}]}
  fs.write: {default: deny, rules: [{prefix: /srv, decision: allow}]}
  net.connect: deny
  browser.open: ask
notify: {command: [notify-send, -t, 5000], on: [terminal]}
)";

TEST_F(ConfigTest, NothingIsAllDefaults) {
    for (const char* yaml : {"", "\n", "# a comment\n", "---\n", "~", "{}", "store:\nruntimes:\n",
                             "store: {}\nworkers: ~\ntool_policy:\n", "\xef\xbb\xbf"}) {
        const Config config = parsed(yaml);
        EXPECT_EQ(config.store_plugin, "store-files") << yaml;
        EXPECT_EQ(config.default_runtime, "local");
        ASSERT_EQ(config.runtimes.size(), 1U);
        EXPECT_EQ(config.runtimes.at("local").plugin, "runtime-local");
        EXPECT_EQ(config.runtimes.at("local").max_parallel, 0);
        EXPECT_EQ(config.max_parallel, 4);
        EXPECT_EQ(config.max_waiting, 100);
        EXPECT_EQ(config.max_depth, 3);
        EXPECT_EQ(config.max_active_children, 100);
        EXPECT_TRUE(config.tool_policy.empty());
        EXPECT_TRUE(config.notify_command.empty());
    }
}

TEST_F(ConfigTest, EveryKeyIsRead) {
    const Config config = parsed(whole);
    EXPECT_EQ(config.store_plugin, "store-sqlite");
    EXPECT_EQ(config.store_settings.file, "c.yaml");
    EXPECT_EQ(config.store_settings.values.string_or("file", ""), "/var/tasks.db");
    EXPECT_EQ(config.store_settings.values.integer_or("cache", 0), 5);
    EXPECT_EQ(config.store_settings.values.find("plugin"), nullptr);
    EXPECT_EQ(config.default_runtime, "acp");
    ASSERT_EQ(config.runtimes.size(), 2U);
    EXPECT_EQ(config.runtimes.at("local").plugin, "runtime-local");
    EXPECT_EQ(config.runtimes.at("local").max_parallel, 2);
    EXPECT_EQ(config.runtimes.at("local").settings.values.string_or("shell", ""), "/bin/sh");
    const RuntimeEntry& acp = config.runtimes.at("acp");
    EXPECT_EQ(acp.name, "acp");
    EXPECT_EQ(acp.plugin, "/opt/runtime-acp.so");
    EXPECT_EQ(acp.max_parallel, 1024);
    EXPECT_EQ(acp.settings.values.find("max_parallel"), nullptr);
    EXPECT_EQ(*acp.settings.values.find("argv"),
              Value(Value::Array{"a b", "yes", "12", "", "line\n"}));
    EXPECT_THAT(config.plugin_path, ElementsAre("/opt/loong/plugins", "/with space"));
    EXPECT_EQ(config.max_parallel, 8);
    EXPECT_EQ(config.max_waiting, 5);
    EXPECT_THAT(config.environment_pass, ElementsAre("GH_TOKEN", "_X1"));
    EXPECT_EQ(config.max_depth, 1);
    EXPECT_EQ(config.max_active_children, 1'000'000);
    EXPECT_THAT(config.notify_command, ElementsAre("notify-send", "-t", "5000"));
    EXPECT_THAT(config.notify_on, ElementsAre("terminal"));
}

TEST_F(ConfigTest, ToolRulesFollowTheirDefault) {
    const std::vector<ToolRule> rules = parsed(whole).tool_policy;
    std::string told;
    for (const ToolRule& rule : rules) {
        told += rule.tool + ' ' + std::to_string(static_cast<int>(rule.decision)) + ' ' +
                rule.prefix + '\n';
    }
    EXPECT_EQ(told, "shell.exec 0 \nshell.exec 1 git push\nshell.exec 1 npm: publish\n"
                    "fs.write 2 \nfs.write 0 /srv\nnet.connect 2 \nbrowser.open 1 \n");
}

TEST_F(ConfigTest, ACommandIsNotifiedOfBothUnlessItSays) {
    EXPECT_THAT(parsed("notify: {command: [x]}").notify_on, ElementsAre("attention", "terminal"));
    EXPECT_THAT(parsed("notify: {command: [x], on: []}").notify_on, ElementsAre());
}

TEST_F(ConfigTest, SettingsKnowTheirPlace) {
    const Config config =
        parsed("runtimes:\n  acp:\n    plugin: runtime-acp\n    agent: [a,\n b]\n");
    const RuntimeEntry& acp = config.runtimes.at("acp");
    const Value& agent = *acp.settings.values.find("agent");
    EXPECT_EQ(agent.place().line, 4U);
    EXPECT_EQ(agent.place().column, 12U);
    EXPECT_EQ((*agent.as_array())[1].place().line, 5U);
    EXPECT_EQ(acp.plugin_place.line, 3U);
    EXPECT_EQ(in_config(config, acp.plugin_place, "runtimes.acp.plugin",
                        {ErrorCode::plugin_not_found, "plugin runtime-acp: not found", "look"})
                  .message,
              "config c.yaml:3:13: key 'runtimes.acp.plugin': plugin runtime-acp: not found");
    EXPECT_EQ(in_config(config, {}, "k", {ErrorCode::conflict, "m", ""}).message, "m");
}

TEST_F(ConfigTest, ScalarsFollowTheCoreSchema) {
    const Config config = parsed(R"(store:
  a: 0x1F
  b: 0o17
  c: -12
  d: 1e3
  e: .5
  f: off
  g: 2026-01-02
  h: 1.2.3
  i: !!str 12
  j: -.inf
  k: +7
  l: 9223372036854775807
  m: '~'
  n: 1_000
  o: Null
)");
    const std::vector<std::pair<std::string, Value>> expected = {
        {"a", 31},
        {"b", 15},
        {"c", -12},
        {"d", 1000.0},
        {"e", 0.5},
        {"f", "off"},
        {"g", "2026-01-02"},
        {"h", "1.2.3"},
        {"i", "12"},
        {"j", -std::numeric_limits<double>::infinity()},
        {"k", 7},
        {"l", std::numeric_limits<std::int64_t>::max()},
        {"m", "~"},
        {"n", "1_000"},
        {"o", nullptr}};
    for (const auto& [key, value] : expected) {
        ASSERT_NE(config.store_settings.values.find(key), nullptr) << key;
        EXPECT_EQ(*config.store_settings.values.find(key), value) << key;
    }
}

TEST_F(ConfigTest, WhatIsWrongIsSaidWithItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"store: {}\nwrokers: {}\n",
         "config c.yaml:2:1: key 'wrokers': unknown key; did you mean 'workers'?"},
        {"colour: red\n",
         "config c.yaml:1:1: key 'colour': unknown key; one of: store, runtime, runtimes, "
         "plugin_path, workers, delegation, environment, tool_policy, notify"},
        {"workers:\n  max_paralel: 3\n",
         "config c.yaml:2:3: key 'workers.max_paralel': unknown key; did you mean 'max_parallel'?"},
        {"workers:\n  max_parallel: four\n",
         "config c.yaml:2:17: key 'workers.max_parallel': expected a whole number from 1 to 1024, "
         "found the text 'four'"},
        {"workers: {max_parallel: 0}", "config c.yaml:1:25: key 'workers.max_parallel': expected a "
                                       "whole number from 1 to 1024, found the number 0"},
        {"workers: {max_parallel: 1025}",
         "config c.yaml:1:25: key 'workers.max_parallel': expected a whole number from 1 to 1024, "
         "found the number 1025"},
        {"workers: {max_parallel: 2.5}", "config c.yaml:1:25: key 'workers.max_parallel': expected "
                                         "a whole number from 1 to 1024, found the number 2.5"},
        {"workers: {max_parallel: '4'}", "config c.yaml:1:25: key 'workers.max_parallel': expected "
                                         "a whole number from 1 to 1024, found the text '4'"},
        {"workers: {max_waiting: -1}", "config c.yaml:1:24: key 'workers.max_waiting': expected a "
                                       "whole number from 1 to 1024, found the number -1"},
        {"workers: 4",
         "config c.yaml:1:10: key 'workers': expected keys with values, found the number 4"},
        {"delegation: {max_depth: yes}", "config c.yaml:1:25: key 'delegation.max_depth': expected "
                                         "a whole number from 1 to 1024, found the text 'yes'"},
        {"- store", "config c.yaml:1:1: expected keys with values, found a list"},
        {"just text", "config c.yaml:1:1: expected keys with values, found the text 'just text'"},
        {"store: store-sqlite", "config c.yaml:1:8: key 'store': expected keys with values, found "
                                "the text 'store-sqlite'"},
        {"store: {plugin: [a]}",
         "config c.yaml:1:17: key 'store.plugin': expected a text, found a list"},
        {"store: {plugin: true}",
         "config c.yaml:1:17: key 'store.plugin': expected a text, found true"},
        {"store: {plugin: ''}",
         "config c.yaml:1:17: key 'store.plugin': expected a plugin's name or an absolute path"},
        {"store: {plugin: ./x.so}",
         "config c.yaml:1:17: key 'store.plugin': expected a plugin's name or an absolute path"},
        {"runtime: lokal", "config c.yaml:1:10: key 'runtime': no runtime 'lokal' in runtimes; did "
                           "you mean 'local'?"},
        // Near to one, since the others may be any: those that come with a plugin are there with it.
        {"runtimes: {cluster: {plugin: x}}\nruntime: clustr",
         "config c.yaml:2:10: key 'runtime': no runtime 'clustr' in runtimes; did you mean "
         "'cluster'?"},
        {"runtimes:\n  acp: {max_parallel: 2}",
         "config c.yaml:2:8: key 'runtimes.acp.plugin': is missing; it names the plugin that runs "
         "the sessions"},
        {"runtimes:\n  acp: 5",
         "config c.yaml:2:8: key 'runtimes.acp': expected keys with values, found the number 5"},
        {"runtimes: {local: {max_parallel: 4096}}",
         "config c.yaml:1:34: key 'runtimes.local.max_parallel': expected a whole number from 1 to "
         "1024, found the number 4096"},
        {"runtimes: {Big: {plugin: x}}",
         "config c.yaml:1:12: key 'runtimes.Big': a runtime's name is 1 to 64 of a-z 0-9 . _ -, "
         "and does not start with . or -"},
        {"plugin_path: /opt",
         "config c.yaml:1:14: key 'plugin_path': expected a list, found the text '/opt'"},
        {"plugin_path: [plugins]",
         "config c.yaml:1:14: key 'plugin_path': 'plugins' is no absolute directory"},
        {"plugin_path: [{}]",
         "config c.yaml:1:15: key 'plugin_path': expected a text, found keys with values"},
        {"environment: {pass: [A-B]}",
         "config c.yaml:1:21: key 'environment.pass': 'A-B' is no name of an environment variable"},
        {"environment: {pass: [1A]}",
         "config c.yaml:1:21: key 'environment.pass': '1A' is no name of an environment variable"},
        {"environment: {pass: [~]}",
         "config c.yaml:1:22: key 'environment.pass': expected a text, found nothing"},
        {"tool_policy: {shell.exec: alow}",
         "config c.yaml:1:27: key 'tool_policy.shell.exec': expected allow, ask or deny, found the "
         "text 'alow'; did you mean 'allow'?"},
        {"tool_policy: {shell.exec: 1}", "config c.yaml:1:27: key 'tool_policy.shell.exec': "
                                         "expected allow, ask or deny, found the number 1"},
        {"tool_policy: {shel.exec: allow}", "config c.yaml:1:15: key 'tool_policy.shel.exec': "
                                            "unknown tool; did you mean 'shell.exec'?"},
        {"tool_policy: {shell: allow}",
         "config c.yaml:1:15: key 'tool_policy.shell': unknown tool; did you mean 'shell.exec'?"},
        {"tool_policy: {fs.read: {rules: [{prefix: rel, decision: deny}]}}",
         "config c.yaml:1:42: key 'tool_policy.fs.read.rules.prefix': expected an absolute "
         "directory"},
        {"tool_policy: {fs.read: {rules: [{prefix: /x}]}}",
         "config c.yaml:1:33: key 'tool_policy.fs.read.rules.decision': is missing; expected "
         "allow, ask or deny"},
        {"tool_policy: {fs.read: {rule: []}}",
         "config c.yaml:1:25: key 'tool_policy.fs.read.rule': unknown key; did you mean 'rules'?"},
        {"tool_policy: {net.connect: {rules: []}}",
         "config c.yaml:1:36: key 'tool_policy.net.connect.rules': there are no rules for parts of "
         "this tool"},
        {"notify: {command: [x], on: [atention]}",
         "config c.yaml:1:28: key 'notify.on': unknown word 'atention'; did you mean 'attention'?"},
        {"notify: {command: ['']}",
         "config c.yaml:1:19: key 'notify.command': expected a program, found the text ''"},
        {"store: {}\nstore: {}", "config c.yaml:2:1: key 'store': stands here twice"},
        {"store: {a: 1, 'a': 2}", "config c.yaml:1:15: key 'a': stands here twice"},
        {"[a]: 1", "config c.yaml:1:1: a key has to be a text"},
        {"store: {a: !secret x}", "config c.yaml:1:12: the tag '!secret' has no meaning here"},
        {"store: {a: 9223372036854775808}", "config c.yaml:1:12: the number is too large"},
        {"store: *nobody", "config c.yaml:1:8: nothing is named '&nobody' before"},
        {"store: &s {a: *s}", "config c.yaml:1:15: the alias stands inside of what it refers to"},
        {"a: 1\n---\nb: 2", "config c.yaml:3:1: a second document begins here"},
        {"store: {a: 1", "config c.yaml:2:1: did not find expected ',' or '}', while parsing a "
                         "flow mapping that begins in line 1, column 8"},
        {"store:\n\t- a", "config c.yaml:2:1: a tab may not indent a line; use spaces"},
        {std::string("store: {}\n# nul \0\n", 18),
         "config c.yaml:2:7: the control character \\x00 may not stand in YAML"},
        {"a: \x04 b", "config c.yaml:1:4: the control character \\x04 may not stand in YAML"},
        {"store: {}\n# gr\xfc\xdf\n", "config c.yaml:2:5: the text is not UTF-8"},
        {"# größe \xff", "config c.yaml:1:9: the text is not UTF-8"},
    };
    for (const auto& [yaml, message] : cases) {
        const Error error = refused(yaml);
        EXPECT_EQ(error.message, message) << yaml;
        EXPECT_EQ(error.code, ErrorCode::invalid_config) << yaml;
    }
}

TEST_F(ConfigTest, TheFirstProblemOfTheFileIsReported) {
    EXPECT_THAT(refused("notify: {on: [x]}\nzzz: 1\nworkers: {max_parallel: 0}\n").message,
                StartsWith("config c.yaml:1:14: key 'notify.on'"));
    EXPECT_THAT(refused("zzz: 1\nworkers: {max_parallel: 0}\n").message,
                StartsWith("config c.yaml:1:1: key 'zzz'"));
}

TEST_F(ConfigTest, AliasesAreCopiesWithinLimits) {
    const Config config = parsed("store: {a: &x [1, 2], b: *x}\n");
    EXPECT_EQ(*config.store_settings.values.find("a"), *config.store_settings.values.find("b"));

    std::string bomb = "store:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        bomb += "  a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) bomb += (j == 0 ? "" : ", ") + before;
        bomb += "]\n";
    }
    EXPECT_THAT(refused(bomb).message, HasSubstr("there is too much in it"));

    std::string long_text = "store:\n  t: &t '" + std::string(500'000, 'x') + "'\n  l: [";
    for (int i = 0; i < 1'000; ++i) long_text += "*t, ";
    EXPECT_THAT(refused(long_text + "]\n").message, HasSubstr("there is too much in it"));
}

TEST_F(ConfigTest, DeepNestingIsRefused) {
    EXPECT_THAT(refused("store: {a: " + std::string(100'000, '[')).message,
                EndsWith("it is nested too deeply"));
    std::string items = "store:\n  a:\n    ";
    for (int i = 0; i < 20'000; ++i) items += "- ";
    EXPECT_THAT(refused(items).message, EndsWith("it is nested too deeply"));
}

TEST_F(ConfigTest, TheTemplateHasTheDefaults) {
    const std::string text = config_template();
    expect_same(parsed(text), parsed(""));
    // Uncommented, each key is there.
    for (const char* key : {"store:", "runtime:", "runtimes:", "plugin_path:", "workers:",
                            "environment:", "delegation:", "tool_policy:", "notify:"}) {
        EXPECT_THAT(text, HasSubstr('\n' + std::string(key))) << key;
    }
}

TEST_F(ConfigTest, TheExamplesInTheTemplateWork) {
    std::string text;
    std::istringstream lines(config_template());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#   notify")) text += line.substr(4) + '\n';
        if (line.starts_with("#   shell")) text += "tool_policy:\n  " + line.substr(4) + '\n';
    }
    const Config config = parsed(text);
    EXPECT_EQ(config.tool_policy.size(), 2U);
    EXPECT_EQ(config.notify_command.size(), 2U);
}

TEST_F(ConfigTest, WhatIsShownIsReadBack) {
    for (const std::string& yaml :
         {std::string(), std::string(whole),
          std::string("store: {plugin: x, 'odd key: #': {a: [], b: {}, c: [[1], {d: 'true'}]}, e: "
                      "\"\\e\\n\\\"'\", "
                      "f: '123', g: ' lead', h: \"multi\\nline\\n\"}\nnotify: {command: ['*x', "
                      "'&y', '%z', '- a']}")}) {
        const Config config = parsed(yaml);
        expect_same(parsed(show_config(config)), config);
    }
}

TEST_F(ConfigTest, ShownNamesCannotEndTheComment) {
    Config config = parsed("");
    config.file = "/x\nstore: {plugin: evil}";
    expect_same(parsed(show_config(config)), parsed(""));
}

TEST_F(ConfigTest, TheFileIsFoundInThePlacesThatAreDocumented) {
    EXPECT_EQ(find_config("/etc/loong.yaml").file, "/etc/loong.yaml");
    EXPECT_TRUE(find_config("/etc/loong.yaml").must_exist);
    EXPECT_EQ(find_config("").file, directory / ".config/loong/config.yaml");
    EXPECT_FALSE(find_config("").must_exist);
    set("XDG_CONFIG_HOME", "relative");
    EXPECT_EQ(find_config("").file, directory / ".config/loong/config.yaml");
    set("XDG_CONFIG_HOME", directory / "xdg");
    EXPECT_EQ(find_config("").file, directory / "xdg/loong/config.yaml");
    set("LOONG_CONFIG", "");
    EXPECT_EQ(find_config("").file, directory / "xdg/loong/config.yaml");
    set("LOONG_CONFIG", "/etc/other.yaml");
    EXPECT_EQ(find_config("").file, "/etc/other.yaml");
    EXPECT_TRUE(find_config("").must_exist);
    const std::string here = std::filesystem::current_path();
    set("LOONG_CONFIG", "./a/../b.yaml");
    EXPECT_EQ(find_config("").file, here + "/b.yaml");
    EXPECT_EQ(find_config("c.yaml").file, here + "/c.yaml");
}

TEST_F(ConfigTest, TheStateIsFoundInThePlacesThatAreDocumented) {
    EXPECT_EQ(*find_state_directory(), directory / ".local/state/loong");
    set("XDG_STATE_HOME", "relative");
    EXPECT_EQ(*find_state_directory(), directory / ".local/state/loong");
    set("XDG_STATE_HOME", "/var/state/");
    EXPECT_EQ(*find_state_directory(), "/var/state/loong");
    set("LOONG_HOME", "here/");
    EXPECT_EQ(*find_state_directory(), std::filesystem::current_path().string() + "/here");
    set("LOONG_HOME", "/srv/loong/");
    EXPECT_EQ(*find_state_directory(), "/srv/loong");
    EXPECT_EQ(parsed("").state_directory, "/srv/loong");
}

TEST_F(ConfigTest, WithoutHomeTheUserDatabaseTells) {
    const struct passwd* user = ::getpwuid(::geteuid());
    if (user == nullptr) GTEST_SKIP() << "this user is in no database";
    const std::string home = user->pw_dir;
    for (const char* value : {"", "relative"}) {
        set("HOME", value);
        EXPECT_EQ(*find_state_directory(),
                  std::filesystem::path(home + "/.local/state/loong").lexically_normal());
    }
    ::unsetenv("HOME");
    EXPECT_EQ(find_config("").file,
              std::filesystem::path(home + "/.config/loong/config.yaml").lexically_normal());
}

TEST_F(ConfigTest, AFileIsLoaded) {
    const std::string file = write("c.yaml", "workers: {max_parallel: 7}\n");
    const Result<Config> config = load_config(file);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->file, file);
    EXPECT_EQ(config->max_parallel, 7);
    std::filesystem::create_symlink(file, directory / "link.yaml");
    EXPECT_EQ(load_config(directory / "link.yaml")->max_parallel, 7);
    EXPECT_THAT(load_refused(write("bad.yaml", "x: 1\n")).message,
                StartsWith("config " + (directory / "bad.yaml") + ":1:1: key 'x'"));
}

TEST_F(ConfigTest, NoFileIsNeededUnlessOneIsNamed) {
    const Result<Config> config = load_config("");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->file, "");
    const Error error = load_refused(directory / "none.yaml");
    EXPECT_EQ(error.code, ErrorCode::invalid_config);
    EXPECT_EQ(error.message, "config " + (directory / "none.yaml") + ": there is no such file");
    EXPECT_NE(error.hint, "");
    set("LOONG_CONFIG", directory / "none.yaml");
    EXPECT_THAT(load_refused("").message, EndsWith("there is no such file"));
}

TEST_F(ConfigTest, TheUsualPlaceIsRead) {
    const std::string file = write(".config/loong/config.yaml", "runtime: local\n");
    EXPECT_EQ(load_config("")->file, file);
}

TEST_F(ConfigTest, WhatIsNoPlainFileIsRefused) {
    EXPECT_THAT(load_refused(directory.path()).message, EndsWith("is a directory"));
    ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
    EXPECT_THAT(load_refused(directory / "fifo").message, EndsWith("is no regular file"));
    write("large.yaml", std::string((1U << 20) + 1, '#'));
    EXPECT_THAT(load_refused(directory / "large.yaml").message, EndsWith("is larger than 1 MiB"));
    write("limit.yaml", std::string(1U << 20, '#'));
    EXPECT_TRUE(load_config(directory / "limit.yaml"));
}

TEST_F(ConfigTest, AFileThatOthersMayWriteIsRefused) {
    const std::string file = write("c.yaml", "workers: {max_parallel: 7}\n");
    ASSERT_EQ(::chmod(file.c_str(), 0646), 0);
    const Error error = load_refused(file);
    EXPECT_EQ(error.code, ErrorCode::invalid_config);
    EXPECT_EQ(error.message,
              "config " + file + ": may be written by others (mode 0646), so it is not read");
    EXPECT_THAT(error.hint, HasSubstr("chmod go-w"));
    ASSERT_EQ(::chmod(file.c_str(), 0444), 0);
    EXPECT_TRUE(load_config(file));
}

TEST_F(ConfigTest, AFileThatCannotBeReadSaysWhy) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const std::string file = write("c.yaml", "");
    ASSERT_EQ(::chmod(file.c_str(), 0), 0);
    EXPECT_EQ(load_refused(file).message,
              "config " + file + ": cannot be opened: Permission denied");
}

TEST_F(ConfigTest, AFileOfAnotherUserIsRefused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const std::string file = write("c.yaml", "");
    ASSERT_EQ(::chown(file.c_str(), 54'321, static_cast<gid_t>(-1)), 0);
    EXPECT_EQ(load_refused(file).message,
              "config " + file + ": is owned by another user (uid 54321), so it is not read");
}

TEST_F(ConfigTest, NoPrefixOfAConfigurationIsTooMuch) {
    const std::string text = whole;
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const Result<Config> config = parse_config(std::string_view(text).substr(0, length), "c");
        if (!config) {
            EXPECT_THAT(config.error().message, StartsWith("config c:")) << length;
        }
    }
}

} // namespace
} // namespace loong
