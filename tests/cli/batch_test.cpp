#include "batch.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Batch, JsonLines) {
    const auto tasks =
        read_batch("{\"text\":\"make\",\"timeout\":30,\"hold\":true}\n\n"
                   "{\"command\":[\"a\",\"-b\"],\"after\":\"T\",\"label\":\"\\ud83d\\ude00\"}\n",
                   "tasks.jsonl");
    ASSERT_TRUE(tasks) << tasks.error().message;
    ASSERT_EQ(tasks->size(), 2U);
    EXPECT_EQ((*tasks)[0].text, "make");
    EXPECT_EQ((*tasks)[0].timeout, "30");
    EXPECT_TRUE((*tasks)[0].hold);
    EXPECT_EQ((*tasks)[1].command, (Words{"a", "-b"}));
    EXPECT_EQ((*tasks)[1].after, Words{"T"});
    EXPECT_EQ((*tasks)[1].label, "\xf0\x9f\x98\x80");
}

TEST(Batch, FlagsAreWhatAnyVersionOfYamlTakesForOne) {
    for (const char* word : {"true", "TRUE", "Yes", "on", "y", "'true'"}) {
        const auto tasks = read_batch(std::string("- text: a\n  hold: ") + word, "b.yaml");
        ASSERT_TRUE(tasks) << word;
        EXPECT_TRUE(tasks->front().hold) << word;
    }
    for (const char* word : {"false", "No", "OFF", "n"}) {
        const auto tasks = read_batch(std::string("- text: a\n  hold: ") + word, "b.yaml");
        ASSERT_TRUE(tasks) << word;
        EXPECT_FALSE(tasks->front().hold) << word;
    }
}

TEST(Batch, YamlListAndDocuments) {
    const auto list = read_batch("- text: make\n  env: [A=1, B]\n- plan: p.yaml\n", "b.yaml");
    ASSERT_TRUE(list) << list.error().message;
    ASSERT_EQ(list->size(), 2U);
    EXPECT_EQ((*list)[0].env, (Words{"A=1", "B"}));
    EXPECT_EQ((*list)[1].plan_file, "p.yaml");
    const auto documents = read_batch("---\ntext: one\n---\ntext: two\n", "b.yaml");
    ASSERT_TRUE(documents) << documents.error().message;
    EXPECT_EQ(documents->size(), 2U);
}

struct Bad {
    const char* content;
    const char* message;
};

class BadBatch : public testing::TestWithParam<Bad> {};

TEST_P(BadBatch, NamesFileLineAndKey) {
    const auto tasks = read_batch(GetParam().content, "b");
    ASSERT_FALSE(tasks);
    EXPECT_EQ(tasks.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(tasks.error().message.substr(0, std::string(GetParam().message).size()),
              GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadBatch,
    testing::Values(Bad{"{\"text\":\"a\"}\n{\"txet\":\"b\"}\n", "batch b:2: unknown key 'txet'"},
                    Bad{"{\"text\":\"a\"}\n{\"text\":\n", "batch b:2: no JSON: "},
                    Bad{"{\"text\":[]}", "batch b:1: key 'text': has to be a single value"},
                    Bad{"- text: a\n- lable: b\n", "batch b:2: unknown key 'lable'"},
                    Bad{"- text: a\n- just words\n", "batch b:2: a task is a mapping"},
                    Bad{"- command: make\n", "batch b:1: key 'command': has to be a list"},
                    Bad{"- text: a\n  hold: perhaps\n", "batch b:2: key 'hold': has to be true"},
                    Bad{"- text: [\n", "batch b:"}, Bad{"", "batch b: there is no task in it"}));

TEST(Batch, SuggestsTheNearestKey) {
    const auto tasks = read_batch("{\"dedupe-key\":\"x\"}", "b");
    ASSERT_FALSE(tasks);
    EXPECT_EQ(tasks.error().hint, "did you mean 'dedupe_key'?");
}

} // namespace
} // namespace loong::cli
