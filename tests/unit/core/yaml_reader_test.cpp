#include "base64.hpp"
#include "nasty_text.hpp"
#include "yaml_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace loong {
namespace {

using Documents = std::vector<YamlNode>;

YamlNode only_document(std::string_view text, const YamlRules& rules = {}) {
    auto parsed = parse_yaml(text, rules);
    if (const auto* problem = std::get_if<YamlProblem>(&parsed)) {
        ADD_FAILURE() << text << ": " << problem->why;
        return {};
    }
    Documents& documents = std::get<Documents>(parsed);
    EXPECT_EQ(documents.size(), 1U) << text;
    return documents.empty() ? YamlNode{} : std::move(documents.front());
}

std::string problem_in(std::string_view text, const YamlRules& rules = {}) {
    const auto parsed = parse_yaml(text, rules);
    const auto* problem = std::get_if<YamlProblem>(&parsed);
    if (problem == nullptr) return "none";
    return describe_place("f", problem->place) + ": " + problem->why;
}

TEST(YamlReader, EverythingKnowsItsPlace) {
    const YamlNode node = only_document("a: 1\nb:\n  - x\n  - {ä: 'y'}\n");
    EXPECT_EQ(describe_place("f", node.place), "f:1:1");
    EXPECT_EQ(describe_place("f", node.find("a")->place), "f:1:4");
    const YamlNode& list = *node.find("b");
    EXPECT_EQ(describe_place("f", list.items[0].place), "f:3:5");
    const YamlMember& member = list.items[1].members[0];
    EXPECT_EQ(member.key, "ä");
    EXPECT_EQ(describe_place("f", member.place), "f:4:6");
    EXPECT_EQ(describe_place("f", member.value.place), "f:4:9");
}

TEST(YamlReader, PlainScalarsAreResolvedAndOthersAreTexts) {
    const YamlNode node = only_document("[1, '1', ~, null, true, yes, !!str 1, ! 1, 0.5]");
    const std::vector<Value> expected = {1, "1", nullptr, nullptr, true, "yes", "1", "1", 0.5};
    ASSERT_EQ(node.items.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(node.items[i].scalar, expected[i]) << node.items[i].text;
    }
    EXPECT_FALSE(node.items[1].is_plain);
    EXPECT_TRUE(node.items[2].is_null());
}

TEST(YamlReader, WhereNothingIsResolvedEveryScalarIsWhatIsWritten) {
    const YamlNode node = only_document("[99999999999999999999, ~]", {.resolve_scalars = false});
    EXPECT_EQ(node.items[0].text, "99999999999999999999");
    EXPECT_TRUE(node.items[1].is_null());
}

TEST(YamlReader, NothingIsNoDocument) {
    for (const char* text : {"", "\n", "# a comment\n", "  \n\n"}) {
        EXPECT_TRUE(std::get<Documents>(parse_yaml(text, {})).empty()) << text;
    }
    EXPECT_EQ(std::get<Documents>(parse_yaml("a\n---\nb\n", {})).size(), 2U);
}

TEST(YamlReader, CharactersOfLaterVersionsOfYamlStandForThemselves) {
    // In YAML 1.1 the first three end a line; the others may not stand there at all.
    const std::string odd = "a\xc2\x85"
                            "b\xe2\x80\xa8"
                            "c\xe2\x80\xa9"
                            "d\xef\xbb\xbf"
                            "e\xef\xbf\xbf"
                            "f\xc2\x80g";
    // Among them what would have stood for them.
    const std::string text = odd + "\xf4\x80\x80\x85" + odd;
    for (const std::string& yaml :
         {text, '"' + text + '"', '\'' + text + '\'', "|-\n  " + text + "\n"}) {
        EXPECT_EQ(only_document(yaml).scalar, Value(text)) << yaml;
    }
    // Only at the very beginning a byte order mark is one.
    EXPECT_EQ(only_document("\xef\xbb\xbf" + text).scalar, Value(text));
}

TEST(YamlReader, BytesThatAreNoTextAreRefused) {
    for (const char* text :
         {"a: \xc2", "a: \xc2 b", "a: \xe2\x80", "a: \xef", "\xc2\x41", "a: \xf4\x80\x80\xc2"}) {
        EXPECT_TRUE(problem_in(text).ends_with("the text is not UTF-8")) << text;
    }
}

TEST(YamlReader, AliasesStandForWhatTheyName) {
    const YamlNode node = only_document("a: &x [1, 2]\nb: *x\n");
    EXPECT_EQ(to_value(*node.find("a")), to_value(*node.find("b")));
    EXPECT_EQ(problem_in("a: *x\n"), "f:1:4: nothing is named '&x' before");
    EXPECT_EQ(problem_in("&x [*x]\n"), "f:1:5: the alias stands inside of what it refers to");
}

TEST(YamlReader, LimitsHold) {
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x]\n";
    for (char name = 'b'; name < 'm'; ++name) {
        const std::string before = std::string("*") + static_cast<char>(name - 1);
        bomb += std::string(1, name) + ": &" + name + " [" + before + ", " + before + ", " +
                before + ", " + before + "]\n";
    }
    EXPECT_TRUE(problem_in(bomb).ends_with("there is too much in it")) << problem_in(bomb);
    EXPECT_EQ(problem_in(std::string(600, '[') + std::string(600, ']')),
              "f:1:501: it is nested too deeply");
    EXPECT_EQ(problem_in("[a, b, c]", {.weight_limit = 3}), "f:1:8: there is too much in it");
}

