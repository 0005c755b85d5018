#include "command.hpp"
#include "duration.hpp"
#include "exit_record.hpp"
#include "fixture.hpp"
#include "handle.hpp"
#include "settings.hpp"
#include "system.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

namespace loong::local {
namespace {

using ::testing::HasSubstr;

TEST(DurationTest, is_read) {
    EXPECT_EQ(parse_duration("30s"), Seconds(30));
    EXPECT_EQ(parse_duration("90"), Seconds(90));
    EXPECT_EQ(parse_duration("10m"), Seconds(600));
    EXPECT_EQ(parse_duration("1h30m"), Seconds(5400));
    EXPECT_EQ(parse_duration("2d1s"), Seconds(172801));
    for (const char* bad : {"", "0", "0s", "h", "1x", "1m1h", "1m1m", "-3", "1.5h", "3 s", "1h30",
                            "99999999999999999999", "99999999999d"}) {
        EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
    }
}

TEST(DurationTest, is_written) {
    EXPECT_EQ(format_duration(Seconds(5400)), "1h30m");
    EXPECT_EQ(format_duration(Seconds(0)), "0s");
}

TEST(HandleTest, is_read_as_it_was_written) {
    const Handle handle{"boot", "3/2", {123, 456}, 3, 2, 789};
    const auto read = parse_handle(format_handle(handle));
    ASSERT_TRUE(read);
    EXPECT_EQ(format_handle(*read), format_handle(handle));
}

TEST(HandleTest, truncated_at_any_length_is_none) {
    const std::string text = format_handle({"boot", "3/2", {123, 456}, 3, 2, 789});
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_EQ(parse_handle(text.substr(0, length)), std::nullopt) << length;
    }
}

TEST(ExitRecordTest, truncated_at_any_length_is_none) {
    const std::string text = R"({"format":1,"command":"0/1","exit_code":3,"asked":true})";
    ASSERT_TRUE(parse_exit_record(text));
    EXPECT_EQ(parse_exit_record(text)->exit_code, 3);
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(parse_exit_record(text.substr(0, length))) << length;
    }
}

TEST(ExitRecordTest, record_that_says_no_end_is_none) {
    EXPECT_FALSE(parse_exit_record(R"({"format":1,"command":"0/1"})"));
    EXPECT_FALSE(parse_exit_record(R"({"format":2,"command":"0/1","exit_code":3})"));
}

TEST(SettingsTest, are_checked) {
    Settings settings;
    settings.file = "config.yaml";
    settings.values.set("max_parallel", 4);
    settings.values.set("shell", "/bin/sh");
    ASSERT_TRUE(read_settings(settings));
    EXPECT_EQ(read_settings(settings)->shell, "/bin/sh");

    Value wrong("bash");
    wrong.set_place({7, 3});
    settings.values.set("shell", wrong);
    const auto relative = read_settings(settings);
    ASSERT_FALSE(relative);
    EXPECT_EQ(relative.error().code, ErrorCode::invalid_config);
    EXPECT_EQ(relative.error().message,
              "config.yaml:7: setting shell of runtime-local: must be an absolute path");

    Settings unknown;
    unknown.values.set("shel", "/bin/sh");
    const auto refused = read_settings(unknown);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "setting shel of runtime-local: is not known");
    EXPECT_EQ(refused.error().hint, "did you mean shell?");
}

class CheckTest : public LocalRuntimeTest {
protected:
    Error refused() {
        const auto result = runtime.check(spec());
        EXPECT_FALSE(result);
        return result ? Error() : result.error();
    }
};

TEST_F(CheckTest, what_can_run_passes) {
    text("echo $HOME | cat");
    EXPECT_TRUE(runtime.check(spec()));
    command({"ls", "-l"});
    EXPECT_TRUE(runtime.check(spec()));
    plan("steps: [{run: a}]");
    EXPECT_TRUE(runtime.check(spec()));
}

TEST_F(CheckTest, empty_text) {
    for (const char* empty : {"", " ", "\n\t"}) {
        text(empty);
        EXPECT_EQ(refused().code, ErrorCode::invalid_argument);
        EXPECT_EQ(refused().message, "text: is empty");
    }
}

TEST_F(CheckTest, nul_bytes) {
    text(std::string("a\0b", 3));
    EXPECT_EQ(refused().message, "text: contains a NUL byte");
    command({"echo", std::string("a\0b", 3)});
    EXPECT_EQ(refused().message, "command echo: contains a NUL byte");
}

