#include "task_labels.hpp"

#include "loong/ids.hpp"
#include "tasks_implementation.hpp"

#include <algorithm>
#include <string_view>

namespace loong {

namespace {

constexpr std::size_t ulid_length = 26;
constexpr std::size_t whole_length = task_id_prefix.size() + ulid_length;
/// How many of the newest tasks are looked through for something else than the beginning of an id.
constexpr std::size_t most_looked_through = 500;
/// What `tasks list` shows of an id.
constexpr std::size_t short_ending = 6;

/// In their order.
constexpr std::string_view letters = "0123456789abcdefghjkmnpqrstvwxyz";

bool is_ulid_text(std::string_view text) {
    return text.size() <= ulid_length && text.find_first_not_of(letters) == std::string_view::npos;
}

/// What the word says of the beginning of an id without `task-`; nothing where it cannot be one.
std::optional<std::string> beginning_of(std::string_view word) {
    if (task_id_prefix.starts_with(word)) return std::string();
    if (word.starts_with(task_id_prefix)) word.remove_prefix(task_id_prefix.size());
    if (!is_ulid_text(word)) return std::nullopt;
    return std::string(word);
}

/// The first id that is newer than all that begin so; empty where there can be none.
std::string id_behind(std::string first) {
    for (; first.size() > task_id_prefix.size(); first.pop_back()) {
        const std::size_t place = letters.find(first.back());
        if (place + 1 >= letters.size()) continue;
        first.back() = letters[place + 1];
        return first.append(whole_length - first.size(), letters.front());
    }
    return {};
}

bool matches(const TaskSummary& summary, std::string_view word) {
    const std::string_view id = summary.task_id;
    const std::string_view ending = id.substr(id.size() - std::min(id.size(), short_ending));
    return ending.starts_with(word) || id.ends_with(word) ||
           std::string_view(summary.label).find(word) != std::string_view::npos;
}

class LabelFinder {
public:
    LabelFinder(Tasks::Implementation& tasks, const TaskLabelRequest& request)
        : tasks_(tasks),
          request_(request) {
        filter_.states = request.states;
        filter_.visible_to = tasks.visible_to();
        filter_.include_archived = false;
    }

    Result<std::vector<TaskLabel>> find() {
        const std::optional<std::string> beginning = beginning_of(request_.word);
        if (beginning) {
            const std::string first = std::string(task_id_prefix) + *beginning;
            Result<ListPage> page = tasks_.store().list(filter_, ListOrder::newest_first,
                                                        id_behind(first), request_.limit);
            if (!page) return std::move(page).error();
            for (const ListedTask& row : page->tasks) {
                if (row.task_id.starts_with(first)) add(row);
            }
        }
        if (!found_.empty() || request_.word.empty()) return std::move(found_);
        Result<ListPage> page =
            tasks_.store().list(filter_, ListOrder::newest_first, {}, most_looked_through);
        if (!page) return std::move(page).error();
        for (const ListedTask& row : page->tasks) {
            if (row.summary && matches(*row.summary, request_.word)) add(row);
            if (found_.size() == request_.limit) break;
        }
        return std::move(found_);
    }

private:
    void add(const ListedTask& row) {
        if (!row.summary) return;
        const TaskSummary& summary = *row.summary;
        found_.push_back({summary.task_id, summary.label, summary.session_state,
                          summary.task_session_id, summary.scope_session_id});
    }

    Tasks::Implementation& tasks_;
    const TaskLabelRequest& request_;
    TaskFilter filter_;
    std::vector<TaskLabel> found_;
};

} // namespace

Result<std::vector<TaskLabel>> task_labels(const OpenOptions& options,
                                           const TaskLabelRequest& request) {
    Result<std::unique_ptr<Tasks::Implementation>> tasks = Tasks::Implementation::open(options);
    if (!tasks) return std::move(tasks).error();
    return LabelFinder(**tasks, request).find();
}

} // namespace loong
