#pragma once
/// The list of the live view: sections, rows and what is below them. For watch_view.cpp alone.

#include "watch_view.hpp"

#include <array>

namespace loong::cli {

/// A page's lines, more than fit where it can be scrolled.
struct WatchView::Body {
    std::vector<ScreenLine> lines;
    std::size_t most_scroll = 0;
    Seconds ages_hold{60};
    /// Where the selected row stands in the list.
    std::size_t selected_first = 0;
    std::size_t selected_end = 0;
    bool selected_is_first_of_section = false;
};

class WatchView::ListPage {
public:
    ListPage(const Terminal& terminal, const WatchModel& model, const ScreenSize& size, Time now);

    void draw(Body& body);

private:
    void draw_section(Body& body, WatchSection section, const char* title);
    void draw_row(Body& body, WatchSection section, const TaskRow& row);
    /// Why the task needs the operator, the selected one's in whole, and what helps.
    void draw_below(Body& body, const TaskRow& row, bool selected);
    [[nodiscard]] std::string row_text(WatchSection section, const TaskRow& row, bool selected,
                                       Seconds& ages_hold) const;
    [[nodiscard]] std::string task_text(WatchSection section, const TaskRow& row,
                                        std::size_t columns) const;
    [[nodiscard]] std::string status_text(const TaskRow& row) const;
    void draw_nothing(Body& body) const;

    const Terminal& terminal_;
    const WatchModel& model_;
    const ScreenSize& size_;
    Time now_;
    std::array<std::size_t, watch_section_count> status_columns_{};
    /// Of running tasks, so that their bars stand below each other.
    std::size_t label_columns_ = 0;
    std::size_t attention_lines_ = 3;
};

} // namespace loong::cli
