#include "watch_view.hpp"

#include "detail_text.hpp"
#include "event_text.hpp"
#include "list_text.hpp"
#include "status_style.hpp"
#include "styled_text.hpp"
#include "table.hpp"
#include "text.hpp"
#include "utf8.hpp"
#include "watch_view_list.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

// The top line, the message and the keys.
constexpr std::size_t lines_around = 3;

/// An empty line below the top one, where lines are not scarce.
bool has_air(const ScreenSize& size) {
    constexpr std::size_t enough = 18;
    return size.lines >= enough;
}

void add_wrapped(std::vector<std::string>& lines, std::string_view text, std::size_t columns) {
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        for (std::string& line : wrap_styled(text.substr(start, end - start), columns)) {
            lines.push_back(std::move(line));
        }
        start = end + 1;
    }
}

/// The last `wanted` lines of what the texts are wrapped into, and whether that is all.
std::vector<std::string> wrapped_tail(const std::vector<std::string>& texts, std::size_t columns,
                                      std::size_t wanted, bool& all) {
    std::vector<std::string> reversed;
    std::size_t left = texts.size();
    while (left > 0 && reversed.size() < wanted) {
        std::vector<std::string> lines = wrap_styled(texts[--left], columns);
        for (std::size_t i = lines.size(); i-- > 0;) reversed.push_back(std::move(lines[i]));
    }
    all = left == 0 && reversed.size() <= wanted;
    if (reversed.size() > wanted) reversed.resize(wanted);
    std::reverse(reversed.begin(), reversed.end());
    return reversed;
}

std::string tabs(WatchPage page, const Terminal& terminal) {
    std::string text;
    const auto add = [&](WatchPage which, const char* name) {
        if (!text.empty()) text += "   ";
        const bool here = which == page;
        text += here ? coloured(terminal, Colour::strong, "[" + std::string(name) + "]")
                     : coloured(terminal, Colour::faint, " " + std::string(name) + " ");
    };
    add(WatchPage::status, "status");
    add(WatchPage::events, "events");
    add(WatchPage::output, "output");
    return text;
}

std::vector<std::string> event_lines(const OpenedTask& task, const Terminal& terminal, Time now) {
    std::vector<std::string> lines;
    for (const Event& event : task.events) lines.push_back(event_text(event, terminal, now));
    return lines;
}

} // namespace

WatchView::WatchView(const Terminal& terminal, std::string scope)
    : terminal_(terminal),
      scope_(std::move(scope)) {
    terminal_.width.reset();
}

std::size_t WatchView::body_lines(const ScreenSize& size) noexcept {
    const std::size_t around = lines_around + (has_air(size) ? 1 : 0);
    return size.lines > around ? size.lines - around : 0;
}

WatchFrame WatchView::draw(const WatchModel& model, const ScreenSize& size, Time now) {
    const std::vector<std::string> bottom = foot(model, size);
    const std::size_t around = bottom.size() + (has_air(size) ? 2 : 1);
    const std::size_t room = size.lines > around ? size.lines - around : 0;
    const ScreenSize body_size{size.columns, room};
    Body body = model.page() == WatchPage::list ? draw_list(model, body_size, now)
                                                : draw_page(model, body_size, now);
    body.lines.resize(room);

    WatchFrame frame;
    frame.most_scroll = body.most_scroll;
    frame.ages_hold = body.ages_hold;
    frame.lines.push_back({top_line(model, size)});
    if (has_air(size)) frame.lines.emplace_back();
    for (ScreenLine& line : body.lines) frame.lines.push_back(std::move(line));
    for (const std::string& line : bottom) frame.lines.push_back({line});
    if (frame.lines.size() > size.lines) frame.lines.resize(size.lines);
    for (ScreenLine& line : frame.lines) line.text = cut_styled(line.text, size.columns);
    return frame;
}

std::string WatchView::top_line(const WatchModel& model, const ScreenSize& size) const {
    ListResult counted;
    counted.counts = model.lists().counts;
    counted.needs_attention_count = model.lists().needs_attention_count;
    std::string left = counts_text(counted, terminal_);
    if (!left.empty()) left.pop_back();
    if (left.empty()) left = "no tasks";
    const std::size_t used = styled_width(left);
    if (used > size.columns) return cut_styled(left, size.columns - 1) + "…";
    const std::string right = escape_controls(scope_);
    const std::size_t wanted = display_width(right);
    if (used + wanted + 2 > size.columns) return left;
    return left + std::string(size.columns - used - wanted, ' ') +
           coloured(terminal_, Colour::faint, right);
}

WatchView::Body WatchView::draw_list(const WatchModel& model, const ScreenSize& size, Time now) {
    Body body;
    ListPage page(terminal_, model, size, now);
    page.draw(body);
    std::vector<ScreenLine>& lines = body.lines;
    // The title of the section is kept in sight with its first row.
    const std::size_t top = body.selected_first > 0 && body.selected_is_first_of_section
                                ? body.selected_first - 1
                                : body.selected_first;
    if (body.selected_end > first_ + size.lines) first_ = body.selected_end - size.lines;
    if (top < first_) first_ = top;
    const std::size_t most = lines.size() > size.lines ? lines.size() - size.lines : 0;
    first_ = std::min(first_, most);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first_));
    return body;
}

