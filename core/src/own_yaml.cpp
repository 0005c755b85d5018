#include "own_yaml.hpp"

#include "json.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace loong {

namespace {

using Kind = DocumentNode::Kind;
using Style = DocumentNode::Style;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What has no meaning of its own anywhere in YAML, but at the beginning of a scalar.
bool is_plain(char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("_./@+=-% ").find(c) != std::string_view::npos;
}

bool is_plain_scalar(std::string_view text) {
    constexpr std::array<std::string_view, 3> nulls{"null", "Null", "NULL"};
    if (text.empty() || text.back() == ' ') return false;
    const bool negative = text.size() > 1 && text[0] == '-' && is_digit(text[1]);
    const bool starts_well = is_letter(text[0]) || is_digit(text[0]) || text[0] == '/' ||
                             text[0] == '_' || text[0] == '.' || negative;
    return starts_well && std::all_of(text.begin(), text.end(), is_plain) &&
           std::find(nulls.begin(), nulls.end(), text) == nulls.end();
}

/// Neither control characters, nor what some reader takes for the end of a line or for a mark.
bool is_harmless(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto code = static_cast<unsigned char>(text[at]);
        if ((code < 0x20 && code != '\n') || code == 0x7f) return false;
        if (code == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) return false;
    }
    return text.find("\xe2\x80\xa8") == std::string_view::npos &&
           text.find("\xe2\x80\xa9") == std::string_view::npos &&
           text.find("\xef\xbb\xbf") == std::string_view::npos;
}

/// Goes through the text once, line by line. Whatever it does not expect makes it fail for good.
class OwnYamlReader {
public:
    explicit OwnYamlReader(std::string_view text) : rest_(text) {}

    std::optional<DocumentNode> read() {
        DocumentNode document = read_mapping(0);
        if (failed_ || !rest_.empty()) return std::nullopt;
        return document;
    }

private:
    void fail() {
        failed_ = true;
        rest_ = {};
    }

    bool skip(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }

    /// Of the line that begins here.
    [[nodiscard]] std::size_t indent() const {
        return std::min(rest_.find_first_not_of(' '), rest_.size());
    }

    /// Whether a line of this indent begins here that is, or is not, an item of a list.
    [[nodiscard]] bool is_line_at(std::size_t wanted, bool item) const {
        return indent() == wanted && wanted < rest_.size() && (rest_[wanted] == '-') == item;
    }

    DocumentNode read_mapping(std::size_t at) {
        DocumentNode mapping;
        mapping.kind = Kind::mapping;
        while (is_line_at(at, false)) {
            rest_.remove_prefix(at);
            mapping.items.push_back(read_key());
            if (!skip(":")) fail();
            mapping.items.push_back(skip("\n") ? read_block(at + indent_step) : read_line(at));
        }
        if (mapping.items.empty()) fail();
        return mapping;
    }

    DocumentNode read_sequence(std::size_t at) {
        DocumentNode sequence;
        sequence.kind = Kind::sequence;
        while (is_line_at(at, true)) {
            rest_.remove_prefix(at + 1);
            sequence.items.push_back(read_line(at));
        }
        return sequence;
    }

    DocumentNode read_block(std::size_t at) {
        if (at > deepest) fail();
        return is_line_at(at, true) ? read_sequence(at) : read_mapping(at);
    }

    DocumentNode read_key() {
        // Beyond that length no reader has to look for the colon.
        constexpr std::size_t longest = 1000;
        DocumentNode key = rest_.starts_with('"') ? read_quoted() : read_plain(":\n");
        if (key.text.size() > longest) fail();
        return key;
    }

    /// What follows a key or a hyphen in its line, which is indented by `at`.
    DocumentNode read_line(std::size_t at) {
        DocumentNode node;
        if (!skip(" ")) fail();
        if (skip("|-\n")) return read_literal(at + indent_step, false);
        if (skip("|\n")) return read_literal(at + indent_step, true);
        if (skip("[]")) {
            node.kind = Kind::sequence;
        } else if (skip("!!binary ")) {
            node = read_quoted();
            node.style = Style::binary;
        } else if (rest_.starts_with('"')) {
            node = read_quoted();
        } else {
            node = read_plain("\n");
        }
        if (!skip("\n")) fail();
        return node;
    }

    DocumentNode read_plain(std::string_view ends) {
        DocumentNode node;
        node.kind = Kind::scalar;
        node.style = Style::plain;
        node.text = rest_.substr(0, rest_.find_first_of(ends));
        if (!is_plain_scalar(node.text)) fail();
        if (!failed_) rest_.remove_prefix(node.text.size());
        return node;
    }

    DocumentNode read_quoted() {
        DocumentNode node;
        node.kind = Kind::scalar;
        std::size_t end = 1;
        bool escapes = false;
        while (end < rest_.size() && rest_[end] != '"' && rest_[end] != '\n') {
            escapes = escapes || rest_[end] == '\\';
            end += rest_[end] == '\\' ? std::size_t{2} : std::size_t{1};
        }
        if (end >= rest_.size() || rest_[end] != '"') {
            fail();
            return node;
        }
        const std::string_view quoted = rest_.substr(0, end + 1);
        node.text = quoted.substr(1, end - 1);
        if (escapes) {
            // The two differ in what two halves of one character mean.
            const Result<Value> value = parse_json(quoted);
            const std::string* text = value ? value->as_string() : nullptr;
            if (text == nullptr || quoted.find("\\ud") != std::string_view::npos ||
                quoted.find("\\uD") != std::string_view::npos) {
                fail();
                return node;
            }
            node.text = *text;
        }
        rest_.remove_prefix(quoted.size());
        return node;
    }

    /// Lines of a text, indented by `at`; with `newline` the last one has its end.
    DocumentNode read_literal(std::size_t at, bool newline) {
        DocumentNode node;
        node.kind = Kind::scalar;
        bool blank = true;
        while (!rest_.empty() && (rest_[0] == '\n' || indent() >= at)) {
            const bool first = node.text.empty();
            blank = rest_[0] == '\n';
            if (!blank) rest_.remove_prefix(at);
            const std::size_t end = rest_.find('\n');
            // Where the first line begins tells the indent; blanks at the end may not count.
            const bool odd = end == std::string_view::npos ||
                             (first && (blank || rest_[0] == ' ')) ||
                             (!blank && rest_.find_first_not_of(' ') == end);
            if (odd) {
                fail();
                return node;
            }
            node.text += rest_.substr(0, end + 1);
            rest_.remove_prefix(end + 1);
        }
        if (blank) fail();
        if (!newline && !node.text.empty()) node.text.pop_back();
        return node;
    }

    static constexpr std::size_t indent_step = 2;
    static constexpr std::size_t deepest = 40;

    std::string_view rest_;
    bool failed_ = false;
};

} // namespace

std::optional<DocumentNode> read_own_yaml(std::string_view text) {
    if (!is_utf8(text) || !is_harmless(text)) return std::nullopt;
    return OwnYamlReader(text).read();
}

} // namespace loong
