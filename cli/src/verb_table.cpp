#include "verb_table.hpp"

#include <array>

namespace loong::cli {
namespace {

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
    VerbEntry{"completion", "", "prints what makes a shell complete loong", make_completion},
    VerbEntry{"worker", "", "carries tasks", make_worker, true},
    VerbEntry{"complete", "", "tells what can stand on a command line", make_complete, true},
    VerbEntry{"manual", "", "prints a manual page", make_manual, true},
};

} // namespace

std::span<const VerbEntry> all_verbs() { return verbs; }

std::string command_of(const VerbEntry& entry) {
    std::string command = "loong " + std::string(entry.noun);
    if (*entry.verb != '\0') command += " " + std::string(entry.verb);
    return command;
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

std::vector<std::string> nouns_without_verb() {
    std::vector<std::string> names;
    for (const VerbEntry& entry : verbs) {
        if (*entry.verb == '\0') names.emplace_back(entry.noun);
    }
    return names;
}

void declare_global_options(OptionTable& table, GlobalOptions& globals) {
    table.begin_global_options();
    table.value("--config", "FILE", globals.config_file, "the configuration to use");
    table.flag("--json", globals.json, "JSON instead of text, errors too");
    table.flag("-q,--quiet", globals.quiet, "ids only");
    table.value("--session", "ID", globals.session_id, "the session to work in, or `latest`");
    table.flag("--all-sessions", globals.all_sessions, "tasks of every session");
}

DeclaredVerb::DeclaredVerb(const VerbEntry& entry)
    : verb(entry.make()),
      table(command_of(entry), entry.summary) {
    verb->declare(table);
    declare_global_options(table, globals);
}

} // namespace loong::cli
