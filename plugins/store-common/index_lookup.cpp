#include "index_lookup.hpp"

#include "index_rows.hpp"
#include "loong/ids.hpp"

#include <algorithm>

namespace loong::store_common {

namespace {

std::vector<std::string> first_column(Statement& read) {
    std::vector<std::string> values;
    while (read.step()) values.emplace_back(read.text(0));
    return values;
}

} // namespace

std::vector<std::string> select_claimable(Database& database, Time now, std::size_t limit) {
    // Two reads and not one union, which SQLite would put into tables of its own first.
    std::vector<std::pair<std::int64_t, std::string>> ranked;
    const auto add = [&ranked](Statement& read) {
        while (read.step()) ranked.emplace_back(read.integer(0), read.text(1));
    };
    Statement ready = database.prepare(
        "SELECT rank, id FROM tasks INDEXED BY tasks_now "
        "WHERE rank IS NOT NULL AND not_before IS NULL ORDER BY rank, id LIMIT ?1");
    ready.bind(static_cast<std::int64_t>(limit));
    add(ready);
    Statement due =
        database.prepare("SELECT rank, id FROM tasks INDEXED BY tasks_due "
                         "WHERE rank IS NOT NULL AND not_before <= ?2 ORDER BY rank, id LIMIT ?1");
    due.bind(static_cast<std::int64_t>(limit)).bind(now.time_since_epoch().count());
    add(due);
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::string> ids;
    for (auto& [rank, id] : ranked) {
        if (ids.size() < limit) ids.push_back(std::move(id));
    }
    return ids;
}

bool is_claimable(const ListedTask& task, Time now) {
    if (!task.summary) return false;
    const TaskSummary& summary = *task.summary;
    return summary.session_state == SessionState::ready && !summary.held && !summary.archived &&
           !(summary.not_before && *summary.not_before > now) &&
           task.dependencies == DependencyState::met;
}

std::optional<Time> select_next_due(Database& database, Time now) {
    Statement read =
        database.prepare("SELECT not_before FROM tasks INDEXED BY tasks_due "
                         "WHERE rank IS NOT NULL AND not_before > ? ORDER BY not_before LIMIT 1");
    read.bind(now.time_since_epoch().count());
    if (!read.step()) return {};
    return Time(Microseconds(read.integer(0)));
}

std::vector<std::string> select_dependents(Database& database, std::string_view task_id) {
    Statement read =
        database.prepare("SELECT DISTINCT task FROM deps WHERE on_id = ? ORDER BY task");
    read.bind(task_id);
    return first_column(read);
}

std::vector<std::string> select_by_dedupe_key(Database& database, std::string_view key) {
    if (key.empty()) return {};
    Statement read = database.prepare(
        "SELECT id FROM tasks INDEXED BY tasks_dedupe WHERE dedupe_key = ? ORDER BY id");
    read.bind(key);
    return first_column(read);
}

std::vector<std::string> select_by_short_id(Database& database, std::string_view text) {
    constexpr std::size_t shortest_ending = 5;
    // Far more than anybody can tell apart; only ids made to look alike come so near each other.
    constexpr std::int64_t enough = 10'000;
    std::vector<std::string> ids;
    const auto add_range = [&](const char* sql, const std::string& from,
                               std::string_view ending = {}) {
        const std::string to = from + "\x7f";
        Statement read = database.prepare(sql);
        read.bind(std::string_view(from)).bind(std::string_view(to)).bind(enough);
        if (!ending.empty()) read.bind(ending);
        while (read.step()) ids.emplace_back(read.text(0));
    };
    constexpr const char* by_id =
        "SELECT id FROM tasks WHERE id >= ? AND id < ? ORDER BY id LIMIT ?";
    add_range(by_id, std::string(text));
    add_range(by_id, std::string(task_id_prefix) + std::string(text));
    if (text.size() >= shortest_ending) {
        add_range("SELECT id FROM tasks WHERE tail >= ?1 AND tail < ?2 "
                  "AND substr(id, -length(?4)) = ?4 LIMIT ?3",
                  tail_of(text), text);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

std::optional<std::string> select_task_of_session(Database& database, std::string_view session_id) {
    Statement read = database.prepare("SELECT task FROM sessions WHERE id = ?");
    read.bind(session_id);
    if (!read.step()) return {};
    return std::string(read.text(0));
}

std::vector<std::string> select_sessions_of(Database& database, std::string_view task_id) {
    Statement read = database.prepare("SELECT id FROM sessions WHERE task = ?");
    read.bind(task_id);
    return first_column(read);
}

} // namespace loong::store_common
