#include "child_process.hpp"
#include "manual_clock.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/stat.h>

namespace loong::test {
namespace {

TEST(ChildProcess, speaks_in_lines_both_ways) {
    ChildProcess child([](LineChannel& parent) {
        while (const auto line = parent.receive()) {
            if (*line == "end") return 7;
            parent.send("got " + *line);
        }
        return 1;
    });
    ASSERT_TRUE(child.send("one"));
    EXPECT_EQ(child.receive(), "got one");
    ASSERT_TRUE(child.send("two"));
    EXPECT_EQ(child.receive(), "got two");
    ASSERT_TRUE(child.send("end"));
    EXPECT_EQ(child.wait(), 7);
    EXPECT_EQ(child.receive(), std::nullopt);
}

TEST(ChildProcess, is_killed_and_says_so) {
    ChildProcess child([](LineChannel& parent) {
        static_cast<void>(parent.receive());
        return 0;
    });
    EXPECT_EQ(child.wait(Milliseconds(0)), std::nullopt);
    child.kill();
    EXPECT_EQ(child.wait(), -SIGKILL);
}

TEST(TemporaryDirectory, is_private_and_goes_with_its_content) {
    std::string path;
    {
        const TemporaryDirectory directory;
        path = directory.path();
        struct stat status {};
        ASSERT_EQ(::stat(path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0700U);
        std::filesystem::create_directories(directory / "a/b");
        std::ofstream(directory / "a/b/file") << "text";
        std::filesystem::permissions(directory / "a", std::filesystem::perms::none);
        EXPECT_NE(path, TemporaryDirectory().path());
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ManualClock, moves_only_when_told) {
    ManualClock clock;
    const Time before = clock.now();
    EXPECT_EQ(clock(), before);
    clock.advance(Seconds(5));
    EXPECT_EQ(clock.now() - before, Seconds(5));
    clock.set(before);
    EXPECT_EQ(clock.now(), before);
}

} // namespace
} // namespace loong::test
