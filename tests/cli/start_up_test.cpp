#include "start_up.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loong::cli {
namespace {

// In a child, because it is about the descriptors of the whole process.
int in_child(int (*check)()) {
    const pid_t child = fork();
    if (child == 0) _exit(check());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(StartUp, ClosedStandardDescriptorsAreReplaced) {
    const int code = in_child([] {
        for (int descriptor = 0; descriptor <= 2; ++descriptor) close(descriptor);
        if (!ensure_standard_descriptors()) return 1;
        const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return next > 2 && write(1, "x", 1) == 1 ? 0 : 2;
    });
    EXPECT_EQ(code, 0);
}

TEST(StartUp, OpenOnesAreLeftAlone) {
    const int code = in_child([] {
        int ends[2];
        if (pipe(ends) != 0 || dup2(ends[1], 1) != 1 || close(0) != 0) return 1;
        if (!ensure_standard_descriptors()) return 2;
        char byte = 0;
        return write(1, "y", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'y' ? 0 : 3;
    });
    EXPECT_EQ(code, 0);
}

TEST(StartUp, ABrokenPipeIsAnErrorAndNotTheEnd) {
    const int code = in_child([] {
        int ends[2];
        if (pipe(ends) != 0) return 1;
        survive_broken_pipes();
        close(ends[0]);
        return write(ends[1], "x", 1) == -1 ? 0 : 2;
    });
    EXPECT_EQ(code, 0);
}

} // namespace
} // namespace loong::cli
