#include "index_rows.hpp"

#include "loong/ids.hpp"
#include "neighbour_ids.hpp"

#include <algorithm>
#include <array>

namespace loong::store_common {

namespace {

std::optional<std::int64_t> as_number(const std::optional<Time>& time) {
    if (!time) return {};
    return time->time_since_epoch().count();
}

/// What put() needs; apart, so that some can be compiled before.
namespace sql {

constexpr const char* load_row = "SELECT kind, scopes, cause FROM tasks WHERE id = ?";
constexpr const char* find_scope = "SELECT n FROM scopes WHERE name = ?";
constexpr const char* add_scope = "INSERT OR IGNORE INTO scopes(name) VALUES(?)";
constexpr const char* change_count = "INSERT INTO counts(scope, kind, n) VALUES(?, ?, ?) "
                                     "ON CONFLICT(scope, kind) DO UPDATE SET n = n + excluded.n";
constexpr const char* remove_member = "DELETE FROM member WHERE scope = ? AND kind = ? AND id = ?";
constexpr const char* add_member = "INSERT OR REPLACE INTO member(scope, kind, id) VALUES(?, ?, ?)";
constexpr const char* load_dependencies =
    "SELECT on_id, any_end FROM deps WHERE task = ? ORDER BY place";
constexpr const char* look_at_dependencies =
    "SELECT deps.on_id, deps.any_end, tasks.kind FROM deps "
    "LEFT JOIN tasks ON tasks.id = deps.on_id WHERE deps.task = ? ORDER BY deps.place";
constexpr const char* find_dependents = "SELECT DISTINCT task FROM deps WHERE on_id = ?";
constexpr const char* write_row =
    "INSERT INTO tasks(id, tail, kind, priority, rank, not_before, overdue_at, version, cause, "
    "scopes, label, dedupe_key, summary) "
    "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
    "ON CONFLICT(id) DO UPDATE SET kind = ?3, priority = ?4, rank = ?5, not_before = ?6, "
    "overdue_at = ?7, version = ?8, cause = ?9, scopes = ?10, label = ?11, dedupe_key = ?12, "
    "summary = ?13";
constexpr const char* set_session = "INSERT OR REPLACE INTO sessions(id, task) VALUES(?, ?)";

constexpr std::array of_new_tasks = {load_row,        find_scope,          change_count,
                                     add_member,      load_dependencies,   write_row,
                                     find_dependents, look_at_dependencies};

} // namespace sql

} // namespace

std::string tail_of(std::string_view text) {
    std::string tail(text.substr(text.size() - std::min(text.size(), tail_length)));
    std::reverse(tail.begin(), tail.end());
    return tail;
}

const char* const selection_tables = R"sql(
CREATE TABLE tasks(
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  tail TEXT NOT NULL,
  kind INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  rank INTEGER,
  not_before INTEGER,
  overdue_at INTEGER,
  version TEXT NOT NULL,
  cause TEXT NOT NULL,
  scopes TEXT NOT NULL,
  label TEXT NOT NULL,
  dedupe_key TEXT,
  summary TEXT);
CREATE INDEX tasks_tail ON tasks(tail);
CREATE INDEX tasks_now ON tasks(rank, id) WHERE rank IS NOT NULL AND not_before IS NULL;
CREATE INDEX tasks_due ON tasks(not_before) WHERE rank IS NOT NULL AND not_before IS NOT NULL;
CREATE INDEX tasks_later ON tasks(not_before) WHERE not_before IS NOT NULL;
CREATE INDEX tasks_overdue ON tasks(overdue_at) WHERE overdue_at IS NOT NULL;
CREATE INDEX tasks_label_start ON tasks(substr(label, 1, 12));
CREATE INDEX tasks_dedupe ON tasks(dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE TABLE scopes(n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE member(scope INTEGER NOT NULL, kind INTEGER NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY(scope, kind, id)) WITHOUT ROWID;
CREATE TABLE counts(scope INTEGER NOT NULL, kind INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(scope, kind)) WITHOUT ROWID;
CREATE TABLE deps(task TEXT NOT NULL, place INTEGER NOT NULL, on_id TEXT NOT NULL,
  any_end INTEGER NOT NULL, PRIMARY KEY(task, place)) WITHOUT ROWID;
CREATE INDEX deps_on ON deps(on_id, task);
CREATE TABLE sessions(id TEXT PRIMARY KEY, task TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_task ON sessions(task);
)sql";

std::string selection_damage(Database& database) {
    static constexpr std::array<std::pair<const char*, const char*>, 4> contradictions = {{
        {"a count is wrong",
         "SELECT 1 FROM (SELECT scope, kind, count(*) AS n FROM member GROUP BY scope, kind) AS m "
         "FULL JOIN (SELECT scope, kind, n FROM counts WHERE n <> 0) AS c "
         "ON m.scope = c.scope AND m.kind = c.kind WHERE m.n IS NOT c.n LIMIT 1"},
        {"a task is among those of another kind",
         "SELECT 1 FROM member LEFT JOIN tasks ON tasks.id = member.id "
         "WHERE tasks.kind IS NOT member.kind LIMIT 1"},
        {"a task is missing in a scope",
         "SELECT 1 WHERE (SELECT count(*) FROM member) <> (SELECT coalesce(sum("
         "length(scopes) - length(replace(scopes, ',', '')) - 1), 0) FROM tasks)"},
        {"a scope has no name", "SELECT 1 FROM member LEFT JOIN scopes ON scopes.n = member.scope "
                                "WHERE scopes.n IS NULL LIMIT 1"},
    }};
    for (const auto& [what, sql] : contradictions) {
        if (database.prepare(sql).step()) return what;
    }
    return {};
}

void make_members_again(Database& database) {
    database.run("DELETE FROM member");
    database.run("INSERT INTO member(scope, kind, id) SELECT scope.value, tasks.kind, tasks.id "
                 "FROM tasks, json_each('[' || trim(tasks.scopes, ',') || ']') AS scope");
    database.run("DELETE FROM counts");
    database.run("INSERT INTO counts(scope, kind, n) "
                 "SELECT scope, kind, count(*) FROM member GROUP BY scope, kind");
}

std::vector<std::string> sessions_in(const std::vector<std::string>& records,
                                     const TaskSummary& summary) {
    constexpr std::string_view key = "\"session_id\":\"";
    std::vector<std::string> found;
    for (const std::string& record : records) {
        const std::size_t at = record.find(key);
        if (at == std::string::npos) continue;
        const std::string_view rest = std::string_view(record).substr(at + key.size());
        const std::string session(rest.substr(0, rest.find('"')));
        if (!is_child_session_id(session) || (!found.empty() && found.back() == session)) continue;
        const auto& above = summary.visible_to;
        if (std::find(above.begin(), above.end(), session) != above.end()) continue;
        if (std::find(found.begin(), found.end(), session) == found.end()) found.push_back(session);
    }
    return found;
}

IndexRows::Row IndexRows::load(std::string_view task_id) {
    Statement statement = database_->prepare(sql::load_row);
    statement.bind(task_id);
    if (!statement.step()) return {};
    return {true, TaskKind(statement.integer(0)), std::string(statement.text(1)),
            std::string(statement.text(2))};
}

std::int64_t IndexRows::scope_number(const std::string& name) {
    for (int round = 0; round < 2; ++round) {
        Statement find = database_->prepare(sql::find_scope);
        find.bind(std::string_view(name));
        if (find.step()) return find.integer(0);
        database_->prepare(sql::add_scope).bind(std::string_view(name)).run();
    }
    return 0;
}

std::string IndexRows::scope_numbers(const TaskSummary* summary) {
    std::vector<std::int64_t> numbers{scope_number(scope_of_all())};
    if (summary != nullptr) {
        for (const std::string& session : summary->visible_to)
            numbers.push_back(scope_number(scope_of_viewer(session)));
        numbers.push_back(scope_number(scope_of_owner(summary->owner_session_id)));
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::string text = ",";
    for (const std::int64_t number : numbers) text += std::to_string(number) + ",";
    return text;
}

void IndexRows::count(const std::string& scopes, TaskKind kind, int change) {
    for_each_scope(scopes, [&](std::int64_t scope) { counted_[{scope, kind.number()}] += change; });
}

void IndexRows::finish() {
    for (const auto& [key, change] : counted_) {
        if (change == 0) continue;
        database_->prepare(sql::change_count).bind(key.first).bind(key.second).bind(change).run();
    }
    counted_.clear();
}

void IndexRows::move_member(std::string_view task_id, const Row& from, const std::string& scopes,
                            TaskKind kind) {
    if (from.found && from.kind == kind && from.scopes == scopes) return;
    if (from.found) {
        count(from.scopes, from.kind, -1);
        for_each_scope(from.scopes, [&](std::int64_t scope) {
            database_->prepare(sql::remove_member)
                .bind(scope)
                .bind(from.kind.number())
                .bind(task_id)
                .run();
        });
    }
    count(scopes, kind, 1);
    for_each_scope(scopes, [&](std::int64_t scope) {
        database_->prepare(sql::add_member).bind(scope).bind(kind.number()).bind(task_id).run();
    });
}

void IndexRows::write_dependencies(std::string_view task_id, const TaskSummary* summary) {
    static const std::vector<Dependency> none;
    const std::vector<Dependency>& wanted = summary == nullptr ? none : summary->dependencies;
    std::vector<Dependency> kept;
    Statement read = database_->prepare(sql::load_dependencies);
    read.bind(task_id);
    while (read.step()) kept.push_back({std::string(read.text(0)), read.integer(1) != 0});
    const bool same =
        std::equal(kept.begin(), kept.end(), wanted.begin(), wanted.end(),
                   [](const Dependency& left, const Dependency& right) {
                       return left.task_id == right.task_id && left.any_end == right.any_end;
                   });
    if (same) return;
    database_->prepare("DELETE FROM deps WHERE task = ?").bind(task_id).run();
    std::int64_t place = 0;
    for (const Dependency& dependency : wanted) {
        database_->prepare("INSERT INTO deps(task, place, on_id, any_end) VALUES(?, ?, ?, ?)")
            .bind(task_id)
            .bind(place++)
            .bind(std::string_view(dependency.task_id))
            .bind(std::int64_t{dependency.any_end})
            .run();
    }
}

IndexRows::Dependencies IndexRows::look_at_dependencies(std::string_view task_id) {
    Dependencies found;
    Statement read = database_->prepare(sql::look_at_dependencies);
    read.bind(task_id);
    while (read.step()) {
        const bool any_end = read.integer(1) != 0;
        DependencyState state = DependencyState::met;
        if (read.is_null(2)) {
            // It may be there and only not be in the index yet.
            if (is_there_(read.text(0)))
                state = DependencyState::pending;
            else if (!any_end)
                state = DependencyState::failed;
        } else {
            const TaskKind kind(read.integer(2));
            // One that cannot be read may be repaired, so nothing is decided yet.
            if (kind.is_unreadable() || !is_terminal(kind.state()))
                state = DependencyState::pending;
            else if (!any_end && kind.state() != SessionState::completed)
                state = DependencyState::failed;
        }
        if (state == DependencyState::failed) return {state, std::string(read.text(0))};
        if (state == DependencyState::pending && found.state == DependencyState::met)
            found = {state, std::string(read.text(0))};
    }
    return found;
}

void IndexRows::update_dependents(std::string_view task_id) {
    std::vector<std::string> dependents;
    {
        Statement read = database_->prepare(sql::find_dependents);
        read.bind(task_id);
        while (read.step()) dependents.emplace_back(read.text(0));
    }
    for (const std::string& dependent : dependents) {
        const Row row = load(dependent);
        if (!row.found || row.kind.is_unreadable()) continue;
        const Dependencies now = look_at_dependencies(dependent);
        const TaskKind kind = row.kind.with(now.state);
        if (kind == row.kind && now.cause == row.cause) continue;
        move_member(dependent, row, row.scopes, kind);
        database_
            ->prepare("UPDATE tasks SET kind = ?1, cause = ?2, "
                      "rank = CASE WHEN ?3 THEN -priority END WHERE id = ?4")
            .bind(kind.number())
            .bind(std::string_view(now.cause))
            .bind(std::int64_t{kind.claimable()})
            .bind(std::string_view(dependent))
            .run();
    }
}

void IndexRows::write_row(const IndexEntry& entry, const std::string& scopes, TaskKind kind,
                          const std::string& cause) {
    const TaskSummary* summary = entry.summary;
    const std::string tail = tail_of(entry.task_id);
    const std::int64_t priority = summary == nullptr ? 0 : summary->priority;
    Statement write = database_->prepare(sql::write_row);
    write.bind(std::string_view(entry.task_id)).bind(std::string_view(tail)).bind(kind.number());
    write.bind(priority);
    write.bind(summary != nullptr && kind.claimable() ? std::optional(-priority) : std::nullopt);
    write.bind(summary == nullptr ? std::nullopt : as_number(summary->not_before));
    write.bind(summary == nullptr ? std::nullopt : as_number(summary->overdue_at));
    write.bind(std::string_view(entry.version));
    write.bind(std::string_view(cause)).bind(std::string_view(scopes));
    write.bind(summary == nullptr ? std::string_view() : std::string_view(summary->label));
    if (summary == nullptr || summary->dedupe_key.empty())
        write.bind_null();
    else
        write.bind(std::string_view(summary->dedupe_key));
    if (summary == nullptr)
        write.bind_null();
    else
        write.bind(std::string_view(entry.encoded));
    write.run();
}

void IndexRows::write_sessions(const IndexEntry& entry) {
    std::optional<std::string> neighbour;
    if (session_rows_ == SessionRows::not_the_neighbour) neighbour = session_after(entry.task_id);
    for (const std::string& session : entry.sessions) {
        if (session == neighbour) continue;
        database_->prepare("INSERT OR IGNORE INTO sessions(id, task) VALUES(?, ?)")
            .bind(std::string_view(session))
            .bind(std::string_view(entry.task_id))
            .run();
    }
    if (entry.summary == nullptr) return;
    const std::string& current = entry.summary->task_session_id;
    if (!is_child_session_id(current) || current == neighbour) return;
    database_->prepare(sql::set_session)
        .bind(std::string_view(current))
        .bind(std::string_view(entry.task_id))
        .run();
}

void IndexRows::compile(Database& database) {
    for (const char* text : sql::of_new_tasks) static_cast<void>(database.prepare(text));
}

void IndexRows::put(const IndexEntry& entry) {
    const Row before = load(entry.task_id);
    // What a task that cannot be read depends on is kept: it may be readable again.
    if (entry.summary != nullptr) write_dependencies(entry.task_id, entry.summary);
    const std::string scopes = scope_numbers(entry.summary);
    const Dependencies dependencies = look_at_dependencies(entry.task_id);
    const TaskKind kind = entry.summary == nullptr ? TaskKind::unreadable()
                                                   : TaskKind(*entry.summary, dependencies.state);
    move_member(entry.task_id, before, scopes, kind);
    write_row(entry, scopes, kind, dependencies.cause);
    write_sessions(entry);
    const bool changed = !before.found || before.kind.is_unreadable() != kind.is_unreadable() ||
                         before.kind.state() != kind.state();
    if (changed) update_dependents(entry.task_id);
}

void IndexRows::remove(std::string_view task_id) {
    const Row before = load(task_id);
    if (!before.found) return;
    count(before.scopes, before.kind, -1);
    for_each_scope(before.scopes, [&](std::int64_t scope) {
        database_->prepare(sql::remove_member)
            .bind(scope)
            .bind(before.kind.number())
            .bind(task_id)
            .run();
    });
    database_->prepare("DELETE FROM tasks WHERE id = ?").bind(task_id).run();
    database_->prepare("DELETE FROM deps WHERE task = ?").bind(task_id).run();
    database_->prepare("DELETE FROM sessions WHERE task = ?").bind(task_id).run();
    update_dependents(task_id);
}

} // namespace loong::store_common
