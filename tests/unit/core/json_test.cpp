#include "json.hpp"
#include "nasty_text.hpp"
#include "text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace loong {
namespace {

using ::testing::HasSubstr;

std::string json(const Value& value) {
    std::string out;
    append_json(out, value);
    return out;
}

Value parsed_json(std::string_view text) {
    Result<Value> value = parse_json(text);
    EXPECT_TRUE(value) << text;
    return value ? std::move(*value) : Value();
}

TEST(Json, WritesOneLineInOrder) {
    Value value;
    value.set("b", 1);
    value.set("a", Value::Array{true, nullptr, "x\ny", 1.5});
    EXPECT_EQ(json(value), R"({"b":1,"a":[true,null,"x\ny",1.5]})");
    EXPECT_EQ(json(Value::Object{}), "{}");
    EXPECT_EQ(json(Value::Array{}), "[]");
}

TEST(Json, IntegersStayIntegersAndDoublesDoubles) {
    using Limits = std::numeric_limits<std::int64_t>;
    for (const std::int64_t number :
         {std::int64_t{0}, Limits::max(), Limits::min(), Limits::min() + 1, std::int64_t{1} << 53,
          (std::int64_t{1} << 53) + 1}) {
        const Value back = parsed_json(json(number));
        ASSERT_NE(back.as_integer(), nullptr);
        EXPECT_EQ(*back.as_integer(), number);
    }
    for (const double number : {0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, 1.7976931348623157e308,
                                123456789.123456789, 1.0 / 3.0, 9007199254740993.0}) {
        const Value back = parsed_json(json(number));
        ASSERT_NE(back.as_double(), nullptr) << json(number);
        EXPECT_EQ(*back.as_double(), number);
        EXPECT_EQ(std::signbit(*back.as_double()), std::signbit(number));
    }
    EXPECT_EQ(json(std::nan("")), "null");
    EXPECT_EQ(json(HUGE_VAL), "null");
    EXPECT_NE(parsed_json("18446744073709551615").as_double(), nullptr);
}

TEST(Json, RandomDoublesComeBackExactly) {
    std::mt19937_64 random(11);
    int tried = 0;
    while (tried < 20'000) {
        const std::uint64_t bits = random();
        const auto number = std::bit_cast<double>(bits);
        if (!std::isfinite(number)) continue;
        ++tried;
        ASSERT_EQ(*parsed_json(json(number)).as_double(), number) << json(number);
    }
}

TEST(Json, EveryTextIsOneValidLine) {
    for (const std::string& text : test::nasty_texts()) {
        std::string out;
        append_json(out, std::string_view(text));
        EXPECT_TRUE(is_utf8(out));
        EXPECT_EQ(out.find_first_of("\n\r\x1b\x7f"), std::string::npos);
        const Value back = parsed_json(out);
        ASSERT_NE(back.as_string(), nullptr) << out;
        EXPECT_EQ(*back.as_string(), make_utf8(text));
    }
}

TEST(Json, BytesThatAreNoUtf8AreReplaced) {
    const std::string mark = "\xef\xbf\xbd";
    EXPECT_EQ(make_utf8("a\xff"
                        "b"),
              "a" + mark + "b");
    EXPECT_EQ(make_utf8("\xc3"), mark);
    EXPECT_EQ(make_utf8("\xed\xa0\x80"), mark + mark + mark);
    EXPECT_EQ(make_utf8("\xf0\x82\x82\xac"), mark + mark + mark + mark);
    EXPECT_EQ(make_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark);
    EXPECT_EQ(make_utf8("\xc0\x80"), mark + mark);
    EXPECT_EQ(make_utf8("gr\xc3\xbcn \xf0\x9f\x90\x89"), "gr\xc3\xbcn \xf0\x9f\x90\x89");
    test::Random random(3);
    for (int round = 0; round < 5'000; ++round) {
        const std::string text = random.text();
        const std::string made = make_utf8(text);
        ASSERT_TRUE(is_utf8(made));
        ASSERT_EQ(made == text, is_utf8(text));
    }
}

TEST(Json, WhatIsNoJsonIsRefused) {
    for (const std::string text : {"",
                                   " ",
                                   "{",
                                   "}",
                                   "[1,]",
                                   "{\"a\":}",
                                   "{\"a\":1,}",
                                   "{a:1}",
                                   "'a'",
                                   "01",
                                   "+1",
                                   "1.",
                                   ".5",
                                   "nul",
                                   "\"\x01\"",
                                   "\"\xff\"",
                                   R"("\ud800")",
                                   R"("\x41")",
                                   "1 2",
                                   "{} {}",
                                   "// c\n1",
                                   "NaN",
                                   "Infinity",
                                   "1e",
                                   "[1 2]",
                                   R"({"a":1,"a":2})"}) {
        const Result<Value> value = parse_json(text);
        ASSERT_FALSE(value) << text;
        EXPECT_EQ(value.error().code, ErrorCode::store_corrupt);
    }
    EXPECT_THAT(parse_json("[1,x]").error().message, HasSubstr("byte 4"));
}

TEST(Json, DepthHasALimit) {
    const auto nested = [](int depth) {
        return std::string(static_cast<std::size_t>(depth), '[') +
               std::string(static_cast<std::size_t>(depth), ']');
    };
    EXPECT_TRUE(parse_json(nested(max_json_depth)));
    EXPECT_FALSE(parse_json(nested(max_json_depth + 1)));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
    Value deep;
    for (int depth = 0; depth < 1000; ++depth) deep = Value::Array{std::move(deep)};
    EXPECT_TRUE(parse_json(json(deep)));
}

TEST(Json, ManyKeysAreCheckedForDoubles) {
    Value many;
    Value::Object& members = *(many = Value::Object{}).as_object();
    for (int at = 0; at < 5'000; ++at) members.emplace_back("key" + std::to_string(at), at);
    EXPECT_EQ(parsed_json(json(many)), many);
    members.emplace_back("key4711", 0);
    EXPECT_FALSE(parse_json(json(many)));
}

} // namespace
} // namespace loong
