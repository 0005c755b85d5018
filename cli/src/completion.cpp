#include "completion.hpp"

#include "text.hpp"
#include "verb_table.hpp"

#include <algorithm>
#include <optional>

namespace loong::cli {
namespace {

using Option = OptionTable::Option;

constexpr std::size_t longest_description = 60;

bool is_option_word(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

/// What can be the value of an option, or an argument, by the word that its help names it with.
class Values {
public:
    Values(CompletionSource& source, std::string command, std::string word)
        : source_(source),
          command_(std::move(command)),
          word_(std::move(word)) {}

    Completed named(std::string_view placeholder) {
        Completed completed;
        std::vector<Candidate>& found = completed.candidates;
        if (placeholder == "TASK" || placeholder == "TASK...") {
            found = source_.tasks(command_, word_);
        } else if (placeholder == "TASK/R") {
            found = source_.requests();
        } else if (placeholder == "SESSION") {
            found = source_.sessions(word_);
        } else if (placeholder == "GLOB") {
            found = source_.labels();
        } else if (placeholder == "PLUGIN") {
            found = source_.plugins();
            completed.other = Completed::Other::files;
        } else if (placeholder == "TOOL[:PREFIX]") {
            for (const char* tool :
                 {"shell.exec", "fs.read", "fs.write", "net.connect", "task.create"}) {
                found.push_back({tool, {}});
            }
        } else if (placeholder == "DIR") {
            completed.other = Completed::Other::directories;
        } else if (placeholder == "FILE" || placeholder == "PLAN.yaml" || placeholder == "CONFIG") {
            completed.other = Completed::Other::files;
        }
        return completed;
    }

    Completed of(const Option& option) {
        if (!option.words.empty()) {
            Completed completed;
            for (const std::string& one : option.words) completed.candidates.push_back({one, {}});
            return completed;
        }
        Completed completed;
        if (option.name == "--runtime") {
            completed.candidates = source_.runtimes();
        } else if (option.name == "--session" || option.name == "--session-id" ||
                   option.name == "--parent-session-id") {
            completed.candidates = source_.sessions(word_);
        } else {
            completed = named(option.placeholder);
        }
        return completed;
    }

private:
    CompletionSource& source_;
    std::string command_;
    std::string word_;
};

/// Keeps those that begin with what is there; where none does, what was found in another way (by
/// the ending of an id, say) stays.
void keep_matching(std::vector<Candidate>& candidates, const std::string& word) {
    std::vector<Candidate> matching;
    for (const Candidate& candidate : candidates) {
        if (candidate.word.starts_with(word)) matching.push_back(candidate);
    }
    const auto is_task = [](const Candidate& one) { return one.word.starts_with("task-"); };
    const bool all_tasks = std::all_of(candidates.begin(), candidates.end(), is_task);
    if (matching.empty() && all_tasks) return;
    candidates = std::move(matching);
}

Completed nouns_for(const std::string& word) {
    Completed completed;
    for (const std::string& noun : nouns()) {
        std::string description;
        for (const VerbEntry& entry : all_verbs()) {
            if (noun != entry.noun || entry.hidden) continue;
            if (*entry.verb == '\0')
                description = entry.summary;
            else
                description += (description.empty() ? "" : ", ") + std::string(entry.verb);
        }
        completed.candidates.push_back({noun, description});
    }
    if (is_option_word(word) || word == "-") {
        completed.candidates = {{"--help", "what there is"}, {"--version", "which loong this is"}};
    }
    return completed;
}

Completed verbs_for(const std::string& noun) {
    Completed completed;
    for (const VerbEntry& entry : all_verbs()) {
        if (noun == entry.noun && !entry.hidden) {
            completed.candidates.push_back({entry.verb, entry.summary});
        }
    }
    return completed;
}

void add_flags(std::vector<Candidate>& candidates, const OptionTable& table) {
    const auto add = [&](std::span<const Option> options) {
        for (const Option& option : options) {
            candidates.push_back({option.names().back(), option.help});
        }
    };
    add(table.own_options());
    add(table.global_options());
    candidates.push_back({"--help", "how to use it"});
}

/// What may stand at the place of the `index`th argument, by the verb's usage line.
std::string argument_named(const std::string& usage, std::size_t index) {
    std::vector<std::string> words(1);
    for (const char c : usage) {
        if (c == ' ')
            words.emplace_back();
        else if (c != '[' && c != ']')
            words.back() += c;
    }
    if (index < words.size()) return words[index];
    return words.back().ends_with("...") ? words.back() : std::string();
}

/// One verb's part of the line.
class VerbLine {
public:
    VerbLine(const VerbEntry& entry, CompletionSource& source)
        : declared_(entry),
          source_(source),
          command_(command_of(entry).substr(std::string_view("loong ").size())) {}

    Completed complete(const std::vector<std::string>& before, const std::string& word) {
        std::size_t arguments = 0;
        const Option* waiting = nullptr;
        for (const std::string& one : before) {
            if (waiting != nullptr) {
                waiting = nullptr;
            } else if (one == "--") {
                return behind_dashes(arguments);
            } else if (is_option_word(one)) {
                const Option* option = declared_.table.find_option(one.substr(0, one.find('=')));
                const bool has_value = one.find('=') != std::string::npos;
                if (option != nullptr && option->takes_value() && !has_value) waiting = option;
            } else {
                ++arguments;
            }
        }
        Completed completed;
        if (waiting != nullptr) {
            completed = Values(source_, command_, word).of(*waiting);
            keep_matching(completed.candidates, word);
        } else if (const std::size_t equals = word.find('=');
                   is_option_word(word) && equals != std::string::npos) {
            completed = value_behind_equals(word, equals);
        } else if (is_option_word(word) || word == "-") {
            add_flags(completed.candidates, declared_.table);
            keep_matching(completed.candidates, word);
        } else {
            completed = argument(arguments, word);
            keep_matching(completed.candidates, word);
        }
        return completed;
    }

private:
    Completed behind_dashes(std::size_t) {
        Completed completed;
        if (declared_.verb->takes_command()) completed.other = Completed::Other::commands;
        return completed;
    }

    Completed value_behind_equals(const std::string& word, std::size_t equals) {
        const Option* option = declared_.table.find_option(word.substr(0, equals));
        if (option == nullptr || !option->takes_value()) return {};
        const std::string value = word.substr(equals + 1);
        Completed completed = Values(source_, command_, value).of(*option);
        keep_matching(completed.candidates, value);
        for (Candidate& candidate : completed.candidates) {
            candidate.word.insert(0, word.substr(0, equals + 1));
        }
        completed.other = Completed::Other::none;
        return completed;
    }

    Completed argument(std::size_t index, const std::string& word) {
        const std::string& usage = declared_.table.positional_usage();
        const std::string name = argument_named(usage, index);
        if (name == "runtime|store") return {{{"runtime", {}}, {"store", {}}}, {}};
        if (name == "bash|zsh|fish") return {{{"bash", {}}, {"zsh", {}}, {"fish", {}}}, {}};
        return Values(source_, command_, word).named(name);
    }

    DeclaredVerb declared_;
    CompletionSource& source_;
    std::string command_;
};

/// Where the noun and the verb stand; `words.size()` where they do not yet.
struct Place {
    std::size_t noun = 0;
    std::size_t verb = 0;
    /// A value of a global option is being typed.
    bool in_value = false;
};

Place find_place(const std::vector<std::string>& words) {
    Place place{words.size(), words.size(), false};
    // The last word is the one being typed: it is not there yet.
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] == "--config" || words[i] == "--session") {
            if (++i + 1 >= words.size()) place.in_value = true;
        } else if (!is_option_word(words[i])) {
            if (place.noun == words.size()) {
                place.noun = i;
                continue;
            }
            place.verb = i;
            break;
        }
    }
    return place;
}

} // namespace

