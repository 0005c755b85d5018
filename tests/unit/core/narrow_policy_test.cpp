#include "loong/narrow_policy.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace loong {
namespace {

using Decision = ToolDecision;
using Rules = std::vector<ToolRule>;
using Texts = std::vector<std::string>;

PolicyBase configuration(Rules rules = {}) {
    PolicyBase base;
    base.policy.rules = std::move(rules);
    base.name = "the configuration";
    return base;
}

PolicyTarget in_work() { return {"/work", {}}; }

ToolPolicy narrowed(const PolicyBase& base, const ToolNarrowing& wish,
                    const PolicyTarget& target = in_work()) {
    Result<ToolPolicy> policy = narrow_policy(base, wish, target);
    EXPECT_TRUE(policy) << (policy ? "" : policy.error().message);
    return policy ? *policy : ToolPolicy();
}

std::string refusal(const PolicyBase& base, const ToolNarrowing& wish) {
    const Result<ToolPolicy> policy = narrow_policy(base, wish, in_work());
    EXPECT_FALSE(policy);
    if (policy) return {};
    EXPECT_EQ(policy.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(policy.error().hint.empty());
    return policy.error().message;
}

ToolNarrowing rules(Rules given) {
    ToolNarrowing wish;
    wish.rules = std::move(given);
    return wish;
}

TEST(NarrowPolicy, nothing_asked_is_not_narrowed) {
    const ToolPolicy policy = narrowed(configuration(), {});
    EXPECT_FALSE(policy.narrowed);
    EXPECT_TRUE(policy.network);
    EXPECT_FALSE(policy.read_directories);
    EXPECT_FALSE(policy.write_directories);
    EXPECT_EQ(policy.effective_tool_ids,
              (Texts{"shell.exec", "fs.read", "fs.write", "net.connect", "task.create"}));
    EXPECT_TRUE(policy.requested_tool_ids.empty());
}

TEST(NarrowPolicy, to_allow_what_is_allowed_narrows_nothing) {
    EXPECT_FALSE(narrowed(configuration(), rules({{"shell.exec", Decision::allow, ""}})).narrowed);
}

TEST(NarrowPolicy, every_restriction_narrows_and_the_directory_may_be_written) {
    std::vector<ToolNarrowing> wishes(4);
    wishes[0].no_network = true;
    wishes[1].read = {"/data"};
    wishes[2].rules = {{"shell.exec", Decision::ask, "git push"}};
    wishes[3].rules = {{"task.create", Decision::deny, ""}};
    for (const ToolNarrowing& wish : wishes) {
        const ToolPolicy policy = narrowed(configuration(), wish);
        EXPECT_TRUE(policy.narrowed);
        EXPECT_EQ(policy.write_directories, Texts{"/work"});
    }
}

TEST(NarrowPolicy, a_configuration_that_asks_narrows_every_task) {
    EXPECT_TRUE(narrowed(configuration({{"shell.exec", Decision::ask, "git push"}}), {}).narrowed);
    // What only another runtime has is that runtime's business.
    EXPECT_FALSE(narrowed(configuration({{"browser.open", Decision::ask, ""}}), {}).narrowed);
}

TEST(NarrowPolicy, directories_that_are_named_replace_the_default) {
    ToolNarrowing wish;
    wish.write = {"/out", "/out"};
    wish.rules = {{"fs.write", Decision::allow, "/more"}, {"fs.read", Decision::allow, "/data"}};
    const ToolPolicy policy = narrowed(configuration(), wish);
    EXPECT_EQ(policy.write_directories, (Texts{"/out", "/more"}));
    EXPECT_EQ(policy.read_directories, Texts{"/data"});
    EXPECT_EQ(policy.requested_tool_ids, (Texts{"fs.write", "fs.read"}));
}

TEST(NarrowPolicy, no_network_takes_the_tool_away) {
    ToolNarrowing wish;
    wish.no_network = true;
    const ToolPolicy policy = narrowed(configuration(), wish);
    EXPECT_FALSE(policy.network);
    EXPECT_EQ(policy.base_tool_ids.size(), 5U);
    EXPECT_EQ(policy.effective_tool_ids,
              (Texts{"shell.exec", "fs.read", "fs.write", "task.create"}));
}

TEST(NarrowPolicy, an_allowed_prefix_closes_the_rest) {
    const ToolPolicy closed =
        narrowed(configuration(), rules({{"shell.exec", Decision::allow, "make"}}));
    EXPECT_EQ(decision_about(closed.rules, "shell.exec", "make -j4"), Decision::allow);
    EXPECT_EQ(decision_about(closed.rules, "shell.exec", "/usr/bin/make"), Decision::allow);
    EXPECT_EQ(decision_about(closed.rules, "shell.exec", "makefoo"), Decision::deny);
    const ToolPolicy open = narrowed(
        configuration(),
        rules({{"shell.exec", Decision::ask, ""}, {"shell.exec", Decision::allow, "make"}}));
    EXPECT_EQ(decision_about(open.rules, "shell.exec", "make"), Decision::allow);
    EXPECT_EQ(decision_about(open.rules, "shell.exec", "rm"), Decision::ask);
}

TEST(NarrowPolicy, a_wish_that_widens_names_the_rule) {
    const PolicyBase base = configuration({{"shell.exec", Decision::allow, ""},
                                           {"shell.exec", Decision::ask, "git push"},
                                           {"net.connect", Decision::deny, ""},
                                           {"fs.write", Decision::deny, "/srv"}});
    EXPECT_EQ(refusal(base, rules({{"net.connect", Decision::allow, ""}})),
              "tool policy: allow net.connect would widen it: the configuration says deny "
              "net.connect");
    EXPECT_EQ(refusal(base, rules({{"net.connect", Decision::ask, ""}})),
              "tool policy: ask net.connect would widen it: the configuration says deny "
              "net.connect");
    EXPECT_EQ(refusal(base, rules({{"shell.exec", Decision::allow, "git push origin"}})),
              "tool policy: allow shell.exec:git push origin would widen it: the configuration "
              "says ask shell.exec:git push");
    ToolNarrowing write;
    write.write = {"/srv/www"};
    EXPECT_EQ(refusal(base, write),
              "tool policy: to write /srv/www would widen it: the configuration says deny "
              "fs.write:/srv");
    // A wider prefix leaves the narrower rule of the base in force.
    const ToolPolicy policy = narrowed(base, rules({{"shell.exec", Decision::allow, "git"}}));
    EXPECT_EQ(decision_about(policy.rules, "shell.exec", "git push"), Decision::ask);
    EXPECT_EQ(decision_about(policy.rules, "shell.exec", "git pull"), Decision::allow);
    EXPECT_EQ(decision_about(policy.rules, "shell.exec", "make"), Decision::deny);
}

TEST(NarrowPolicy, unknown_tools_and_prefixes_that_cannot_be_are_refused) {
    EXPECT_EQ(refusal(configuration(), rules({{"shel.exec", Decision::deny, ""}})),
              "tool policy: unknown tool shel.exec");
    EXPECT_EQ(refusal(configuration(), rules({{"net.connect", Decision::deny, "example.org"}})),
              "tool policy: deny net.connect:example.org: there are no rules for parts of this "
              "tool");
    const PolicyTarget target{"/work", {"browser.open"}};
    EXPECT_TRUE(
        narrow_policy(configuration(), rules({{"browser.open", Decision::deny, ""}}), target));
}

TEST(NarrowPolicy, contradictions_are_refused) {
    ToolNarrowing wish = rules({{"fs.write", Decision::deny, ""}});
    wish.write = {"/out"};
    EXPECT_EQ(refusal(configuration(), wish),
              "tool policy: to write /out and deny fs.write contradict each other");
}

class ChildPolicy : public ::testing::Test {
protected:
    ChildPolicy() {
        ToolNarrowing wish;
        wish.write = {"/work/out"};
        wish.read = {"/work", "/data"};
        wish.no_network = true;
        wish.rules = {{"fs.write", Decision::ask, "/ask"}};
        parent.policy = narrowed(configuration(), wish);
        parent.name = "task p, which creates it,";
    }
    PolicyBase parent;
};

TEST_F(ChildPolicy, inherits_all_of_it) {
    const ToolPolicy child = narrowed(parent, {});
    EXPECT_TRUE(child.narrowed);
    EXPECT_FALSE(child.network);
    EXPECT_EQ(child.write_directories, Texts{"/work/out"});
    EXPECT_EQ(child.read_directories, (Texts{"/work", "/data"}));
    EXPECT_EQ(decision_about(child.rules, "fs.write", "/ask"), Decision::ask);
    EXPECT_EQ(child.base_tool_ids, parent.policy.effective_tool_ids);
}

TEST_F(ChildPolicy, may_be_narrower) {
    ToolNarrowing wish;
    wish.write = {"/work/out/a"};
    // What may be written may be read.
    wish.read = {"/data/x", "/work/out"};
    const ToolPolicy child = narrowed(parent, wish);
    EXPECT_EQ(child.write_directories, Texts{"/work/out/a"});
    EXPECT_EQ(child.read_directories, (Texts{"/data/x", "/work/out"}));
}

TEST_F(ChildPolicy, elsewhere_it_may_write_nothing) {
    EXPECT_EQ(narrowed(parent, {}, {"/elsewhere", {}}).write_directories, Texts{});
    EXPECT_EQ(narrowed(parent, {}, {"/work/out/deep", {}}).write_directories,
              Texts{"/work/out/deep"});
}

TEST_F(ChildPolicy, cannot_widen) {
    std::vector<ToolNarrowing> wishes(6);
    wishes[0].write = {"/work"};
    wishes[1].write = {"/"};
    wishes[2].read = {"/home"};
    wishes[3].rules = {{"net.connect", Decision::allow, ""}};
    wishes[4].rules = {{"fs.write", Decision::ask, "/home"}};
    // Whatever the operator answered to the parent.
    wishes[5].write = {"/ask"};
    for (const ToolNarrowing& wish : wishes) {
        EXPECT_NE(refusal(parent, wish).find("would widen it: task p, which creates it,"),
                  std::string::npos);
    }
}

/// Every pair of layers from a small space, at every use: the fold is never wider than either, and
/// never stricter than both.
TEST(FoldRules, decides_as_the_stricter_of_the_two) {
    constexpr std::array<Decision, 3> decisions{Decision::allow, Decision::ask, Decision::deny};
    struct Space {
        std::string tool;
        Texts prefixes;
        Texts uses;
    };
    const std::vector<Space> spaces{
        {"shell.exec",
         {"", "git", "git push", "/usr/bin/git push", "make"},
         {"", "git", "git push origin", "/bin/git push", "git  pull", "make x", "makes", "./git"}},
        {"fs.write",
         {"", "/", "/a", "/a/b", "/ab"},
         {"/", "/a", "/a/b", "/a/b/c", "/ab", "/abc", "/z"}}};
    std::size_t cases = 0;
    for (const Space& space : spaces) {
        std::vector<Rules> layers{{}};
        for (const std::string& one : space.prefixes) {
            for (const std::string& two : space.prefixes) {
                for (const Decision first : decisions) {
                    for (const Decision second : decisions) {
                        layers.push_back({{space.tool, first, one}, {space.tool, second, two}});
                    }
                }
            }
        }
        for (const Rules& one : layers) {
            for (const Rules& other : layers) {
                const Rules folded = fold_rules(one, other);
                for (const std::string& use : space.uses) {
                    const Decision wanted = std::max(decision_about(one, space.tool, use),
                                                     decision_about(other, space.tool, use));
                    ASSERT_EQ(decision_about(folded, space.tool, use), wanted)
                        << use << " of " << to_text(folded.front());
                    ++cases;
                }
            }
        }
    }
    RecordProperty("cases", static_cast<int>(cases));
    EXPECT_GT(cases, 500'000U);
}

TEST(WriteConflict, neither_above_nor_below_a_protected_place) {
    ToolPolicy policy;
    policy.narrowed = true;
    policy.protected_places = {"/home/u/.local/state/loong", "/opt/loong/bin"};
    const auto conflicts = [&](const std::string& directory) {
        policy.write_directories = Texts{directory};
        return write_conflict(policy).has_value();
    };
    EXPECT_TRUE(conflicts("/"));
    EXPECT_TRUE(conflicts("/home/u"));
    EXPECT_TRUE(conflicts("/home/u/.local/state/loong"));
    EXPECT_TRUE(conflicts("/home/u/.local/state/loong/tasks/x"));
    EXPECT_TRUE(conflicts("/opt"));
    EXPECT_FALSE(conflicts("/home/u/.local/state/loong2"));
    EXPECT_FALSE(conflicts("/home/u/work"));
    // Also what would only be written after an approval.
    policy.rules = {{"fs.write", Decision::ask, "/home"}};
    EXPECT_TRUE(write_conflict(policy));
    policy.narrowed = false;
    EXPECT_FALSE(write_conflict(policy));
}

} // namespace
} // namespace loong
