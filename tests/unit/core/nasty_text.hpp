#pragma once
/// Texts that have broken one format or another, and random ones.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace loong::test {

[[nodiscard]] inline const std::vector<std::string>& nasty_texts() {
    using namespace std::string_literals;
    static const std::vector<std::string> all = {
        "",
        " ",
        "plain",
        "two words",
        "trailing ",
        " leading",
        "-",
        "- item",
        "--- ",
        "...",
        "?",
        ": ",
        "a: b",
        "a #comment",
        "#",
        "null",
        "NULL",
        "~",
        "true",
        "Yes",
        "off",
        "n",
        "12",
        "-1",
        "0x1f",
        "1e5",
        ".5",
        ".inf",
        "1_000",
        "2026-01-02",
        "12:30:45",
        "<<",
        "=",
        "!tag",
        "&anchor",
        "*alias",
        "%directive",
        "@at",
        "`tick`",
        "'single'",
        "\"double\"",
        "back\\slash",
        "[a, b]",
        "{a: b}",
        "a, b",
        "key",
        "\n",
        "\n\n",
        "one\n",
        "one\ntwo",
        "one\ntwo\n",
        "one\ntwo\n\n",
        "\none",
        " indented\nnot",
        "not\n  indented\nagain",
        "a\n \nb",
        "a\n\t\nb",
        "a\n\nb\n",
        "\tx\ny",
        "x\n\ty\n",
        "a\r\nb",
        "a\rb",
        "tab\there",
        "---\n...\n",
        "# not\n# comments\n",
        "a: |\n  b\n",
        "nul\0inside"s,
        "\x01\x02\x1b[31mred\x7f",
        "next\xc2\x85line",
        "separators\xe2\x80\xa8\xe2\x80\xa9",
        "\xef\xbb\xbfmark",
        "turned \xe2\x80\xae around",
        "gr\xc3\xbc\xc3\x9f"
        "e",
        "\xf0\x9f\x90\x89 dragon\nand another \xf0\x9f\x90\x89",
        "\xc2\x80\xc2\x9f",
        "bad \xff byte",
        "\xc3",
        "\xed\xa0\x80",
        "\xf8\x88\x80\x80\x80",
        "line\nbad \xfe byte\n",
        std::string(300, 'x'),
        std::string(200, ' '),
        std::string(5000, '\n'),
        "\\n is not a newline",
        "\\u0041",
        "x\nlong line " + std::string(2000, 'y') + "\nz",
    };
    return all;
}

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}

    /// 0 to `below` - 1.
    [[nodiscard]] std::size_t number(std::size_t below) { return engine_() % below; }
    [[nodiscard]] bool chance(std::size_t one_in) { return number(one_in) == 0; }

    /// A nasty text, or random bytes or characters that have a meaning somewhere.
    [[nodiscard]] std::string text() {
        if (chance(2)) return nasty_texts()[number(nasty_texts().size())];
        static const std::string characters = " \t\n-:#,[]{}&*!|>'\"%@`?=~azAZ09.\\/\x1b\xc3\xbc";
        std::string text;
        for (std::size_t left = number(24); left > 0; --left) {
            text +=
                chance(12) ? static_cast<char>(number(256)) : characters[number(characters.size())];
        }
        return text;
    }

private:
    std::mt19937 engine_;
};

} // namespace loong::test
