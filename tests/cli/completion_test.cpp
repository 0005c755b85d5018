#include "completion.hpp"
#include "option_values.hpp"
#include "verb_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using Words = std::vector<std::string>;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

/// Knows a little of everything, and says who asked.
class FakeSource final : public CompletionSource {
public:
    std::vector<Candidate> tasks(std::string_view command, const std::string& word) override {
        asked = std::string(command) + "|" + word;
        return {{"task-2", "running: build"}, {"task-1", "failed: test"}};
    }
    std::vector<Candidate> labels() override { return {{"build all", {}}, {"test", {}}}; }
    std::vector<Candidate> runtimes() override { return {{"local", "runtime-local"}}; }
    std::vector<Candidate> sessions(const std::string&) override { return {{"default", {}}}; }
    std::vector<Candidate> requests() override { return {{"task-2/r1", "Go on?"}}; }
    std::vector<Candidate> plugins() override { return {{"store-files", {}}}; }

    std::string asked;
};

class Completion : public testing::Test {
protected:
    Words complete(const Words& words) {
        completed_ = complete_line(words, source_);
        Words found;
        for (const Candidate& one : completed_.candidates) found.push_back(one.word);
        return found;
    }

    FakeSource source_;
    Completed completed_;
};

TEST_F(Completion, NounsAndVerbs) {
    EXPECT_THAT(complete({""}), ElementsAre("tasks", "approvals", "sessions", "config", "plugins",
                                            "store", "doctor", "completion"));
    EXPECT_THAT(complete({"ta"}), ElementsAre("tasks"));
    EXPECT_THAT(complete({"--"}), ElementsAre("--help", "--version"));
    EXPECT_THAT(complete({"config", ""}), ElementsAre("show", "path", "init"));
    EXPECT_THAT(complete({"--session", "s1", "--json", "tasks", "rec"}), ElementsAre("recover"));
    EXPECT_THAT(complete({"nonsense", ""}), IsEmpty());
    EXPECT_THAT(complete({"tasks", "nonsense", ""}), IsEmpty());
    EXPECT_THAT(complete({}), Contains("tasks"));
}

TEST_F(Completion, Options) {
    EXPECT_THAT(complete({"tasks", "list", "--st"}), ElementsAre("--status"));
    EXPECT_THAT(complete({"tasks", "list", "-"}),
                IsSupersetOf({"--attention", "--config", "--quiet", "--help"}));
    EXPECT_THAT(complete({"doctor", "--f"}), ElementsAre("--fix"));
    EXPECT_THAT(complete({"tasks", "create", "--hold", "--l"}), ElementsAre("--label"));
}

TEST_F(Completion, ValuesOfOptions) {
    EXPECT_THAT(complete({"tasks", "list", "--status", ""}), Words(status_words()));
    EXPECT_THAT(complete({"tasks", "list", "--status", "co"}), ElementsAre("completed"));
    EXPECT_THAT(complete({"tasks", "list", "--status=ca"}),
                ElementsAre("--status=cancelled", "--status=cancel_requested"));
    EXPECT_THAT(complete({"tasks", "wait", "--until", "t"}), ElementsAre("terminal", "timed_out"));
    EXPECT_THAT(complete({"tasks", "output", "--stream", "std"}), ElementsAre("stdout", "stderr"));
    EXPECT_THAT(complete({"tasks", "create", "--runtime", ""}), ElementsAre("local"));
    EXPECT_THAT(complete({"tasks", "cancel", "--label", "b"}), ElementsAre("build all"));
    EXPECT_THAT(complete({"tasks", "create", "--after", "task-"}), ElementsAre("task-2", "task-1"));
    EXPECT_THAT(complete({"tasks", "create", "--deny", "net"}), ElementsAre("net.connect"));
    EXPECT_THAT(complete({"--session", "d"}), ElementsAre("default"));
    EXPECT_THAT(complete({"tasks", "list", "--session", ""}), ElementsAre("default"));
    EXPECT_THAT(complete({"tasks", "list", "--limit", ""}), IsEmpty());
    EXPECT_THAT(complete({"tasks", "create", "--cwd", ""}), IsEmpty());
    EXPECT_EQ(completed_.other, Completed::Other::directories);
    complete({"tasks", "create", "--file", ""});
    EXPECT_EQ(completed_.other, Completed::Other::files);
    complete({"--config", ""});
    EXPECT_EQ(completed_.other, Completed::Other::files);
}

