#include "control_group.hpp"

#include <gtest/gtest.h>

namespace loong {
namespace {

TEST(ControlGroup, NamesTheServiceThatWouldTakeTheWorkAlong) {
    EXPECT_EQ(ending_control_group("0::/system.slice/cron.service\n", false), "cron.service");
    EXPECT_EQ(ending_control_group("8:pids:/x\n1:name=systemd:/system.slice/ssh.service\n", false),
              "ssh.service");
}

TEST(ControlGroup, LoginSessionsCountOnlyWhereTheirEndKills) {
    const char* login = "0::/user.slice/user-1000.slice/session-3.scope\n";
    EXPECT_EQ(ending_control_group(login, false), std::nullopt);
    EXPECT_EQ(ending_control_group(login, true), "session-3.scope");
}

TEST(ControlGroup, ElsewhereNothingIsTakenAlong) {
    EXPECT_EQ(ending_control_group("", true), std::nullopt);
    EXPECT_EQ(ending_control_group("0::/\n", true), std::nullopt);
    EXPECT_EQ(
        ending_control_group("0::/user.slice/user@1000.service/app.slice/run-1.scope\n", true),
        std::nullopt);
    EXPECT_EQ(ending_control_group("0::/user.slice/user-1000.slice/user@1000.service\n", true),
              std::nullopt);
    EXPECT_EQ(ending_control_group("4:memory:/docker/x.service\n", true), std::nullopt);
}

} // namespace
} // namespace loong