GlobalOptions globals_on(const std::vector<std::string>& words) {
    GlobalOptions globals;
    for (std::size_t i = 0; i + 1 < words.size() && words[i] != "--"; ++i) {
        const auto take = [&](const std::string& name, std::optional<std::string>& into) {
            if (words[i] == name && i + 2 < words.size()) into = words[i + 1];
            if (words[i].starts_with(name + "=")) into = words[i].substr(name.size() + 1);
        };
        take("--config", globals.config_file);
        take("--session", globals.session_id);
        if (words[i] == "--all-sessions") globals.all_sessions = true;
    }
    return globals;
}

Completed complete_line(const std::vector<std::string>& words, CompletionSource& source) {
    const std::string word = words.empty() ? std::string() : words.back();
    const Place place = find_place(words);
    const auto entry_of = [&](const std::string& noun, const std::string& verb) {
        const std::span<const VerbEntry> all = all_verbs();
        return std::find_if(all.begin(), all.end(), [&](const VerbEntry& one) {
            return noun == one.noun && verb == one.verb && !one.hidden;
        });
    };
    const auto none = all_verbs().end();
    Completed completed;
    if (place.noun >= words.size()) {
        if (place.in_value) {
            DeclaredVerb any(all_verbs().front());
            const Option* option = any.table.find_option(words[words.size() - 2]);
            if (option != nullptr) completed = Values(source, {}, word).of(*option);
        } else {
            completed = nouns_for(word);
        }
        keep_matching(completed.candidates, word);
        return completed;
    }
    if (const auto alone = entry_of(words[place.noun], ""); alone != none) {
        return VerbLine(*alone, source)
            .complete(
                {words.begin() + static_cast<std::ptrdiff_t>(place.noun) + 1, words.end() - 1},
                word);
    }
    if (place.verb >= words.size()) {
        if (!place.in_value) completed = verbs_for(words[place.noun]);
        keep_matching(completed.candidates, word);
        return completed;
    }
    const auto entry = entry_of(words[place.noun], words[place.verb]);
    if (entry == none) return completed;
    return VerbLine(*entry, source)
        .complete({words.begin() + static_cast<std::ptrdiff_t>(place.verb) + 1, words.end() - 1},
                  word);
}

std::string completion_text(const Completed& completed) {
    std::string text;
    switch (completed.other) {
    case Completed::Other::none: break;
    case Completed::Other::files: text = ":files\n"; break;
    case Completed::Other::directories: text = ":directories\n"; break;
    case Completed::Other::commands: text = ":commands\n"; break;
    }
    for (const Candidate& candidate : completed.candidates) {
        // A word with anything in it that a terminal obeys is nothing to offer.
        if (candidate.word.empty() || escape_controls(candidate.word) != candidate.word) continue;
        text += candidate.word;
        if (!candidate.description.empty()) {
            text += '\t' + shorten(escape_controls(candidate.description), longest_description);
        }
        text += '\n';
    }
    return text;
}

} // namespace loong::cli
