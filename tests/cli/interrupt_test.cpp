#include "interrupt.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <poll.h>

namespace loong::cli {
namespace {

TEST(Interrupt, ASignalMakesTheDescriptorReadable) {
    auto interrupt = Interrupt::install();
    ASSERT_TRUE(interrupt);
    EXPECT_FALSE(interrupt->happened());
    std::raise(SIGTERM);
    EXPECT_TRUE(interrupt->happened());
    pollfd readable{interrupt->descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&readable, 1, 0), 1);
}

TEST(Interrupt, ASignalThatWasIgnoredStaysIgnored) {
    std::signal(SIGINT, SIG_IGN);
    {
        auto interrupt = Interrupt::install();
        ASSERT_TRUE(interrupt);
        std::raise(SIGINT);
        EXPECT_FALSE(interrupt->happened());
    }
    EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_IGN);
}

TEST(Interrupt, AfterwardsSignalsEndTheProcessAgain) {
    {
        auto interrupt = Interrupt::install();
        ASSERT_TRUE(interrupt);
    }
    EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_DFL);
    EXPECT_EQ(std::signal(SIGTERM, SIG_DFL), SIG_DFL);
}

TEST(Interrupt, TheSecondSignalIsNotCaught) {
    auto interrupt = Interrupt::install();
    ASSERT_TRUE(interrupt);
    std::raise(SIGINT);
    EXPECT_EQ(std::signal(SIGINT, SIG_DFL), SIG_DFL);
}

} // namespace
} // namespace loong::cli
