#include "derivation.hpp"
#include "text.hpp"

#include <algorithm>

namespace loong {
namespace {

/// Collects command lines, each once.
class Commands {
public:
    explicit Commands(const FactDetails& details) : details_(details) {}

    void tasks(std::string_view verb, const std::vector<std::string>& before = {},
               const std::vector<std::string>& after = {}) {
        std::string line = "loong tasks ";
        line += verb;
        append(line, details_.command_options);
        append(line, before);
        append(line, {details_.task_id});
        append(line, after);
        add(std::move(line));
    }

    /// About another task.
    void status_of(const std::string& task_id) {
        std::string line = "loong tasks status";
        append(line, details_.command_options);
        append(line, {task_id});
        add(std::move(line));
    }

    void doctor() { add("loong doctor"); }

    [[nodiscard]] std::vector<std::string> take() { return std::move(lines_); }

private:
    static void append(std::string& line, const std::vector<std::string>& words) {
        for (const std::string& word : words) line += ' ' + shell_quote(word);
    }

    void add(std::string line) {
        if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) {
            lines_.push_back(std::move(line));
        }
    }

    const FactDetails& details_;
    std::vector<std::string> lines_;
};

bool is_told(const FactDetails& details, bool approval) {
    return details.request && details.request->is_approval == approval;
}

/// Which request is meant, where a command has to say.
std::vector<std::string> request_option(const FactDetails& details, bool approval) {
    if (details.open_requests < 2 || !is_told(details, approval)) return {};
    return {"--request", details.request->request_id};
}

void add_answers(Commands& commands, const Facts& facts, const FactDetails& details) {
    if (facts.approval_open) {
        commands.tasks("approve", request_option(details, true));
        commands.tasks("deny", request_option(details, true));
    }
    // Beside an approval, which is the one that is told, an input has to be the only other one.
    const bool is_clear =
        !facts.approval_open || is_told(details, false) || details.open_requests <= 2;
    if (facts.input_open && is_clear) {
        commands.tasks("answer", request_option(details, false), {"ANSWER"});
    }
}

/// What the row's next action is as a command.
void add_next_action(Commands& commands, NextAction action, const DerivationRow& row,
                     const Facts& facts, const FactDetails& details) {
    switch (action) {
    case NextAction::recover:
        // A task that has ended comes back by a new attempt alone, and that is said aloud.
        return commands.tasks("recover", row.terminal ? std::vector<std::string>{"--retry"}
                                                      : std::vector<std::string>{});
    case NextAction::approve:
    case NextAction::answer: return add_answers(commands, facts, details);
    case NextAction::doctor: return commands.doctor();
    case NextAction::output:
    case NextAction::events:
    case NextAction::wait:
    case NextAction::cancel:
    case NextAction::release: return commands.tasks(to_string(action));
    }
}

void add_after_end(Commands& commands, const Facts& facts) {
    commands.tasks("output");
    commands.tasks("events");
    if (!facts.archived) commands.tasks("archive");
}

void add_while_running(Commands& commands, const Facts& facts) {
    commands.tasks("output");
    if (!facts.cancel_requested) {
        commands.tasks("cancel");
    } else {
        commands.tasks("cancel", {"--force"});
    }
}

void add_while_ready(Commands& commands, const Facts& facts, const FactDetails& details) {
    if (facts.held) commands.tasks("release");
    const bool is_stopped = facts.held || facts.dependencies == DependencyState::failed;
    if (facts.queue_served == Held::free && !is_stopped) commands.tasks("recover");
    if (facts.dependencies != DependencyState::met && !details.dependency_task_id.empty()) {
        commands.status_of(details.dependency_task_id);
    }
    commands.tasks("cancel");
}

} // namespace

std::vector<std::string> derivation_commands(const DerivationRow& row, const Facts& facts,
                                             const FactDetails& details) {
    Commands commands(details);
    add_next_action(commands, row.next_action(facts), row, facts, details);
    // Answers are kept for a session whose worker is gone, and of no use to one that is to end.
    const bool is_ending = row.terminal || facts.cancel_requested || row.number == 6;
    if (!is_ending) add_answers(commands, facts, details);
    if (row.terminal) {
        add_after_end(commands, facts);
    } else if (facts.session_state == SessionState::running) {
        add_while_running(commands, facts);
    } else {
        add_while_ready(commands, facts, details);
    }
    return commands.take();
}

} // namespace loong
