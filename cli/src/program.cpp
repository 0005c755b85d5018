#include "command_line.hpp"
#include "error_report.hpp"
#include "option_values.hpp"
#include "process_end.hpp"
#include "text.hpp"
#include "verb_table.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

std::string table_of_verbs(const std::string& noun) {
    constexpr std::size_t column = 20;
    std::string text;
    for (const VerbEntry& entry : all_verbs()) {
        if (entry.hidden || (!noun.empty() && noun != entry.noun)) continue;
        std::string line = "  " + std::string(entry.noun) + " " + entry.verb;
        line.resize(std::max(line.size() + 2, column), ' ');
        text += line + entry.summary + "\n";
    }
    return text;
}

std::string general_help(const std::string& noun) {
    const std::string name = noun.empty() ? "loong" : "loong " + noun;
    return name + (noun.empty() ? ": durable background tasks" : "") + "\n\nusage: " + name +
           (noun.empty() ? " NOUN" : "") + " VERB [OPTION]... [ARGUMENT]...\n\n" +
           table_of_verbs(noun) + "\n`" + name + (noun.empty() ? " NOUN" : "") +
           " VERB --help` has the details.\n" +
           (noun.empty() || noun == "tasks"
                ? "\nexamples:\n  loong tasks create 'make -j4' --wait\n  loong tasks list "
                  "--attention\n"
                : "") +
           "\nexit status: 0 done, 1 a task ended otherwise than completed, 2 failure, 3 attention "
           "is needed,\n4 not found, 5 skipped or conflict, 6 plugin refused, 124 a wait ran out, "
           "130 interrupted\n";
}

Error missing(const std::string& what, const std::vector<std::string>& words) {
    std::string hint = "one of:";
    for (const std::string& word : words) hint += (word == words.front() ? " " : ", ") + word;
    return {ErrorCode::invalid_argument, what, hint + "; see `loong --help`"};
}

Result<const VerbEntry*> find_verb(const CommandLine& line) {
    for (const VerbEntry& entry : all_verbs()) {
        if (line.noun == entry.noun && line.verb == entry.verb) return &entry;
    }
    const std::vector<std::string> known = verbs_of(line.noun);
    if (line.noun.empty()) return missing("no command was given", nouns());
    if (known.empty()) return unknown_word("command", line.noun, nouns());
    if (line.verb.empty()) return missing("loong " + line.noun + ": no verb was given", known);
    return unknown_word("verb of loong " + line.noun, line.verb, known);
}

Result<ExitCode> run_verb(Invocation& invocation, const VerbEntry& entry, const CommandLine& line) {
    invocation.command = entry.noun;
    if (*entry.verb != '\0') invocation.command += std::string(" ") + entry.verb;
    const std::unique_ptr<Verb> verb = entry.make();
    OptionTable table("loong " + invocation.command, entry.summary);
    verb->declare(table);
    declare_global_options(table, invocation.globals);
    if (line.help) {
        invocation.out.print(table.help());
        return ExitCode::done;
    }
    Result<std::vector<std::string>> words = table.parse(line.words);
    if (!words) return std::move(words).error();
    invocation.words = std::move(*words);
    if (verb->takes_command()) {
        invocation.command_line = line.behind;
    } else if (line.behind) {
        invocation.words.insert(invocation.words.end(), line.behind->begin(), line.behind->end());
    }
    if (Result<void> checked = table.check_positionals(invocation.words); !checked) {
        return std::move(checked).error();
    }
    return verb->run(invocation);
}

Result<ExitCode> run_line(Invocation& invocation, const CommandLine& line) {
    if (line.version) {
        invocation.out.print("loong " LOONG_VERSION "\n");
        return ExitCode::done;
    }
    Result<const VerbEntry*> entry = find_verb(line);
    if (entry) return run_verb(invocation, **entry, line);
    const bool known_noun = line.noun.empty() || !verbs_of(line.noun).empty();
    if (!line.help || !known_noun || !line.verb.empty()) return std::move(entry).error();
    invocation.out.print(general_help(line.noun));
    return ExitCode::done;
}

} // namespace

int run_program(const std::vector<std::string>& words) {
    const CommandLine line = split_command_line(words, nouns_without_verb());
    Invocation invocation;
    // Known before anything is parsed, so that what is wrong with the words is told as JSON too.
    invocation.globals.json = line.json;
    Result<ExitCode> code = run_line(invocation, line);
    if (Result<void> flushed = invocation.out.flush(); !flushed && code) {
        code = std::move(flushed).error();
    }
    int status = 0;
    if (code) {
        status = static_cast<int>(*code);
    } else {
        invocation.err.print(error_report(code.error(), line.json));
        status = static_cast<int>(exit_code_of(code.error().code));
    }
    // Where standard error is gone too there is nobody left to tell.
    [[maybe_unused]] const bool told = invocation.err.flush().has_value();
    if (invocation.left_open) end_process(status);
    return status;
}

} // namespace loong::cli
