#include "manual.hpp"

#include "config.hpp"
#include "loong/status.hpp"
#include "manual_text.hpp"
#include "option_values.hpp"
#include "verb_table.hpp"

#include <array>

namespace loong::cli {
namespace {

struct Meaning {
    const char* name;
    const char* text;
};

constexpr std::array statuses = {
    Meaning{"queued", "It waits for its turn."},
    Meaning{"running", "It is carried by a live worker."},
    Meaning{"waiting",
            "It waits for another task, for a pause before another attempt, or because it "
            "is held."},
    Meaning{"approval_pending", "It asks you for a yes or no."},
    Meaning{"blocked", "It stands still until you answer or act; its reason says what is missing."},
    Meaning{"recoverable", "Its worker is gone, or nobody serves the queue. `recover` helps."},
    Meaning{"overdue", "What should have happened by itself has not. `recover` helps."},
    Meaning{"cancel_requested", "It is being ended."},
    Meaning{"completed", "It has ended, and all went well."},
    Meaning{"failed", "It has ended, and not well. `recover --retry` makes a new attempt."},
    Meaning{"timed_out", "It was ended at its timeout."},
    Meaning{"cancelled", "It was ended by you, for good."},
    Meaning{"unknown", "The facts cannot be read now. `loong doctor` tells why."},
};
static_assert(statuses.size() == static_cast<std::size_t>(last_status) + 1);

constexpr std::array exit_statuses = {
    Meaning{"0", "done"},
    Meaning{"1", "a task ended otherwise than completed (only where a verb says so)"},
    Meaning{"2", "usage, configuration, or failure"},
    Meaning{"3", "attention is needed (only where a verb says so)"},
    Meaning{"4", "not found or not visible"},
    Meaning{"5", "skipped, or a conflict"},
    Meaning{"6", "a plugin refused"},
    Meaning{"124", "a wait ran out"},
    Meaning{"130", "interrupted"},
};

constexpr std::array variables = {
    Meaning{"LOONG_CONFIG", "The configuration, where --config names none."},
    Meaning{"LOONG_HOME", "Where tasks are kept."},
    Meaning{"LOONG_SESSION_ID",
            "The session to work in, where --session names none. Set inside the "
            "work of a task."},
    Meaning{"LOONG_TASK_ID, LOONG_TASK_SESSION_ID", "Set inside the work of a task: which one it "
                                                    "is."},
    Meaning{"NO_COLOR", "No colours, whatever its value. The symbol beside each status says the "
                        "same."},
    Meaning{"COLUMNS", "The width of a line, where it is not the terminal's."},
};

constexpr std::array files = {
    Meaning{"~/.config/loong/config.yaml", "The configuration; $XDG_CONFIG_HOME is heeded. None is "
                                           "needed."},
    Meaning{"~/.local/state/loong",
            "Where tasks are kept; $XDG_STATE_HOME is heeded. A task is a "
            "directory of files that can be read: task.yaml says what it is, "
            "events.yaml what happened, sessions/ holds what it wrote."},
};

constexpr std::array notify_variables = {
    Meaning{"LOONG_NOTIFY", "What is told: attention or terminal."},
    Meaning{"LOONG_TASK_ID, LOONG_TASK_LABEL", "Which task."},
    Meaning{"LOONG_TASK_STATUS", "The status that is told."},
    Meaning{"LOONG_TASK_REASON", "Why, in one sentence."},
    Meaning{"LOONG_TASK_NEXT_COMMAND", "What to do about it, as a command line."},
};

template <std::size_t Size>
void add_items(ManualText& page, const std::array<Meaning, Size>& meanings) {
    for (const Meaning& meaning : meanings) page.item(meaning.name, {}, meaning.text);
}

std::string sentence(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    }
    return text + ".";
}

void add_options(ManualText& page, std::span<const OptionTable::Option> options) {
    for (const OptionTable::Option& option : options) {
        std::string names;
        for (const std::string& name : option.names()) names += (names.empty() ? "" : ", ") + name;
        page.item(names, option.placeholder, sentence(option.help));
    }
}

void add_verb(ManualText& page, const VerbEntry& entry) {
    const DeclaredVerb declared(entry);
    const OptionTable& table = declared.table;
    page.subsection(table.command());
    page.paragraph(sentence(table.summary()));
    page.usage(table.command(), table.positional_usage());
    for (const std::string& note : table.notes()) page.paragraph(note);
    add_options(page, table.own_options());
    std::string examples;
    for (const std::string& example : table.examples()) examples += example + "\n";
    page.example(examples);
    page.paragraph("Exit status: " + table.exit_status() + ".");
}

/// Whether the verbs of a noun have a page of their own.
bool has_page(std::string_view noun) { return noun == "tasks" || noun == "sessions"; }

void add_common(ManualText& page, std::string_view see_also) {
    const DeclaredVerb any(all_verbs().front());
    page.section("OPTIONS OF EVERY COMMAND");
    add_options(page, any.table.global_options());
    page.item("--help", {}, "What a command is for, its options, an example, its exit status.");
    page.section("EXIT STATUS");
    add_items(page, exit_statuses);
    page.section("ENVIRONMENT");
    add_items(page, variables);
    page.section("FILES");
    add_items(page, files);
    page.section("SEE ALSO");
    page.paragraph(see_also);
}

std::string page_of_loong() {
    ManualText page("loong", 1, "durable background tasks for the shell");
    page.section("SYNOPSIS");
    page.usage("loong NOUN VERB", "ARGUMENT...");
    page.section("DESCRIPTION");
    page.paragraph(
        "Runs builds, scripts and other commands as tasks that outlive the terminal they were "
        "started from. A task has a durable id, keeps its output and its history, and has a status "
        "that is derived from facts at the moment of asking. There is no daemon: workers are "
        "started on demand and leave when there is nothing to carry.");
    page.example("loong tasks create 'make -j4 && make test'\n"
                 "loong tasks list\n"
                 "loong tasks list --attention\n"
                 "loong tasks output TASK --follow");
    page.paragraph("TASK is an id, a prefix of it, or an ending of five characters or more.");
    page.section("COMMANDS");
    for (const VerbEntry& entry : all_verbs()) {
        if (!entry.hidden) page.item(command_of(entry), {}, sentence(entry.summary));
    }
    page.section("COMMANDS IN DETAIL");
    page.paragraph("Those of tasks are in loong-tasks(1), those of sessions in loong-sessions(1).");
    for (const VerbEntry& entry : all_verbs()) {
        if (!entry.hidden && !has_page(entry.noun)) add_verb(page, entry);
    }
    add_common(page, "loong-tasks(1), loong-sessions(1), loong.yaml(5), loong-plugins(7)");
    return page.text();
}

std::string page_of_noun(const std::string& noun, std::string_view summary,
                         std::string_view description) {
    ManualText page("loong-" + noun, 1, summary);
    page.section("SYNOPSIS");
    page.usage("loong " + noun + " VERB", "ARGUMENT...");
    page.section("DESCRIPTION");
    page.paragraph(description);
    if (noun == "tasks") {
        page.section("STATUS OF A TASK");
        add_items(page, statuses);
    }
    page.section("VERBS");
    for (const VerbEntry& entry : all_verbs()) {
        if (!entry.hidden && noun == entry.noun) add_verb(page, entry);
    }
    add_common(page, noun == "tasks"
                         ? "loong(1), loong-sessions(1), loong.yaml(5), loong-plugins(7)"
                         : "loong(1), loong-tasks(1), loong.yaml(5), loong-plugins(7)");
    return page.text();
}

std::string page_of_configuration() {
    ManualText page("loong.yaml", 5, "the configuration of loong");
    page.section("DESCRIPTION");
    page.paragraph("A YAML file: the one that --config names, else $LOONG_CONFIG, else "
                   "$XDG_CONFIG_HOME/loong/config.yaml, else ~/.config/loong/config.yaml. None is "
                   "needed, and every key may be left out. An unknown key, a wrong type or an "
                   "unknown plugin is an error that names file, line, key and the nearest word. A "
                   "file that others may write to is not read.");
    page.paragraph(
        "`loong config init` writes the file below, `loong config show` prints what is in "
        "effect, `loong config path` tells where it is.");
    page.section("KEYS");
    page.paragraph("Every key, with its default:");
    page.example(config_template());
    page.section("NOTIFY");
    page.paragraph(
        "The command of `notify` is run when a task has ended (terminal) and when one needs you "
        "(attention: it asks, is blocked, overdue or recoverable, or failed where its end is not "
        "told). It is a program, by its name or its absolute path, and its arguments; no shell is "
        "involved. The task is on its standard input, as `loong tasks status --json` prints it, "
        "with "
        "the object `notification` besides. Its standard output is thrown away.");
    add_items(page, notify_variables);
    page.paragraph(
        "It is told at least once. What exits otherwise than with 0, or takes longer than "
        "timeout_seconds (and is killed then, with its process group), is tried again after 1 s, "
        "then after twice as long each time, at most 5 minutes, 12 times in all; after that `loong "
        "doctor` tells, and `loong doctor --fix` begins anew. `loong tasks status` shows what was "
        "told, and what is owed. No task ever waits for it.");
    page.paragraph(
        "What is told of a task is fixed when it is created; the command is the one that "
        "is configured when it is run.");
    page.example("notify: {command: [notify-send, loong], on: [attention, terminal]}");
    page.section("FILES");
    add_items(page, files);
    page.section("SEE ALSO");
    page.paragraph("loong(1), loong-tasks(1), loong-plugins(7)");
    return page.text();
}

} // namespace

std::vector<std::string> manual_pages() {
    return {"loong.1", "loong-tasks.1", "loong-sessions.1", "loong.yaml.5"};
}

std::string manual_page(std::string_view name) {
    if (name == "loong.1") return page_of_loong();
    if (name == "loong-tasks.1") {
        return page_of_noun(
            "tasks", "create tasks, follow, answer, end and recover them",
            "A task is a durable piece of delegated work. It is created once, has an "
            "id for life, and is carried by sessions, one an attempt.");
    }
    if (name == "loong-sessions.1") {
        return page_of_noun("sessions", "look at what lies beneath tasks, and repair it",
                            "A session is a lane of a runtime. Root sessions are scopes that one "
                            "works in; each child session carries, or carried, one attempt at one "
                            "task.");
    }
    if (name == "loong.yaml.5") return page_of_configuration();
    return {};
}

} // namespace loong::cli
