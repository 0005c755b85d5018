#include "watch_model.hpp"

namespace loong::cli {
namespace {

constexpr std::size_t most_rows = 10000;

/// What each section gets before anything is handed out by importance.
constexpr std::array<std::size_t, watch_section_count> least_rows = {2, 3, 2, 2};

} // namespace

std::size_t attention_lines(std::uint64_t total, std::size_t lines) noexcept {
    return total * 3 > lines / 2 ? 2 : 3;
}

void WatchModel::show(WatchLists lists) {
    lists_ = std::move(lists);
    const std::size_t count = row_count();
    if (const std::optional<std::size_t> index = index_of(selected_id_)) {
        selected_index_ = *index;
    } else if (count > 0) {
        select(std::min(selected_index_, count - 1));
    } else {
        selected_id_.clear();
        selected_index_ = 0;
    }
}

void WatchModel::say(std::string message, bool is_error) {
    message_ = std::move(message);
    message_is_error_ = is_error;
}

void WatchModel::ask(WatchPrompt prompt) {
    message_.clear();
    prompt_ = std::move(prompt);
}

WatchLimits WatchModel::limits(const WatchLists& totals, std::size_t lines) const {
    WatchLimits limits{};
    // The selected task tells one line more.
    std::size_t used = 1;
    const std::size_t attention_cost =
        attention_lines(totals.at(WatchSection::attention).total, lines);
    const auto cost = [&](std::size_t section) { return section == 0 ? attention_cost : 1; };
    for (std::size_t i = 0; i < watch_section_count; ++i) {
        const auto total = static_cast<std::size_t>(totals.sections[i].total);
        limits[i] = std::min(total, least_rows[i]);
        // Its title and the empty line behind it.
        if (total > 0) used += 2 + limits[i] * cost(i);
    }
    for (std::size_t i = 0; i < watch_section_count; ++i) {
        const std::size_t room = lines > used ? (lines - used) / cost(i) : 0;
        const auto missing = static_cast<std::size_t>(totals.sections[i].total) - limits[i];
        const std::size_t more = std::min(room, missing);
        limits[i] += more;
        used += more * cost(i);
    }
    const std::optional<std::size_t> index = index_of(selected_id_);
    for (std::size_t i = 0; index && i < watch_section_count; ++i) {
        const std::size_t start = section_start(i);
        const bool is_here = *index >= start && *index < start + lists_.sections[i].rows.size();
        // On the last row that is shown, a page more.
        if (is_here && *index - start + 1 >= limits[i]) limits[i] = *index - start + lines;
    }
    for (std::size_t& limit : limits) limit = std::min(limit, most_rows);
    return limits;
}

bool WatchModel::wants_more(std::size_t lines) const {
    const WatchLimits wanted = limits(lists_, lines);
    for (std::size_t i = 0; i < watch_section_count; ++i) {
        const WatchLists::Section& section = lists_.sections[i];
        if (std::min<std::uint64_t>(wanted[i], section.total) > section.rows.size()) return true;
    }
    return false;
}

const TaskRow* WatchModel::selected() const {
    const std::optional<std::size_t> index = index_of(selected_id_);
    return index ? row_at(*index) : nullptr;
}

std::size_t WatchModel::row_count() const {
    std::size_t count = 0;
    for (const WatchLists::Section& section : lists_.sections) count += section.rows.size();
    return count;
}

const TaskRow* WatchModel::row_at(std::size_t index) const {
    for (const WatchLists::Section& section : lists_.sections) {
        if (index < section.rows.size()) return &section.rows[index];
        index -= section.rows.size();
    }
    return nullptr;
}

std::optional<std::size_t> WatchModel::index_of(const std::string& task_id) const {
    std::size_t index = 0;
    for (const WatchLists::Section& section : lists_.sections) {
        for (const TaskRow& row : section.rows) {
            if (row.task_id == task_id) return index;
            ++index;
        }
    }
    return std::nullopt;
}

std::size_t WatchModel::section_start(std::size_t section) const {
    std::size_t start = 0;
    for (std::size_t i = 0; i < section; ++i) start += lists_.sections[i].rows.size();
    return start;
}

void WatchModel::select(std::size_t index) {
    const TaskRow* row = row_at(index);
    if (row == nullptr) return;
    selected_index_ = index;
    selected_id_ = row->task_id;
}

void WatchModel::move(std::ptrdiff_t rows) {
    const std::size_t count = row_count();
    if (count == 0) return;
    const auto last = static_cast<std::ptrdiff_t>(count - 1);
    const std::ptrdiff_t index = static_cast<std::ptrdiff_t>(selected_index_) + rows;
    select(static_cast<std::size_t>(std::clamp(index, std::ptrdiff_t{0}, last)));
}

void WatchModel::next_section() {
    const std::size_t count = row_count();
    for (std::size_t i = 1; i < watch_section_count; ++i) {
        const std::size_t start = section_start(i);
        if (start > selected_index_ && start < count) return select(start);
    }
    select(0);
}

} // namespace loong::cli
