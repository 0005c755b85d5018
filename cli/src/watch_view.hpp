#pragma once
/// What the live view looks like: a frame of lines for a screen of any size, made from the model
/// alone.

#include "terminal.hpp"
#include "watch_model.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace loong::cli {

struct ScreenSize {
    std::size_t columns = 80;
    std::size_t lines = 24;

    friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};

struct ScreenLine {
    /// With colours in it (styled_text.hpp), and as long as the screen is wide at most. Whatever
    /// came from a task is escaped.
    std::string text;
    /// The whole line stands out.
    bool selected = false;
};

struct WatchFrame {
    /// From the top; never more than the screen has.
    std::vector<ScreenLine> lines;
    /// For WatchModel::limit_scroll().
    std::size_t most_scroll = 0;
    /// Until when the ages that are shown stay right.
    Seconds ages_hold{60};
};

class WatchView {
public:
    /// `scope` says whose tasks these are. `terminal` tells colours and symbols; its width does not
    /// count.
    WatchView(const Terminal& terminal, std::string scope);

    [[nodiscard]] WatchFrame draw(const WatchModel& model, const ScreenSize& size, Time now);

    /// Lines between the top line and the two at the bottom.
    [[nodiscard]] static std::size_t body_lines(const ScreenSize& size) noexcept;

private:
    struct Body;
    class ListPage;

    [[nodiscard]] Body draw_list(const WatchModel& model, const ScreenSize& size, Time now);
    [[nodiscard]] Body draw_page(const WatchModel& model, const ScreenSize& size, Time now) const;
    [[nodiscard]] std::string top_line(const WatchModel& model, const ScreenSize& size) const;
    [[nodiscard]] std::vector<std::string> foot(const WatchModel& model,
                                                const ScreenSize& size) const;
    [[nodiscard]] std::string keys_line(const WatchModel& model, std::size_t columns) const;

    Terminal terminal_;
    std::string scope_;
    /// The first line of the list that is shown.
    std::size_t first_ = 0;
};

/// The time in the largest unit that says enough, as `age`; and how long that stays right.
[[nodiscard]] std::string ticking_age(Time now, Time then, Seconds& holds);

/// When the age that the view shows for a task began: with the question that waits longest, else
/// with the state that the task is in.
[[nodiscard]] Time age_start(const TaskRow& row) noexcept;

/// What each key does, for the help page.
[[nodiscard]] std::string watch_help(const Terminal& terminal);

} // namespace loong::cli
