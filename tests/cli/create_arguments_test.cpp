#include "create_arguments.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

TEST(CreateArguments, EveryValueIsRead) {
    CreateArguments arguments;
    arguments.text = "make";
    arguments.timeout = "10m";
    arguments.start_within = "1h";
    arguments.grace = "5s";
    arguments.priority = "-3";
    arguments.retry = "2";
    arguments.max_output = "1KiB";
    arguments.cwd = "/tmp/../usr";
    const auto request = to_request(arguments);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->work.text, "make");
    EXPECT_EQ(request->timeout, std::chrono::minutes(10));
    EXPECT_EQ(request->start_within, std::chrono::hours(1));
    EXPECT_EQ(request->grace, Seconds(5));
    EXPECT_EQ(request->priority, -3);
    EXPECT_EQ(request->retry, 2);
    EXPECT_EQ(request->max_output_bytes, 1024U);
    EXPECT_EQ(request->working_directory, "/usr");
}

TEST(CreateArguments, ExactlyOneKindOfWork) {
    CreateArguments arguments;
    EXPECT_FALSE(to_request(arguments));
    arguments.text = "a";
    EXPECT_TRUE(to_request(arguments));
    arguments.command = std::vector<std::string>{"b"};
    const auto both = to_request(arguments);
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().message, "more than one kind of work was given");
}

TEST(CreateArguments, EmptyWorkIsRefused) {
    CreateArguments blank;
    blank.text = " \n\t";
    EXPECT_FALSE(to_request(blank));
    CreateArguments command;
    command.command.emplace();
    EXPECT_FALSE(to_request(command));
}

TEST(CreateArguments, BadValuesNameTheirOption) {
    CreateArguments arguments;
    arguments.text = "a";
    arguments.timeout = "soon";
    const auto request = to_request(arguments);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().message, "option --timeout: 'soon' is no length of time");
}

TEST(CreateArguments, AMissingPlanIsNamed) {
    CreateArguments arguments;
    arguments.plan_file = "/nowhere/plan.yaml";
    const auto request = to_request(arguments);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().message,
              "cannot read plan /nowhere/plan.yaml: No such file or directory");
}

} // namespace
} // namespace loong::cli
