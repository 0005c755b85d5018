#include "printer.hpp"
#include "start_up.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::cli {
namespace {

TEST(Printer, WritesEverything) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    Printer printer(ends[1], "the pipe");
    printer.print("one ");
    printer.print("two");
    ASSERT_TRUE(printer.flush());
    char text[16] = {};
    EXPECT_EQ(read(ends[0], text, sizeof text), 7);
    EXPECT_STREQ(text, "one two");
    close(ends[0]);
    close(ends[1]);
}

TEST(Printer, AFullDiskIsAnErrorThatStays) {
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    Printer printer(full, "standard output");
    printer.print("x");
    const auto flushed = printer.flush();
    ASSERT_FALSE(flushed);
    EXPECT_EQ(flushed.error().code, ErrorCode::store_io);
    EXPECT_EQ(flushed.error().message, "cannot write to standard output: No space left on device");
    EXPECT_FALSE(printer.flush());
    close(full);
}

TEST(Printer, AReaderThatLeavesEndsTheProgramQuietly) {
    const pid_t child = fork();
    if (child == 0) {
        survive_broken_pipes();
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) _exit(1);
        close(ends[0]);
        Printer printer(ends[1], "the pipe");
        printer.print("x");
        _exit(printer.flush() ? 2 : 3);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    EXPECT_EQ(WTERMSIG(status), SIGPIPE);
}

TEST(Printer, ANonBlockingDescriptorIsWaitedFor) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    const std::string much(std::size_t{1} << 20U, 'x');
    const pid_t child = fork();
    if (child == 0) {
        Printer printer(ends[1], "the pipe");
        printer.print(much);
        _exit(printer.flush() ? 0 : 1);
    }
    close(ends[1]);
    ASSERT_EQ(fcntl(ends[0], F_SETFL, 0), 0);
    std::size_t total = 0;
    char block[4096];
    for (ssize_t got = 0; (got = read(ends[0], block, sizeof block)) > 0;) {
        total += static_cast<std::size_t>(got);
    }
    EXPECT_EQ(total, much.size());
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    close(ends[0]);
}

} // namespace
} // namespace loong::cli