TEST_F(Completion, Arguments) {
    EXPECT_THAT(complete({"tasks", "cancel", "task-1", ""}), ElementsAre("task-2", "task-1"));
    EXPECT_EQ(source_.asked, "tasks cancel|");
    EXPECT_THAT(complete({"tasks", "output", "--tail", "3", "task-2"}), ElementsAre("task-2"));
    // The second argument is no task, and a third one is none at all.
    EXPECT_THAT(complete({"tasks", "answer", "task-2", ""}), IsEmpty());
    EXPECT_THAT(complete({"tasks", "output", "task-2", ""}), IsEmpty());
    // What was found by its ending does not begin with it.
    EXPECT_THAT(complete({"tasks", "status", "f9qa"}), ElementsAre("task-2", "task-1"));
    EXPECT_THAT(complete({"approvals", "show", ""}), ElementsAre("task-2/r1"));
    EXPECT_THAT(complete({"sessions", "tree", ""}), ElementsAre("default"));
    EXPECT_THAT(complete({"sessions", "heads", ""}), ElementsAre("task-2", "task-1"));
    EXPECT_THAT(complete({"plugins", "new", ""}), ElementsAre("runtime", "store"));
    EXPECT_THAT(complete({"completion", ""}), ElementsAre("bash", "zsh", "fish"));
    EXPECT_THAT(complete({"tasks", "create", ""}), IsEmpty());
}

TEST_F(Completion, BehindTheDashesStandsACommand) {
    EXPECT_THAT(complete({"tasks", "create", "--label", "x", "--", "ma"}), IsEmpty());
    EXPECT_EQ(completed_.other, Completed::Other::commands);
    EXPECT_THAT(complete({"tasks", "list", "--", "--st"}), IsEmpty());
    EXPECT_EQ(completed_.other, Completed::Other::none);
}

TEST_F(Completion, GlobalOptionsAreHeeded) {
    const GlobalOptions globals =
        globals_on({"--session=s1", "tasks", "--all-sessions", "list", "--config", "f", ""});
    EXPECT_EQ(globals.session_id, "s1");
    EXPECT_EQ(globals.config_file, "f");
    EXPECT_TRUE(globals.all_sessions);
    // The word that is being typed is not said yet.
    EXPECT_FALSE(globals_on({"tasks", "list", "--session", "s"}).session_id);
}

TEST(CompletionText, OneLineEachAndNothingThatATerminalObeys) {
    Completed completed;
    completed.candidates = {{"a", "one\ttwo\n\x1b[2J"}, {"b", {}}, {"c\x1b", "x"}, {"", "x"}};
    completed.other = Completed::Other::directories;
    EXPECT_EQ(completion_text(completed), ":directories\na\tone\\ttwo\\n\\x1b[2J\nb\n");
    completed.candidates = {{"a", std::string(300, 'x')}};
    EXPECT_LT(completion_text(completed).size(), 90U);
}

TEST(VerbTable, EveryOptionWithFewWordsRefusesOthersWithTheNearest) {
    std::size_t lists = 0;
    for (const VerbEntry& entry : all_verbs()) {
        const DeclaredVerb declared(entry);
        for (const OptionTable::Option& option : declared.table.own_options()) {
            if (option.words.empty()) continue;
            ++lists;
            EXPECT_THAT(option.words, Not(Contains("")));
            EXPECT_TRUE(option.takes_value());
        }
    }
    EXPECT_GE(lists, 10U);
}

} // namespace
} // namespace loong::cli
