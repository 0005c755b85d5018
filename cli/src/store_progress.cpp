#include "store_progress.hpp"

#include "progress_bar.hpp"

#include <string_view>

namespace loong::cli {
namespace {

constexpr std::chrono::milliseconds between_two_frames{100};
constexpr std::size_t bar_columns = 30;
constexpr std::string_view clear_line = "\r\x1b[K";

} // namespace

// Where nobody sees it nothing is lost.
void StoreProgressLine::draw(std::string_view text) {
    err_.print(text);
    static_cast<void>(err_.flush());
}

void StoreProgressLine::show(const StoreProgress& progress) {
    const std::string count =
        std::to_string(progress.done) + " of " + std::to_string(progress.total) + " tasks";
    if (progress.by_other) {
        if (!warning_.empty()) return;
        warning_ = "another process makes the index of all tasks anew; known so far: " + count;
        draw("warning: " + warning_ + "\n");
        return;
    }
    if (!terminal_.moves) return;
    const bool is_over = progress.done >= progress.total;
    const auto now = std::chrono::steady_clock::now();
    if (is_over && is_drawn_) draw(clear_line);
    if (is_over) is_drawn_ = false;
    if (is_over || now - drawn_at_ < between_two_frames) return;
    Progress words;
    words.done = static_cast<std::int64_t>(progress.done);
    words.total = static_cast<std::int64_t>(progress.total);
    draw(std::string(clear_line) + "index  " + progress_bar(words, terminal_, bar_columns) + "  " +
         count);
    drawn_at_ = now;
    is_drawn_ = true;
}

} // namespace loong::cli
