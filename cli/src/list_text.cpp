#include "list_text.hpp"

#include "status_style.hpp"
#include "table.hpp"
#include "text.hpp"
#include "utf8.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

bool wants_operator(Status status) {
    switch (status) {
    case Status::failed:
    case Status::timed_out:
    case Status::recoverable:
    case Status::overdue:
    case Status::approval_pending:
    case Status::blocked:
    case Status::unknown: return true;
    default: return false;
    }
}

std::string age_of(const TaskRow& row, Time now) {
    return row.unreadable ? std::string("-") : age(now, row.summary.created_at);
}

std::string display_of(const TaskStatus& status, const Terminal& terminal) {
    return std::string(status_symbol(status.status, terminal.utf8)) + " " +
           (status.display.empty() ? std::string(to_string(status.status)) : status.display);
}

/// The next command; where a question is open, every command that answers it.
std::vector<std::string> commands_to_show(const TaskStatus& status) {
    std::vector<std::string> shown;
    if (!status.next_command.empty()) shown.push_back(status.next_command);
    const bool asks =
        status.next_action == NextAction::approve || status.next_action == NextAction::answer;
    for (const std::string& command : status.next_commands) {
        const bool answers = command.starts_with("loong tasks approve ") ||
                             command.starts_with("loong tasks deny ") ||
                             command.starts_with("loong tasks answer ");
        if (asks && answers && command != status.next_command) shown.push_back(command);
    }
    return shown;
}

std::string shown_line(const ListResult& list) {
    if (list.tasks.size() >= list.matched_count) return "";
    return std::to_string(list.tasks.size()) + " of " + std::to_string(list.matched_count) +
           " shown; `--limit` and `--before` show more\n";
}

} // namespace

std::string label_of(const TaskRow& row) {
    return escape_controls(row.unreadable ? row.unreadable->message : row.summary.label);
}

std::string progress_text(const Progress& progress) {
    std::string text;
    const auto add = [&text](const std::string& part) {
        if (!text.empty()) text += ", ";
        text += part;
    };
    if (progress.percent) add(std::to_string(*progress.percent) + " %");
    if (progress.done && progress.total) {
        add(std::to_string(*progress.done) + " of " + std::to_string(*progress.total));
    }
    const bool telling =
        progress.state != ProgressState::none && progress.state != ProgressState::active;
    if (telling) add(std::string(to_string(progress.state)));
    if (!progress.note.empty()) add(escape_controls(progress.note));
    return text;
}

std::string counts_text(const ListResult& list, const Terminal& terminal) {
    std::string text;
    if (list.needs_attention_count > 0) {
        const std::string wants = std::to_string(list.needs_attention_count) +
                                  (list.needs_attention_count == 1 ? " needs" : " need") +
                                  " attention";
        text = coloured(terminal, Colour::strong, wants) + "; ";
    }
    bool first = true;
    for (const bool attention : {true, false}) {
        for (const auto& [status, count] : list.counts) {
            if (wants_operator(status) != attention || count == 0) continue;
            if (!first) text += ", ";
            first = false;
            text += std::to_string(count) + " " + std::string(to_string(status));
        }
    }
    return text.empty() ? "" : text + "\n";
}

std::string list_text(const ListResult& list, const Terminal& terminal, Time now) {
    constexpr std::size_t label_column = 3;
    Table table(terminal, label_column);
    table.add({{"TASK", Colour::faint},
               {"STATUS", Colour::faint},
               {"AGE", Colour::faint, true},
               {"LABEL", Colour::faint},
               {"PROGRESS", Colour::faint}});
    for (const TaskRow& row : list.tasks) {
        constexpr std::size_t progress_width = 40;
        table.add({{std::string(short_id(row.task_id))},
                   {display_of(row.task_status, terminal), status_colour(row.task_status.status)},
                   {age_of(row, now), Colour::none, true},
                   {label_of(row)},
                   {fit(progress_text(row.summary.progress), progress_width)}});
    }
    return table.text() + "\n" + counts_text(list, terminal) + shown_line(list);
}

std::string attention_text(const ListResult& list, const Terminal& terminal, Time now) {
    std::string text;
    for (const TaskRow& row : list.tasks) {
        const Colour colour = status_colour(row.task_status.status);
        text += coloured(terminal, colour, display_of(row.task_status, terminal));
        text += "  " + std::string(short_id(row.task_id)) + "  " + age_of(row, now) + "  ";
        const std::string label = label_of(row);
        constexpr std::size_t before_label = 40;
        constexpr std::size_t least = 20;
        const std::size_t room = terminal.width.value_or(before_label + label.size());
        text += fit(label, std::max(least, room > before_label ? room - before_label : least));
        text += "\n    " + escape_controls(row.task_status.reason) + "\n";
        for (const std::string& command : commands_to_show(row.task_status)) {
            text += "    " + coloured(terminal, Colour::strong, escape_controls(command)) + "\n";
        }
        text += "\n";
    }
    return text + counts_text(list, terminal) + shown_line(list);
}

} // namespace loong::cli
