#include "descriptor.hpp"
#include "notify_command.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace loong {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

NotifyCommand shell(const std::string& text) {
    NotifyCommand command;
    command.words = {"sh", "-c", text};
    command.limit = 30s;
    return command;
}

std::string failure_of(const NotifyCommand& command) {
    return run_notify_command(command).value_or("");
}

std::string content_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(NotifyCommand, GetsItsInputAndItsEnvironment) {
    const test::TemporaryDirectory directory;
    const std::string file = directory.path() + "/told";
    NotifyCommand command = shell(R"(cat > "$OUT"; echo "$A|$HOME|$#" >> "$OUT")");
    command.input = std::string(200'000, 'x') + "\n";
    command.environment = {{"OUT", file}, {"A", "a 'b"}, {"HOME", ""}};
    EXPECT_EQ(failure_of(command), "");
    EXPECT_EQ(content_of(file), command.input + "a 'b||0\n");
}

TEST(NotifyCommand, MayLeaveItsInputUnread) {
    NotifyCommand command = shell("exit 0");
    command.input = std::string(1'000'000, 'x');
    EXPECT_EQ(failure_of(command), "");
}

TEST(NotifyCommand, SaysHowItFailed) {
    EXPECT_EQ(failure_of(shell("echo out; echo no network >&2; exit 7")),
              "it exited with 7: no network");
    EXPECT_EQ(failure_of(shell("exit 1")), "it exited with 1");
    EXPECT_EQ(failure_of(shell("kill -SEGV $$")), "signal 11 ended it");
    const std::string much = failure_of(shell("seq 100000 >&2; exit 2"));
    EXPECT_LT(much.size(), 500U);
    EXPECT_THAT(much, HasSubstr("\n100000"));
}

TEST(NotifyCommand, IsNotThere) {
    NotifyCommand command;
    command.words = {"no-such-notifier", "a"};
    command.limit = 1s;
    EXPECT_THAT(failure_of(command), HasSubstr("there is no program 'no-such-notifier'"));
    const test::TemporaryDirectory directory;
    const std::string file = directory.path() + "/text";
    std::ofstream(file) << "no program\n";
    command.words = {file};
    EXPECT_THAT(failure_of(command), HasSubstr("there is no program"));
    EXPECT_EQ(::chmod(file.c_str(), 0700), 0);
    EXPECT_THAT(failure_of(command), HasSubstr("it exited with 127: Exec format error"));
}

TEST(NotifyCommand, IsKilledWithItsGroupWhenItTakesTooLong) {
    const test::TemporaryDirectory directory;
    NotifyCommand command =
        shell(R"(trap '' TERM; sleep 1000 & echo $! > "$OUT"; echo bye >&2; wait)");
    command.environment = {{"OUT", directory.path() + "/child"}};
    command.limit = 1s;
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(failure_of(command), "it took longer than 1 s and was killed: bye");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    const int child = std::stoi(content_of(directory.path() + "/child"));
    // It was told to die before the command returned; that takes a moment.
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd end{process.get(), POLLIN, 0};
    EXPECT_TRUE(!process || ::poll(&end, 1, 20'000) == 1);
}

TEST(NotifyCommand, DoesNotWaitForWhatItLeavesBehind) {
    const test::TemporaryDirectory directory;
    NotifyCommand command = shell(R"(sleep 1000 & echo $! > "$OUT")");
    command.environment = {{"OUT", directory / "child"}};
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(failure_of(command), "");
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
    EXPECT_EQ(::kill(std::stoi(content_of(directory / "child")), SIGKILL), 0);
}

TEST(FindProgram, LooksThroughPathAndTakesPathsAsTheyAre) {
    EXPECT_TRUE(find_program("sh"));
    EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
    EXPECT_FALSE(find_program("/bin"));
    EXPECT_FALSE(find_program("/bin/no-such-program"));
}

} // namespace
} // namespace loong
