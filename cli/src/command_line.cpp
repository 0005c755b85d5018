#include "command_line.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

bool takes_value(const std::string& word) { return word == "--config" || word == "--session"; }

bool is_option(const std::string& word) { return word.size() > 1 && word.front() == '-'; }

} // namespace

CommandLine split_command_line(const std::vector<std::string>& words,
                               const std::vector<std::string>& nouns_without_verb) {
    CommandLine line;
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (dashes != words.end()) line.behind.emplace(dashes + 1, words.end());
    bool whole = false;
    for (auto word = words.begin(); word != dashes; ++word) {
        if (*word == "--json") line.json = true;
        if (*word == "--help" || *word == "-h") line.help = true;
        if (!whole && *word == "--version") line.version = true;
        if (whole || is_option(*word)) {
            if (*word != "--help" && *word != "-h") line.words.push_back(*word);
            if (!whole && takes_value(*word) && word + 1 != dashes) line.words.push_back(*++word);
        } else if (line.noun.empty()) {
            line.noun = *word;
            whole = std::find(nouns_without_verb.begin(), nouns_without_verb.end(), *word) !=
                    nouns_without_verb.end();
        } else {
            line.verb = *word;
            whole = true;
        }
    }
    return line;
}

} // namespace loong::cli
