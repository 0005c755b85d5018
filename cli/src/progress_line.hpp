#pragma once
/// How a task stands while somebody waits for it: one line that is written over.

#include "invocation.hpp"

#include <string>
#include <vector>

namespace loong::cli {

/// Shown on standard error, and only where that is a terminal that can take a line back and nobody
/// asked for JSON or silence. Whoever writes to the same terminal calls hide() before, and
/// show_again() after where a new line has begun.
class ProgressLine {
public:
    explicit ProgressLine(Invocation& invocation);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine() { hide(); }

    /// False: nothing is ever shown, so nothing has to be found out for it.
    [[nodiscard]] bool is_shown() const noexcept { return is_shown_; }

    /// Shown at once, unless something else stands in that line since hide().
    void show(const TaskRow& row);
    /// Those that are still waited for, out of `all`.
    void show(const std::vector<TaskRow>& rows, std::size_t all);
    void hide();
    void show_again(bool at_line_start);

private:
    void write_line();

    Printer& printer_;
    Terminal terminal_;
    bool is_shown_;
    bool is_there_ = false;
    bool has_room_ = true;
    std::string text_;
};

/// The text of it, for a line of that many columns: status, progress, and where the task needs the
/// operator what helps.
[[nodiscard]] std::string progress_line(const TaskRow& row, const Terminal& terminal,
                                        std::size_t columns);
[[nodiscard]] std::string progress_line(const std::vector<TaskRow>& rows, std::size_t all);

} // namespace loong::cli
