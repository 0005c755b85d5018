#include "fixture.hpp"

#include <algorithm>

namespace loong::local {
namespace {

using NetworkNamespace = KernelAbilities::NetworkNamespace;

constexpr KernelAbilities all{7, true, NetworkNamespace::yes};

TEST(KernelAbilities, what_is_missing_is_named) {
    EXPECT_TRUE(check_abilities(all));
    // Everything but Landlock itself and the filter can be done without one way or another.
    EXPECT_TRUE(check_abilities({1, true, NetworkNamespace::no}));
    const auto no_landlock = check_abilities({0, true, NetworkNamespace::yes});
    ASSERT_FALSE(no_landlock);
    EXPECT_EQ(no_landlock.error().code, ErrorCode::unsupported);
    EXPECT_NE(no_landlock.error().message.find("lacks Landlock (Linux 5.13"), std::string::npos);
    const auto nothing = check_abilities({});
    ASSERT_FALSE(nothing);
    EXPECT_NE(nothing.error().message.find("Landlock"), std::string::npos);
    EXPECT_NE(nothing.error().message.find("seccomp"), std::string::npos);
}

TEST(KernelAbilities, enforced_by_names_what_is_used) {
    ToolPolicy policy;
    EXPECT_EQ(enforced_by(all, policy), (std::vector<std::string>{"landlock 7", "seccomp"}));
    policy.network = false;
    EXPECT_EQ(enforced_by(all, policy).back(), "network namespace");
    EXPECT_EQ(enforced_by({2, true, NetworkNamespace::no}, policy),
              (std::vector<std::string>{"landlock 2", "seccomp"}));
}

TEST(KernelAbilities, the_doctor_hears_facts_and_one_warning) {
    for (const int landlock : {1, 2, 3, 5, 6, 7}) {
        for (const Finding& finding : describe({landlock, true, NetworkNamespace::no})) {
            EXPECT_TRUE(is_fact(finding)) << finding.code;
            EXPECT_FALSE(finding.cause.empty());
        }
    }
    const std::vector<Finding> findings = describe({});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings.front().severity, Severity::warning);
    EXPECT_FALSE(findings.front().fix.empty());
}

class LackingKernelTest : public LocalRuntimeTest {
protected:
    LackingKernelTest() {
        spec().tool_policy.narrowed = true;
        spec().tool_policy.write_directories = std::vector<std::string>{work.path()};
    }
    LocalRuntime lacking{KernelAbilities{}};
};

TEST_F(LackingKernelTest, is_refused_at_create_and_at_start_and_nothing_runs) {
    text("touch ran");
    const auto checked = lacking.check(spec());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::unsupported);
    const auto enforced = lacking.enforcement(spec());
    ASSERT_FALSE(enforced);
    EXPECT_EQ(enforced.error().code, ErrorCode::unsupported);
    const auto outcome = lacking.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::unsupported);
    EXPECT_NE(outcome.error().message.find("lacks"), std::string::npos);
    EXPECT_EQ(::access((work / "ran").c_str(), F_OK), -1);
}

TEST_F(LackingKernelTest, a_narrowed_step_is_refused_too) {
    spec().tool_policy = {};
    plan("steps:\n- run: 'true'\n- run: 'true'\n  no_network: true\n");
    const auto checked = lacking.check(spec());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::unsupported);
}

} // namespace
} // namespace loong::local
