#include "output_filter.hpp"

#include "text.hpp"
#include "utf8.hpp"

#include <utility>

namespace loong::cli {
namespace {

constexpr char escape = '\x1b';
// Longer ones are no colours that anybody means.
constexpr std::size_t longest_sequence = 64;

enum class Sequence { none, unfinished, colour };

// Looks at a text that starts with ESC; `length` is that of the colour sequence.
Sequence look(std::string_view text, std::size_t& length) {
    if (text.size() == 1) return Sequence::unfinished;
    if (text[1] != '[') return Sequence::none;
    for (std::size_t i = 2; i < text.size() && i < longest_sequence; ++i) {
        if (text[i] == 'm') {
            length = i + 1;
            return Sequence::colour;
        }
        const bool parameter =
            (text[i] >= '0' && text[i] <= '9') || text[i] == ';' || text[i] == ':';
        if (!parameter) return Sequence::none;
    }
    return text.size() < longest_sequence ? Sequence::unfinished : Sequence::none;
}

bool needs_a_look(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code == '\n' || code == '\t' || code == static_cast<unsigned char>(escape);
}

// How many bytes at the end may be the beginning of a character.
std::size_t unfinished_tail(std::string_view text) {
    for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
        const Character character = first_character(text.substr(text.size() - back));
        if (character.unfinished) return back;
        if (character.valid) return 0;
    }
    return 0;
}

} // namespace

std::string OutputFilter::pass(std::string_view bytes) {
    const std::string text = std::exchange(held_back_, std::string()).append(bytes);
    std::string_view rest = text;
    std::string shown;
    while (!rest.empty()) {
        std::size_t length = 1;
        if (rest.front() == escape) {
            const Sequence sequence = look(rest, length);
            if (sequence == Sequence::unfinished) break;
            if (sequence == Sequence::colour) coloured_ = true;
            const std::string_view part = rest.substr(0, length);
            shown += sequence == Sequence::colour ? std::string(part) : escape_controls(part);
        } else if (needs_a_look(rest.front())) {
            shown += rest.front();
        } else {
            for (length = 0; length < rest.size() && !needs_a_look(rest[length]);) ++length;
            const bool at_end = length == rest.size();
            if (at_end) length -= unfinished_tail(rest);
            shown += escape_controls(rest.substr(0, length));
            if (length == 0 || (at_end && length < rest.size())) {
                rest.remove_prefix(length);
                break;
            }
        }
        rest.remove_prefix(length);
    }
    held_back_ = rest;
    return shown;
}

std::string OutputFilter::finish() {
    std::string shown = escape_controls(std::exchange(held_back_, std::string()));
    if (std::exchange(coloured_, false)) shown += "\x1b[0m";
    return shown;
}

} // namespace loong::cli
