#pragma once
/// Which tasks match a filter, in order, and how many: answered from the tables of the index alone,
/// at a cost by what is returned. Used inside a transaction.

#include "database.hpp"
#include "loong/store.hpp"
#include "task_kind.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::store_common {

class IndexQuery {
public:
    IndexQuery(Database& database, const TaskFilter& filter);

    struct Page {
        std::vector<std::string> ids;
        bool has_more = false;
    };
    Page list(ListOrder order, std::string_view cursor, std::size_t limit);
    std::vector<CountGroup> count();

private:
    /// What the filter needs to know of a task where its kind does not tell.
    struct Facts {
        TaskKind kind = TaskKind::unreadable();
        bool due = true;
        bool overdue = false;
    };

    std::int64_t scope(const std::string& name);
    std::vector<TaskKind> kinds();
    [[nodiscard]] bool matches_by_kind(TaskKind kind) const;
    [[nodiscard]] bool in_scopes(std::string_view scopes) const;
    /// Tasks that match only because their time has come.
    std::vector<std::string> overdue_only();
    std::vector<std::string> not_due_yet();
    /// Tasks whose labels begin as the pattern does. Absent: they are too many, or cannot be found.
    std::optional<std::vector<std::string>> labelled_alike(std::size_t limit);
    bool passes(std::string_view task_id);
    Facts facts_of(std::string_view task_id);
    std::vector<CountGroup> count_by_scan();
    std::vector<CountGroup> count_by_kind();

    Database* database_;
    const TaskFilter* filter_;
    std::int64_t now_ = 0;
    /// The scope that is walked, and those that a task has to be in besides; -1: nobody is in it.
    std::int64_t walked_ = 0;
    std::int64_t viewer_ = 0;
    std::int64_t owner_ = 0;
    /// What is walked does not say all that the filter asks.
    bool look_at_each_ = false;
};

} // namespace loong::store_common
