#include "idle_memory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace loong {
namespace {

/// Resident pages that come from files.
std::size_t resident_of_files() {
    std::ifstream file("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    std::size_t of_files = 0;
    file >> size >> resident >> of_files;
    return of_files;
}

TEST(IdleMemory, ProgramTextIsGivenBackAndUsedAgain) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += std::to_string(i);
    const std::size_t before = resident_of_files();
    give_back_memory();
    EXPECT_LT(resident_of_files(), before);
    std::string again;
    for (int i = 0; i < 1000; ++i) again += std::to_string(i);
    EXPECT_EQ(again, text);
}

} // namespace
} // namespace loong
