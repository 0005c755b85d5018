#include "yaml_text.hpp"

#include "base64.hpp"
#include "json.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>

namespace loong {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_plain_character(char c) {
    constexpr std::string_view others = "_./@+=-% ";
    return is_letter(c) || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
}

/// Words that some version of YAML takes for something else than a text.
bool is_reserved(std::string_view text) {
    constexpr std::array<std::string_view, 9> words = {"null", "true", "false", "yes", "no",
                                                       "on",   "off",  "y",     "n"};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::find(words.begin(), words.end(), lower) != words.end();
}

/// Strict on purpose: a text that begins with a letter or as a path and holds nothing that has a
/// meaning anywhere in YAML, not even inside brackets.
bool is_safe_plain(std::string_view text) {
    if (text.empty() || text.size() > 200 || text.back() == ' ') return false;
    const bool starts_well = is_letter(text.front()) || text.front() == '/' ||
                             text.front() == '_' || text.starts_with("./");
    return starts_well && std::all_of(text.begin(), text.end(), is_plain_character) &&
           !is_reserved(text);
}

/// Whether all of the (valid) text shows as itself: no controls but tab and newline, no other line
/// ends, no byte order mark.
bool is_printable(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto code = static_cast<unsigned char>(text[at]);
        if (code == 0x7f || (code < 0x20 && text[at] != '\n' && text[at] != '\t')) return false;
        if (code == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) return false;
    }
    return text.find("\xe2\x80\xa8") == std::string_view::npos &&
           text.find("\xe2\x80\xa9") == std::string_view::npos &&
           text.find("\xef\xbb\xbf") == std::string_view::npos;
}

/// What is certain to survive as a literal block: printable lines, none of them of blanks alone,
/// the first neither empty nor indented, at most one newline at the end.
bool is_safe_literal(std::string_view text) {
    if (text.find('\n') == std::string_view::npos || text.ends_with("\n\n")) return false;
    if (std::string_view(" \t\n").find(text.front()) != std::string_view::npos) return false;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = text.substr(start, end - start);
        if (!line.empty() && line.find_first_not_of(" \t") == std::string_view::npos) return false;
        start = end + 1;
    }
    return is_printable(text);
}

void append_indent(std::string& out, int indent) {
    out.append(static_cast<std::size_t>(indent), ' ');
}

void append_items(std::string& out, const Value::Array& items, int indent) {
    out += '\n';
    for (const Value& item : items) {
        append_indent(out, indent);
        out += '-';
        append_yaml_value(out, item, indent + 2);
    }
}

void append_members(std::string& out, const Value::Object& members, int indent) {
    out += '\n';
    for (const auto& [key, item] : members) {
        append_yaml_key(out, key, indent);
        append_yaml_value(out, item, indent + 2);
    }
}

} // namespace

void append_yaml_scalar(std::string& out, std::string_view text) {
    if (is_safe_plain(text)) {
        out += text;
    } else if (is_utf8(text)) {
        append_json(out, text);
    } else {
        out += "!!binary \"" + encode_base64(text) + '"';
    }
}

void append_yaml_key(std::string& out, std::string_view key, int indent) {
    // YAML allows 1024 characters; beyond that readers do not look for the colon.
    constexpr std::size_t longest = 1000;
    append_indent(out, indent);
    const std::size_t start = out.size();
    append_yaml_scalar(out, key);
    if (out.size() - start > longest) {
        out.insert(start, "? ");
        out += '\n';
        append_indent(out, indent);
    }
    out += ':';
}

void append_yaml_text(std::string& out, std::string_view text, int indent) {
    if (!is_utf8(text) || !is_safe_literal(text)) {
        append_yaml_scalar(out, text);
        out += '\n';
        return;
    }
    out += text.back() == '\n' ? "|\n" : "|-\n";
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        if (end > start) append_indent(out, indent);
        out += text.substr(start, end - start);
        out += '\n';
        start = end + 1;
    }
}

void append_yaml_value(std::string& out, const Value& value, int indent) {
    const Value::Array* items = value.as_array();
    const Value::Object* members = value.as_object();
    // A hundred levels of indentation are nothing that a person reads any more.
    const bool is_block = indent < 200;
    if (items != nullptr && !items->empty() && is_block) {
        append_items(out, *items, indent);
    } else if (members != nullptr && !members->empty() && is_block) {
        append_members(out, *members, indent);
    } else if (const std::string* text = value.as_string()) {
        out += ' ';
        append_yaml_text(out, *text, indent);
    } else {
        out += ' ';
        append_json(out, value);
        out += '\n';
    }
}

} // namespace loong
