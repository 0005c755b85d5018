#include "progress_line.hpp"

#include "list_text.hpp"
#include "progress_bar.hpp"
#include "status_style.hpp"
#include "styled_text.hpp"
#include "text.hpp"

#include <map>

namespace loong::cli {

std::string progress_line(const TaskRow& row, const Terminal& terminal, std::size_t columns) {
    const TaskStatus& status = row.task_status;
    std::string text = styled_status(status, terminal);
    const auto add = [&text](const std::string& part) {
        if (!part.empty()) text += "  " + part;
    };
    if (status.needs_attention) {
        add(coloured(terminal, Colour::strong, escape_controls(status.next_command)));
        add(escape_controls(status.reason));
    } else {
        constexpr std::size_t bar_columns = 16;
        Progress words = row.summary.progress;
        const std::string bar = progress_bar(words, terminal, bar_columns);
        // A bar says what the number would say once more.
        if (!bar.empty()) words.percent.reset();
        add(std::string(short_id(row.task_id)));
        add(bar);
        add(progress_text(words));
        if (bar.empty() && words.note.empty()) add(escape_controls(row.summary.label));
    }
    return styled_width(text) <= columns ? text : cut_styled(text, columns) + "\x1b[0m";
}

std::string progress_line(const std::vector<TaskRow>& rows, std::size_t all) {
    std::map<Status, std::size_t> counts;
    for (const TaskRow& row : rows) ++counts[row.task_status.status];
    std::string text =
        "waiting for " + std::to_string(rows.size()) + " of " + std::to_string(all) + ":";
    for (const auto& [status, count] : counts) {
        text += (text.back() == ':' ? " " : ", ") + std::to_string(count) + " " +
                std::string(to_string(status));
    }
    return text;
}

ProgressLine::ProgressLine(Invocation& invocation)
    : printer_(invocation.err),
      terminal_(look_at_terminal(invocation.err.descriptor())),
      is_shown_(terminal_.is_terminal && terminal_.moves && !invocation.globals.json &&
                !invocation.globals.quiet) {}

void ProgressLine::show(const TaskRow& row) {
    if (!is_shown_) return;
    constexpr std::size_t usual_width = 80;
    // It may have another size by now. The last column stays free: the cursor would go on.
    const std::size_t width = look_at_terminal(printer_.descriptor()).width.value_or(usual_width);
    text_ = progress_line(row, terminal_, width > 1 ? width - 1 : 1);
    write_line();
}

void ProgressLine::show(const std::vector<TaskRow>& rows, std::size_t all) {
    if (!is_shown_ || rows.empty()) return;
    if (all == 1) return show(rows.front());
    text_ = progress_line(rows, all);
    write_line();
}

void ProgressLine::hide() {
    if (!is_there_) return;
    is_there_ = false;
    printer_.print("\r\x1b[K");
    // Where it cannot be written nobody sees it.
    static_cast<void>(printer_.flush());
}

void ProgressLine::show_again(bool at_line_start) {
    has_room_ = at_line_start;
    if (!is_there_) write_line();
}

void ProgressLine::write_line() {
    if (!is_shown_ || !has_room_ || text_.empty()) return;
    is_there_ = true;
    printer_.print("\r\x1b[K" + text_);
    static_cast<void>(printer_.flush());
}

} // namespace loong::cli