TEST(YamlReader, ProblemsSayWhereAndWhat) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a: 1\na: 2\n", "f:2:1: key 'a': stands here twice"},
        {"[1]: 2\n", "f:1:1: a key has to be a text"},
        {"a: !odd 1\n", "f:1:4: the tag '!odd' has no meaning here"},
        {"a: !!binary aGk=\n", "f:1:4: the tag 'tag:yaml.org,2002:binary' has no meaning here"},
        {"a: 99999999999999999999\n", "f:1:4: the number is too large"},
        {"ä: \x01\n", "f:1:4: the control character \\x01 may not stand in YAML"},
        {"a\nb \xff\n", "f:2:3: the text is not UTF-8"},
        {"a: [1, 2\n", "f:2:1: did not find expected ',' or ']', while parsing a flow sequence "
                       "that begins in line 1, column 4"},
        {"a: b: c\n", "f:1:5: mapping values are not allowed in this context"},
    };
    for (const auto& [text, expected] : cases) EXPECT_EQ(problem_in(text), expected) << text;
}

TEST(YamlReader, BytesWhereTheyAreAllowed) {
    const YamlRules rules{.allow_binary = true};
    EXPECT_EQ(only_document("!!binary \"aGk=\"", rules).text, "hi");
    EXPECT_EQ(problem_in("!!binary \"aGk\"", rules), "f:1:1: this is no valid base64");
}

TEST(Base64, ReadsWhatItWrites) {
    test::Random random(3);
    for (int round = 0; round < 2'000; ++round) {
        const std::string bytes = random.text();
        ASSERT_EQ(decode_base64(encode_base64(bytes)), bytes);
    }
    EXPECT_EQ(encode_base64(""), "");
    EXPECT_EQ(encode_base64("f"), "Zg==");
    EXPECT_EQ(encode_base64("fo"), "Zm8=");
    EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(decode_base64("Zm9v\n YmFy"), "foobar");
}

TEST(Base64, TellsWhatIsNone) {
    for (const char* text : {"_", "Zg", "Zg=", "Zh==", "Z===", "====", "Zg==Zg==", "Zm9v\x01"}) {
        EXPECT_FALSE(decode_base64(text)) << text;
    }
}

} // namespace
} // namespace loong
