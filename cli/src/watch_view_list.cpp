#include "watch_view_list.hpp"

#include "list_text.hpp"
#include "progress_bar.hpp"
#include "status_style.hpp"
#include "styled_text.hpp"
#include "table.hpp"
#include "text.hpp"
#include "utf8.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

constexpr std::size_t age_columns = 6;
constexpr std::size_t narrow = 50;
constexpr std::size_t wide = 100;

std::string padded(std::string text, std::size_t columns) {
    const std::size_t width = styled_width(text);
    if (width < columns) text.append(columns - width, ' ');
    return text;
}

} // namespace

std::string ticking_age(Time now, Time then, Seconds& holds) {
    const Seconds passed = std::chrono::duration_cast<Seconds>(now - then);
    if (passed < Seconds(60)) holds = std::min(holds, Seconds(1));
    return age(now, then);
}

Time age_start(const TaskRow& row) noexcept {
    const bool asks = row.task_status.next_action == NextAction::approve ||
                      row.task_status.next_action == NextAction::answer;
    if (asks && row.summary.oldest_request) return row.summary.oldest_request->since;
    return row.summary.state_since;
}

WatchView::ListPage::ListPage(const Terminal& terminal, const WatchModel& model,
                              const ScreenSize& size, Time now)
    : terminal_(terminal),
      model_(model),
      size_(size),
      now_(now),
      attention_lines_(
          attention_lines(model.lists().at(WatchSection::attention).total, size.lines)) {
    std::size_t widest = 0;
    for (std::size_t i = 0; i < watch_section_count; ++i) {
        for (const TaskRow& row : model.lists().sections[i].rows) {
            status_columns_[i] = std::max(status_columns_[i], styled_width(status_text(row)));
        }
        widest = std::max(widest, status_columns_[i]);
    }
    // All below each other where there is room for it.
    if (size.columns >= wide) status_columns_.fill(widest);
    constexpr std::size_t least_label = 12;
    for (const TaskRow& row : model.lists().at(WatchSection::running).rows) {
        label_columns_ = std::max(label_columns_, display_width(label_of(row)));
    }
    label_columns_ = std::min(label_columns_, std::max(least_label, size.columns / 3));
}

void WatchView::ListPage::draw(Body& body) {
    draw_section(body, WatchSection::attention, "Needs attention");
    draw_section(body, WatchSection::running, "Running");
    draw_section(body, WatchSection::queued, "Queued");
    draw_section(body, WatchSection::ended, "Ended lately");
    if (body.lines.empty()) draw_nothing(body);
}

void WatchView::ListPage::draw_section(Body& body, WatchSection section, const char* title) {
    const WatchLists::Section& content = model_.lists().at(section);
    if (content.rows.empty()) return;
    if (!body.lines.empty()) body.lines.emplace_back();
    const std::string number = "  " + std::to_string(content.total);
    body.lines.push_back(
        {coloured(terminal_, Colour::strong, title) + coloured(terminal_, Colour::faint, number)});
    const std::size_t first_row = body.lines.size();
    for (const TaskRow& row : content.rows) {
        draw_row(body, section, row);
        if (row.task_id == model_.selected_id()) {
            body.selected_is_first_of_section = body.selected_first == first_row;
        }
    }
    if (content.total > content.rows.size()) {
        body.lines.push_back(
            {coloured(terminal_, Colour::faint,
                      "  " + std::to_string(content.total - content.rows.size()) + " more")});
    }
}

void WatchView::ListPage::draw_row(Body& body, WatchSection section, const TaskRow& row) {
    const bool selected = row.task_id == model_.selected_id();
    if (selected) body.selected_first = body.lines.size();
    body.lines.push_back({row_text(section, row, selected, body.ages_hold), selected});
    if (section == WatchSection::attention) draw_below(body, row, selected);
    if (selected) body.selected_end = body.lines.size();
}

void WatchView::ListPage::draw_below(Body& body, const TaskRow& row, bool selected) {
    constexpr std::size_t margin = 4;
    constexpr std::size_t most_lines = 3;
    const std::size_t room = size_.columns > margin ? size_.columns - margin : 1;
    const auto below = [&](const std::string& text) {
        body.lines.push_back({std::string(margin, ' ') + text});
    };
    const std::string reason = escape_controls(row.task_status.reason);
    if (selected) {
        std::vector<std::string> lines = wrap_styled(reason, room);
        if (lines.size() > most_lines) lines.resize(most_lines);
        for (const std::string& line : lines) below(line);
    } else if (attention_lines_ > 2) {
        below(fit(reason, room));
    }
    const std::string& command = row.task_status.next_command;
    if (command.empty()) return;
    below(coloured(terminal_, Colour::strong, fit(escape_controls(command), room)));
}

std::string WatchView::ListPage::status_text(const TaskRow& row) const {
    if (size_.columns >= narrow) return styled_status(row.task_status, terminal_);
    const Status status = row.task_status.status;
    return coloured(terminal_, status_colour(status), status_symbol(status, terminal_.utf8));
}

std::string WatchView::ListPage::row_text(WatchSection section, const TaskRow& row, bool selected,
                                          Seconds& ages_hold) const {
    std::string text = selected ? (terminal_.utf8 ? "▸ " : "> ") : "  ";
    text += padded(status_text(row), status_columns_[static_cast<std::size_t>(section)]) + "  ";
    text += std::string(short_id(row.task_id)) + "  ";
    const std::string shown_age =
        row.unreadable ? "-" : ticking_age(now_, age_start(row), ages_hold);
    if (shown_age.size() < age_columns) text.append(age_columns - shown_age.size(), ' ');
    text += shown_age + "  ";
    const std::size_t used = styled_width(text);
    return text + task_text(section, row, size_.columns > used ? size_.columns - used : 0);
}

std::string WatchView::ListPage::task_text(WatchSection section, const TaskRow& row,
                                           std::size_t columns) const {
    const std::string label = label_of(row);
    const Progress& progress = row.summary.progress;
    const std::size_t bar_columns = size_.columns >= wide ? 20 : 8;
    const std::string bar = progress_bar(progress, terminal_, bar_columns);
    // A bar says what the numbers would say once more.
    Progress words = progress;
    if (!bar.empty()) words.percent.reset();
    const std::string told = section == WatchSection::ended ? "" : progress_text(words);
    if (bar.empty() && told.empty()) return fit(label, columns);
    std::string text =
        padded(fit(label, label_columns_ > 0 ? label_columns_ : columns / 2), label_columns_);
    if (!bar.empty() && section != WatchSection::ended) text += "  " + bar;
    const std::size_t used = styled_width(text) + 2;
    if (!told.empty() && columns > used) text += "  " + fit(told, columns - used);
    return text;
}

void WatchView::ListPage::draw_nothing(Body& body) const {
    if (!model_.filter().empty()) {
        body.lines.push_back({"No task has a label that matches " +
                              escape_controls(model_.filter()) + ". Esc shows all."});
        return;
    }
    body.lines.push_back({"Nothing to see yet. Create a task in another terminal:"});
    body.lines.emplace_back();
    body.lines.push_back(
        {"    " + coloured(terminal_, Colour::strong, "loong tasks create 'make -j4'")});
}

} // namespace loong::cli
