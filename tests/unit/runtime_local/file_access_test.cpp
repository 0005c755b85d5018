#include "file_access.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace loong::local {
namespace {

using Texts = std::vector<std::string>;

/// The state lies in a home directory, with other things beside it on each level.
std::vector<std::string> list(const std::string& path) {
    static const std::map<std::string, Texts> tree{
        {"/", {"bin", "dev", "etc", "home", "proc", "srv", "sys", "usr", "work"}},
        {"/home", {"other", "u"}},
        {"/home/u", {".local", ".ssh", "file"}},
        {"/home/u/.local", {"share", "state"}},
        {"/home/u/.local/state", {"loong", "other"}},
        {"/work", {".git", "src"}},
    };
    const auto found = tree.find(path);
    return found == tree.end() ? Texts() : found->second;
}

ToolPolicy policy() {
    ToolPolicy policy;
    policy.narrowed = true;
    policy.write_directories = Texts{"/work"};
    policy.hidden_directories = {"/home/u/.local/state/loong"};
    return policy;
}

Texts paths(const ToolPolicy& policy, bool write) {
    Texts found;
    for (const Grant& grant : grants_of(policy, list)) {
        const bool wanted = write ? grant.write : grant.read;
        if (wanted && !grant.path.starts_with("/dev/")) found.push_back(grant.path);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

bool holds(const Texts& texts, const std::string& text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST(FileAccess, everything_but_the_state_can_be_read) {
    const Texts read = paths(policy(), false);
    for (const char* there : {"/bin", "/home/other", "/home/u/.ssh", "/home/u/file", "/srv",
                              "/home/u/.local/share", "/home/u/.local/state/other", "/work"}) {
        EXPECT_TRUE(holds(read, there)) << there;
    }
    // Whatever holds the state is not granted as a whole, nor are all devices.
    for (const char* not_there : {"/", "/home", "/home/u", "/home/u/.local", "/dev",
                                  "/home/u/.local/state", "/home/u/.local/state/loong"}) {
        EXPECT_FALSE(holds(read, not_there)) << not_there;
    }
}

TEST(FileAccess, only_the_write_directories_can_be_written) {
    EXPECT_EQ(paths(policy(), true), Texts{"/work"});
}

TEST(FileAccess, read_directories_replace_the_rest) {
    ToolPolicy narrow = policy();
    narrow.read_directories = Texts{"/srv"};
    const Texts read = paths(narrow, false);
    EXPECT_TRUE(holds(read, "/srv"));
    EXPECT_TRUE(holds(read, "/work"));
    EXPECT_TRUE(holds(read, "/usr"));
    EXPECT_FALSE(holds(read, "/home/u/.ssh"));
}

TEST(FileAccess, a_read_directory_that_holds_the_state_does_not_give_it_away) {
    ToolPolicy narrow = policy();
    narrow.read_directories = Texts{"/home/u"};
    const Texts read = paths(narrow, false);
    EXPECT_TRUE(holds(read, "/home/u/.ssh"));
    EXPECT_FALSE(holds(read, "/home/u"));
    EXPECT_FALSE(holds(read, "/home/u/.local/state/loong"));
}

TEST(FileAccess, a_denied_part_is_left_out) {
    ToolPolicy narrow = policy();
    narrow.rules = {{"fs.write", ToolDecision::deny, "/work/.git"},
                    {"fs.read", ToolDecision::deny, "/home/u/.ssh"}};
    EXPECT_EQ(paths(narrow, true), Texts{"/work/src"});
    EXPECT_FALSE(holds(paths(narrow, false), "/home/u/.ssh"));
}

TEST(FileAccess, a_question_without_an_answer_allows_nothing) {
    ToolPolicy narrow = policy();
    narrow.rules = {{"fs.write", ToolDecision::ask, ""}, {"fs.read", ToolDecision::ask, "/srv"}};
    EXPECT_EQ(paths(narrow, true), Texts());
    EXPECT_FALSE(holds(paths(narrow, false), "/srv"));
}

TEST(FileAccess, reading_denied_leaves_the_system_and_what_may_be_written) {
    ToolPolicy narrow = policy();
    narrow.rules = {{"fs.read", ToolDecision::deny, ""}};
    EXPECT_EQ(paths(narrow, false), (Texts{"/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32",
                                           "/proc", "/sbin", "/sys", "/usr", "/work"}));
}

TEST(FileAccess, a_named_directory_must_be_what_it_was) {
    std::vector<Grant> grants{{"/proc/self/nothing", true, true, true}};
    const auto ruleset = make_ruleset(grants, 1, false);
    ASSERT_FALSE(ruleset);
    grants.front().must_exist = false;
}

} // namespace
} // namespace loong::local
