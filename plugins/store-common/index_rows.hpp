#pragma once
/// The tables that tasks are selected by: what a task's summary says, spread over them, and what
/// follows from it for the tasks that depend on it. Used inside a write transaction.

#include "database.hpp"
#include "loong/store.hpp"
#include "loong/summary.hpp"
#include "task_kind.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong::store_common {

/// Makes the tables.
///
/// `member`: which tasks belong to a scope, by kind, in the order of their ids. A scope is '' for
/// all tasks, 'v' and a session for those that it may see, 'o' and a session for those it owns. A
/// kind is all that a filter asks of a task apart from time (task_kind.hpp). `counts` says how many
/// there are of each. `rank` is the negative priority of a task that may be claimed as far as
/// everything but time goes, else NULL. `version` says what a row was made from. `tail` is the end
/// of the id, reversed: short endings are found by it, and longer ones are compared with the id
/// itself. Rows that were written by an older loong have more there, up to the whole id, and files that
/// one made have no `tasks_label_start`, which finds labels by their first 12 characters.
extern const char* const selection_tables;

/// In which way the tables contradict each other, which SQLite cannot know; empty where they do not.
[[nodiscard]] std::string selection_damage(Database& database);

/// Makes `member` and `counts` again from what the rows of `tasks` say.
void make_members_again(Database& database);

/// What the tables keep of one task.
struct IndexEntry {
    std::string task_id;
    /// What this was made from, in the store's own words.
    std::string version;
    /// Null where the task cannot be read.
    const TaskSummary* summary = nullptr;
    std::string encoded;
    /// The sessions that carry or carried it.
    std::vector<std::string> sessions;
};

/// How much of the end of an id `tail` holds: enough to tell most of a million tasks apart.
inline constexpr std::size_t tail_length = 6;
/// What `tail` holds of an id, or begins with where it holds more.
[[nodiscard]] std::string tail_of(std::string_view text);

/// The ids of the sessions that a task's records are about. Those above the task only delegated it.
[[nodiscard]] std::vector<std::string> sessions_in(const std::vector<std::string>& records,
                                                   const TaskSummary& summary);

/// The names of scopes.
[[nodiscard]] inline std::string scope_of_all() { return {}; }
[[nodiscard]] inline std::string scope_of_viewer(std::string_view session_id) {
    return "v" + std::string(session_id);
}
[[nodiscard]] inline std::string scope_of_owner(std::string_view session_id) {
    return "o" + std::string(session_id);
}

/// Which sessions of a task have a row in `sessions`.
enum class SessionRows {
    all,
    /// Those without the one whose id follows the task's own (neighbour_ids.hpp), which is nearly
    /// always the first. Who asks for that one has to look at the task.
    not_the_neighbour,
};

class IndexRows {
public:
    /// Whether a task without a row is there all the same.
    using IsThere = std::function<bool(std::string_view task_id)>;

    IndexRows(Database& database, SessionRows session_rows, IsThere is_there)
        : database_(&database),
          session_rows_(session_rows),
          is_there_(std::move(is_there)) {}

    /// Has SQLite compile what put() needs for most new tasks, where there is time for that before it
    /// has to be quick.
    static void compile(Database& database);

    void put(const IndexEntry& entry);
    void remove(std::string_view task_id);
    /// Writes what was counted. Has to be called before the transaction is committed.
    void finish();

private:
    struct Row {
        bool found = false;
        TaskKind kind = TaskKind::unreadable();
        std::string scopes;
        std::string cause;
    };
    struct Dependencies {
        DependencyState state = DependencyState::met;
        std::string cause;
    };

    Row load(std::string_view task_id);
    std::int64_t scope_number(const std::string& name);
    std::string scope_numbers(const TaskSummary* summary);
    void count(const std::string& scopes, TaskKind kind, int change);
    void move_member(std::string_view task_id, const Row& from, const std::string& scopes,
                     TaskKind kind);
    void write_dependencies(std::string_view task_id, const TaskSummary* summary);
    Dependencies look_at_dependencies(std::string_view task_id);
    void update_dependents(std::string_view task_id);
    void write_row(const IndexEntry& entry, const std::string& scopes, TaskKind kind,
                   const std::string& cause);
    void write_sessions(const IndexEntry& entry);

    Database* database_;
    SessionRows session_rows_;
    IsThere is_there_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counted_;
};

/// Calls `each` with every number in a list of scopes (`,1,5,`).
template <typename Function>
void for_each_scope(std::string_view scopes, Function&& each) {
    std::int64_t number = 0;
    bool digits = false;
    for (const char c : scopes) {
        if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
            digits = true;
            continue;
        }
        if (digits) each(number);
        number = 0;
        digits = false;
    }
}

} // namespace loong::store_common
