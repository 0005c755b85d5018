#pragma once
/// What people see of a store that has to look through its tasks before it can answer.

#include "loong/tasks.hpp"
#include "printer.hpp"
#include "terminal.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace loong::cli {

/// On a terminal a bar on standard error, which goes when it is full. Where another process does the
/// work a sentence, once: what is answered may lack tasks.
class StoreProgressLine {
public:
    void show(const StoreProgress& progress);

    /// That sentence; empty where the answers are whole.
    [[nodiscard]] const std::string& warning() const { return warning_; }

private:
    void draw(std::string_view text);

    Terminal terminal_ = look_at_terminal(2);
    Printer err_{2, "standard error"};
    std::chrono::steady_clock::time_point drawn_at_;
    bool is_drawn_ = false;
    std::string warning_;
};

} // namespace loong::cli
