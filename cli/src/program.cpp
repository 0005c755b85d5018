#include "command_line.hpp"
#include "error_report.hpp"
#include "option_values.hpp"
#include "text.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <array>

namespace loong::cli {
namespace {

struct VerbEntry {
    const char* noun;
    /// Empty: the noun is a verb by itself.
    const char* verb;
    const char* summary;
    MakeVerb make;
    bool hidden = false;
};

constexpr std::array verbs = {
    VerbEntry{"tasks", "create", "creates a task, or many", make_tasks_create},
    VerbEntry{"tasks", "list", "lists tasks, the newest first", make_tasks_list},
    VerbEntry{"tasks", "status", "tells everything about tasks", make_tasks_status},
    VerbEntry{"tasks", "events", "shows what happened to a task", make_tasks_events},
    VerbEntry{"tasks", "wait", "waits for tasks", make_tasks_wait},
    VerbEntry{"tasks", "output", "shows what a task wrote", make_tasks_output},
    VerbEntry{"tasks", "approve", "allows what a task asks", make_tasks_approve},
    VerbEntry{"tasks", "deny", "denies what a task asks", make_tasks_deny},
    VerbEntry{"tasks", "answer", "answers what a task asks", make_tasks_answer},
    VerbEntry{"tasks", "cancel", "ends tasks for good", make_tasks_cancel},
    VerbEntry{"tasks", "recover", "makes right what a crash left", make_tasks_recover},
    VerbEntry{"tasks", "release", "lets held tasks start", make_tasks_release},
    VerbEntry{"tasks", "archive", "hides tasks that have ended", make_tasks_archive},
    VerbEntry{"tasks", "prune", "removes tasks that have ended", make_tasks_prune},
    VerbEntry{"tasks", "report", "tells from inside a task how it stands", make_tasks_report},
    VerbEntry{"tasks", "ask", "asks you something from inside a task", make_tasks_ask},
    VerbEntry{"approvals", "list", "lists what tasks ask of you", make_approvals_list},
    VerbEntry{"approvals", "show", "shows one request, and what follows", make_approvals_show},
    VerbEntry{"sessions", "list", "lists sessions", make_sessions_list},
    VerbEntry{"sessions", "status", "tells everything about a session", make_sessions_status},
    VerbEntry{"sessions", "tree", "shows who delegated what", make_sessions_tree},
    VerbEntry{"sessions", "heads", "shows which sessions carried a task", make_sessions_heads},
    VerbEntry{"sessions", "events", "shows what happened to a session", make_sessions_events},
    VerbEntry{"sessions", "history", "shows all that a session recorded", make_sessions_history},
    VerbEntry{"sessions", "heal", "finds and repairs what is inconsistent", make_sessions_heal},
    VerbEntry{"config", "show", "prints the configuration in effect", make_config_show},
    VerbEntry{"config", "path", "tells where configuration and state are", make_config_path},
    VerbEntry{"config", "init", "writes a configuration to start from", make_config_init},
    VerbEntry{"plugins", "list", "lists the plugins that are there", make_plugins_list},
    VerbEntry{"plugins", "check", "tries everything that loong asks of a plugin",
              make_plugins_check},
    VerbEntry{"plugins", "new", "writes a plugin's project to start from", make_plugins_new},
    VerbEntry{"store", "copy", "copies everything into another store", make_store_copy},
    VerbEntry{"doctor", "", "finds and repairs what is wrong, everywhere", make_doctor},
    VerbEntry{"worker", "", "carries tasks", make_worker, true},
};

void declare_globals(OptionTable& table, GlobalOptions& globals) {
    table.begin_global_options();
    table.value("--config", "FILE", globals.config_file, "the configuration to use");
    table.flag("--json", globals.json, "JSON instead of text, errors too");
    table.flag("-q,--quiet", globals.quiet, "ids only");
    table.value("--session", "ID", globals.session_id, "the session to work in, or `latest`");
    table.flag("--all-sessions", globals.all_sessions, "tasks of every session");
}

std::string table_of_verbs(const std::string& noun) {
    constexpr std::size_t column = 20;
    std::string text;
    for (const VerbEntry& entry : verbs) {
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

std::vector<std::string> nouns() {
    std::vector<std::string> names;
    for (const VerbEntry& entry : verbs) {
        if (!entry.hidden && (names.empty() || names.back() != entry.noun)) {
            names.emplace_back(entry.noun);
        }
    }
    return names;
}

std::vector<std::string> verbs_of(const std::string& noun) {
    std::vector<std::string> names;
    for (const VerbEntry& entry : verbs) {
        if (noun == entry.noun) names.emplace_back(entry.verb);
    }
    return names;
}

Error missing(const std::string& what, const std::vector<std::string>& words) {
    std::string hint = "one of:";
    for (const std::string& word : words) hint += (word == words.front() ? " " : ", ") + word;
    return {ErrorCode::invalid_argument, what, hint + "; see `loong --help`"};
}

Result<const VerbEntry*> find_verb(const CommandLine& line) {
    for (const VerbEntry& entry : verbs) {
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
    declare_globals(table, invocation.globals);
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
    const CommandLine line = split_command_line(words, {"doctor", "worker"});
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
    return status;
}

} // namespace loong::cli