TEST_F(CheckTest, no_command) {
    command({});
    EXPECT_EQ(refused().code, ErrorCode::invalid_argument);
    command({""});
    EXPECT_EQ(refused().code, ErrorCode::invalid_argument);
}

TEST_F(CheckTest, unknown_program) {
    command({"no-such-program"});
    EXPECT_EQ(refused().code, ErrorCode::invalid_argument);
    EXPECT_EQ(refused().message, "command no-such-program: not found on PATH");
    EXPECT_THAT(refused().hint, HasSubstr("shell text"));
    command({"./no-such-program"});
    EXPECT_EQ(refused().message, "command ./no-such-program: No such file or directory");
    EXPECT_EQ(refused().hint, "it was looked for in " + work.path());
}

TEST_F(CheckTest, program_that_is_none) {
    std::ofstream(work / "file") << "text";
    command({"./file"});
    EXPECT_EQ(refused().message, "command ./file: Permission denied");
    command({work.path()});
    EXPECT_EQ(refused().message, "command " + work.path() + ": Is a directory");
}

TEST_F(CheckTest, argument_that_is_too_long) {
    command({"echo", std::string(longest_argument, 'x')});
    EXPECT_TRUE(runtime.check(spec()));
    command({"echo", std::string(longest_argument + 1, 'x')});
    EXPECT_EQ(refused().message, "command echo: an argument of 131072 bytes is more than the "
                                 "system takes (131071)");
}

TEST_F(CheckTest, arguments_that_are_too_many) {
    std::vector<std::string> arguments{"echo"};
    for (int i = 0; i < 100; ++i) arguments.emplace_back(100'000, 'x');
    command(arguments);
    EXPECT_EQ(refused().code, ErrorCode::invalid_argument);
    EXPECT_THAT(refused().message, HasSubstr("are more than the system takes"));
}

TEST_F(CheckTest, longest_argument_is_what_the_kernel_takes) {
    command({"sh", "-c", "echo ${#1}", "sh", std::string(longest_argument, 'x')});
    EXPECT_EQ(run().exit_code, 0);
    EXPECT_EQ(standard_output(), std::to_string(longest_argument) + "\n");
}

TEST_F(CheckTest, environment_that_is_too_large) {
    spec().environment.push_back({"HUGE", std::string(200'000, 'x')});
    text("true");
    EXPECT_THAT(refused().message, HasSubstr("environment variable HUGE: its value of 200005"));
}

TEST_F(CheckTest, working_directory) {
    text("true");
    spec().working_directory = "relative";
    EXPECT_EQ(refused().message, "working directory relative: is not absolute");
    spec().working_directory = work / "gone";
    EXPECT_EQ(refused().message,
              "working directory " + (work / "gone") + ": No such file or directory");
    std::ofstream(work / "file") << "x";
    spec().working_directory = work / "file";
    EXPECT_EQ(refused().message, "working directory " + (work / "file") + ": Not a directory");
}

TEST_F(CheckTest, plan) {
    plan("steps:\n- rum: x\n");
    EXPECT_EQ(refused().code, ErrorCode::invalid_plan);
    plan("steps:\n- name: first\n  run: [no-such-program]\n");
    EXPECT_EQ(refused().message, "step first: command no-such-program: not found on PATH");
}

TEST_F(CheckTest, settings) {
    text("true");
    spec().settings.values.set("shall", "x");
    EXPECT_EQ(refused().code, ErrorCode::invalid_config);
}

TEST_F(CheckTest, other_shell) {
    std::ofstream(work / "shell") << "#!/bin/sh\necho \"other: $2\"\n";
    ::chmod((work / "shell").c_str(), 0755);
    spec().settings.values.set("shell", work / "shell");
    text("what");
    EXPECT_TRUE(runtime.check(spec()));
    EXPECT_EQ(run().exit_code, 0);
    EXPECT_EQ(standard_output(), "other: what\n");
}

TEST(RuntimeTest, tells_its_abilities) {
    LocalRuntime runtime;
    EXPECT_NE(durable(runtime), nullptr);
    EXPECT_EQ(runtime.extension("loong.runtime.other"), nullptr);
    RuntimeSetup setup;
    setup.settings.values.set("shell", "sh");
    EXPECT_FALSE(LocalRuntime::make(setup));
    setup.settings.values.set("shell", "/bin/sh");
    EXPECT_TRUE(LocalRuntime::make(setup));
}

} // namespace
} // namespace loong::local