WatchView::Body WatchView::draw_page(const WatchModel& model, const ScreenSize& size,
                                     Time now) const {
    Body body;
    std::vector<std::string> head;
    std::vector<std::string> lines;
    const bool follows_end = model.page() == WatchPage::events || model.page() == WatchPage::output;
    if (model.page() == WatchPage::help) {
        add_wrapped(lines, watch_help(terminal_), size.columns);
    } else if (!model.opened()) {
        lines.emplace_back("reading…");
    } else {
        const TaskDetail& detail = model.opened()->detail;
        head.push_back(tabs(model.page(), terminal_));
        if (follows_end) {
            head.push_back(styled_status(detail.row.task_status, terminal_) + "  " +
                           std::string(short_id(detail.row.task_id)) + "  " +
                           escape_controls(detail.row.summary.label));
        }
        head.emplace_back();
        if (!follows_end) {
            Terminal page = terminal_;
            page.width = size.columns;
            add_wrapped(lines, detail_text(detail, page, now), size.columns);
        }
    }
    const std::size_t room = size.lines > head.size() ? size.lines - head.size() : 0;
    std::size_t from = 0;
    if (follows_end && model.opened()) {
        const bool is_output = model.page() == WatchPage::output;
        const std::vector<std::string> texts =
            is_output ? model.opened()->output : event_lines(*model.opened(), terminal_, now);
        const std::size_t scrolled = model.scrolled();
        bool all = false;
        lines = wrapped_tail(texts, size.columns, room + scrolled, all);
        body.most_scroll = all ? (lines.size() > room ? lines.size() - room : 0) : scrolled;
        if (texts.empty()) lines.emplace_back(is_output ? "it has written nothing yet" : "");
    } else {
        body.most_scroll = lines.size() > room ? lines.size() - room : 0;
        from = std::min(model.scrolled(), body.most_scroll);
    }
    for (const std::string& line : head) body.lines.push_back({line});
    for (std::size_t i = from; i < lines.size() && i < from + room; ++i) {
        body.lines.push_back({lines[i]});
    }
    if (model.opened()) {
        // What it tells are texts that were made when it was read, with ages of their own.
        const TaskSummary& summary = model.opened()->detail.row.summary;
        for (const Time since : {summary.state_since, summary.updated_at}) {
            static_cast<void>(ticking_age(now, since, body.ages_hold));
        }
    }
    return body;
}

std::vector<std::string> WatchView::foot(const WatchModel& model, const ScreenSize& size) const {
    std::vector<std::string> lines;
    const std::size_t columns = std::max<std::size_t>(size.columns, 1);
    if (const std::optional<WatchPrompt>& prompt = model.prompt()) {
        add_wrapped(lines, coloured(terminal_, Colour::strong, prompt->question), columns);
        // The end of a long question matters less than the keys below it.
        const std::size_t most = std::max<std::size_t>(size.lines / 2, 1);
        if (lines.size() > most) lines.resize(most);
        if (prompt->kind != WatchPrompt::Kind::confirm) {
            std::string typed = "> " + escape_controls(prompt->input) + "_";
            // The end is what is being typed.
            while (display_width(typed) > columns && !typed.empty()) typed.erase(0, 1);
            lines.push_back(std::move(typed));
        }
    } else if (!model.message().empty()) {
        const Colour colour = model.message_is_error() ? Colour::bad : Colour::strong;
        const std::string sign = model.message_is_error() ? "! " : "";
        add_wrapped(lines, coloured(terminal_, colour, sign + model.message()), columns);
        const std::size_t most = std::max<std::size_t>(size.lines / 3, 1);
        if (lines.size() > most) lines.resize(most);
    } else if (!model.filter().empty()) {
        lines.push_back("label " + escape_controls(model.filter()) + "  (Esc: all)");
    } else {
        lines.emplace_back();
    }
    lines.push_back(keys_line(model, columns));
    return lines;
}

std::string WatchView::keys_line(const WatchModel& model, std::size_t columns) const {
    std::vector<WatchModel::Hint> hints = model.hints();
    const auto width = [&] {
        std::size_t total = 0;
        for (const auto& hint : hints) {
            total += std::string_view(hint.key).size() + std::string_view(hint.word).size() + 3;
        }
        return total;
    };
    // Help tells of what does not fit.
    constexpr std::size_t kept = 2;
    while (hints.size() > kept && width() > columns + 2) hints.erase(hints.end() - kept - 1);
    std::string line;
    for (const auto& hint : hints) {
        if (!line.empty()) line += "  ";
        line += coloured(terminal_, Colour::strong, hint.key) + " " + hint.word;
    }
    return line;
}

std::string watch_help(const Terminal& terminal) {
    std::string text = coloured(terminal, Colour::strong, "Keys") + "\n\n";
    const auto add = [&](std::string keys, const char* what) {
        constexpr std::size_t column = 18;
        keys.resize(std::max(keys.size() + 2, column), ' ');
        text += "  " + coloured(terminal, Colour::strong, keys) + what + "\n";
    };
    add("up, down, k, j", "to the task above, below; PgUp, PgDn, Home, End go further");
    add("Tab", "to the next section; in an opened task to the next page");
    add("Enter", "opens the task: status, events, and output as it comes");
    add("e, o", "opens its events, its output");
    add("a, d", "approves, denies what it asks");
    add("i", "answers what it asks");
    add("r", "recovers it: shows what would be done, and does it");
    add("c", "cancels it, for good");
    add("l", "releases it, where it is held");
    add("/", "filters by label: a word, or a pattern with * and ?");
    add("q, Esc", "back; q in the list quits, and so does Ctrl-C");
    text +=
        "\nWhatever changes a task is asked for first; y does it. Each key does what the command "
        "of the same name does.\n\n";
    text += coloured(terminal, Colour::strong, "Signs") + "\n\n";
    for (int i = 0; i <= static_cast<int>(last_status); ++i) {
        const auto status = static_cast<Status>(i);
        text += "  " +
                coloured(terminal, status_colour(status),
                         std::string(status_symbol(status, terminal.utf8)) + " " +
                             std::string(to_string(status))) +
                "\n";
    }
    return text;
}

} // namespace loong::cli
