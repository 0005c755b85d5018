#include "json_writer.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

TEST(JsonWriter, KeepsOrderAndIndentsByTwo) {
    Value inner;
    inner.set("z", Value());
    inner.set("a", Value::Array{1, 2.5, true});
    Value value;
    value.set("schema", 1);
    value.set("inner", inner);
    value.set("empty", Value::Object{});
    value.set("none", Value::Array{});
    EXPECT_EQ(to_json(value), "{\n"
                              "  \"schema\": 1,\n"
                              "  \"inner\": {\n"
                              "    \"z\": null,\n"
                              "    \"a\": [\n"
                              "      1,\n"
                              "      2.5,\n"
                              "      true\n"
                              "    ]\n"
                              "  },\n"
                              "  \"empty\": {},\n"
                              "  \"none\": []\n"
                              "}\n");
}

TEST(JsonWriter, OneLine) {
    Value value;
    value.set("id", std::int64_t{9007199254740993});
    value.set("text", "a");
    EXPECT_EQ(to_json_line(value), "{\"id\":9007199254740993,\"text\":\"a\"}\n");
}

TEST(JsonWriter, EscapesAndReplaces) {
    const std::string text = "\"\\\n\t\r\x1b\x7f\xff\xc3\xa9\xe2\x82";
    EXPECT_EQ(to_json_line(Value(text)),
              "\"\\\"\\\\\\n\\t\\r\\u001b\\u007f\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\"\n");
}

} // namespace
} // namespace loong::cli
