#pragma once
/// Which tasks a verb over `TASK...` is about.

#include "invocation.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loong::cli {

/// Tasks by name, or all that match a label and a status.
class Selection {
public:
    void declare(OptionTable& table);

    /// The ids or shortened ids as they were given, or those that the filters find, the oldest
    /// first. `invalid_argument` where nothing was said, `task_not_found` where nothing matches.
    Result<std::vector<std::string>> choose(Tasks& tasks, const std::vector<std::string>& words,
                                            bool include_archived = false) const;

    [[nodiscard]] bool has_filter() const noexcept { return label_ || status_; }

    /// What the filters ask for.
    [[nodiscard]] Result<ListRequest> filter() const;

private:
    std::optional<std::string> label_;
    std::optional<std::string> status_;
};

} // namespace loong::cli
