#include "selection.hpp"

#include "option_values.hpp"

namespace loong::cli {

void Selection::declare(OptionTable& table) {
    constexpr std::size_t any_number = 100000;
    table.positionals("TASK...", any_number);
    table.value("--label", "GLOB", label_, "tasks whose label matches, instead of naming them");
    table.value("--status", "S", status_, "tasks with this status, instead of naming them");
    table.words(status_words());
}

Result<ListRequest> Selection::filter() const {
    ListRequest request;
    request.label_glob = label_.value_or("");
    request.oldest_first = true;
    if (status_) {
        Result<Status> status = read_status("--status", *status_);
        if (!status) return std::move(status).error();
        request.status = *status;
    }
    return request;
}

Result<std::vector<std::string>> Selection::choose(Tasks& tasks,
                                                   const std::vector<std::string>& words,
                                                   bool include_archived) const {
    if (!words.empty() && has_filter()) {
        return Error{ErrorCode::invalid_argument, "tasks and a filter: both were given",
                     "name tasks, or use --label and --status"};
    }
    if (!words.empty()) return words;
    if (!has_filter()) {
        return Error{ErrorCode::invalid_argument, "no task was named",
                     "name one (`loong tasks list` shows them), or use --label or --status"};
    }
    Result<ListRequest> request = filter();
    if (!request) return std::move(request).error();
    request->include_archived = include_archived;
    Result<std::vector<std::string>> found = tasks.select(*request);
    if (found && found->empty()) {
        return Error{ErrorCode::task_not_found, "no task matches the filter",
                     "`loong tasks list` shows what there is"};
    }
    return found;
}

} // namespace loong::cli
