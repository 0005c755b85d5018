#include "support/temporary_directory.hpp"
#include "user_scope.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace loong {
namespace {

TEST(UserScope, WithoutAServiceManagerThereIsNone) {
    const test::TemporaryDirectory place;
    EXPECT_TRUE(scope_launchers(place.path()).empty());
    EXPECT_TRUE(scope_launchers(place / "missing").empty());
}

TEST(UserScope, AFileInPlaceOfItsSocketIsNone) {
    const test::TemporaryDirectory place;
    std::filesystem::create_directory(place / "systemd");
    std::ofstream(place / "systemd/private") << "no socket";
    EXPECT_TRUE(scope_launchers(place.path()).empty());
}

} // namespace
} // namespace loong
