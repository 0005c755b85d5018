#include "index_query.hpp"

#include "index_rows.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <map>
#include <tuple>

namespace loong::store_common {

namespace {

/// Ids in order: those of one kind in one scope, or a list.
class Stream {
public:
    Stream(Statement statement) : statement_(std::move(statement)) { advance(); }
    Stream(std::vector<std::string> ids) : ids_(std::move(ids)) { advance(); }

    [[nodiscard]] bool at_end() const { return at_end_; }
    [[nodiscard]] const std::string& head() const { return head_; }

    void advance() {
        if (statement_) {
            at_end_ = !statement_->step();
            if (!at_end_) head_ = statement_->text(0);
            return;
        }
        at_end_ = next_ == ids_.size();
        if (!at_end_) head_ = ids_[next_++];
    }

private:
    std::optional<Statement> statement_;
    std::vector<std::string> ids_;
    std::size_t next_ = 0;
    std::string head_;
    bool at_end_ = false;
};

constexpr const char* newest_first =
    "SELECT id FROM member WHERE scope = ? AND kind = ? AND id < ? ORDER BY id DESC";
constexpr const char* oldest_first =
    "SELECT id FROM member WHERE scope = ? AND kind = ? AND id > ? ORDER BY id";
/// After every id.
constexpr std::string_view beyond = "u";

/// How many characters of labels are in order in the index.
constexpr std::size_t ordered_part = 12;
/// Where more tasks have labels that begin as the pattern does, walking all in order finds a page
/// of them sooner than putting them in order does.
constexpr std::size_t most_sorted = 1000;

/// What the ordered part of every label that matches the pattern begins with. Empty where that is not
/// known: bytes are not characters then.
std::string ordered_start(std::string_view glob) {
    const std::string_view plain =
        glob.substr(0, glob.find_first_of("*?[\\")).substr(0, ordered_part);
    const bool is_ascii =
        std::all_of(plain.begin(), plain.end(), [](char c) { return c > 0 && c < '\x7f'; });
    return is_ascii ? std::string(plain) : std::string();
}

class Groups {
public:
    void add(TaskKind kind, bool due, bool overdue, std::int64_t change) {
        counts_[{kind.counted().number(), due, overdue}] += change;
    }
    [[nodiscard]] std::vector<CountGroup> take() const {
        std::vector<CountGroup> groups;
        for (const auto& [key, count] : counts_) {
            if (count <= 0) continue;
            const TaskKind kind(std::get<0>(key));
            if (kind.is_unreadable()) {
                CountGroup unreadable;
                unreadable.count = static_cast<std::uint64_t>(count);
                unreadable.unreadable = true;
                groups.push_back(unreadable);
                continue;
            }
            groups.push_back({kind.state(), kind.archived(), kind.held(), kind.dependencies(),
                              std::get<1>(key), std::get<2>(key),
                              static_cast<std::uint64_t>(count)});
        }
        return groups;
    }

private:
    std::map<std::tuple<std::int64_t, bool, bool>, std::int64_t> counts_;
};

} // namespace

IndexQuery::IndexQuery(Database& database, const TaskFilter& filter)
    : database_(&database),
      filter_(&filter),
      now_(filter.now.time_since_epoch().count()) {
    if (!filter.visible_to.empty()) viewer_ = scope(scope_of_viewer(filter.visible_to));
    if (!filter.owner_session_id.empty()) owner_ = scope(scope_of_owner(filter.owner_session_id));
    walked_ = owner_ != 0 ? owner_ : viewer_ != 0 ? viewer_ : scope(scope_of_all());
    look_at_each_ = filter.not_due || !filter.label_glob.empty() || (owner_ != 0 && viewer_ != 0);
}

std::int64_t IndexQuery::scope(const std::string& name) {
    Statement find = database_->prepare("SELECT n FROM scopes WHERE name = ?");
    find.bind(std::string_view(name));
    return find.step() ? find.integer(0) : -1;
}

std::vector<TaskKind> IndexQuery::kinds() {
    std::vector<TaskKind> kinds;
    Statement read = database_->prepare("SELECT kind FROM counts WHERE scope = ? AND n > 0");
    read.bind(walked_);
    while (read.step()) kinds.emplace_back(read.integer(0));
    return kinds;
}

bool IndexQuery::matches_by_kind(TaskKind kind) const {
    return kind.matches(*filter_) && (!filter_->attention_candidates || kind.attention_candidate());
}

bool IndexQuery::in_scopes(std::string_view scopes) const {
    const auto contains = [&](std::int64_t scope) {
        if (scope == 0) return true;
        return scopes.find("," + std::to_string(scope) + ",") != std::string_view::npos;
    };
    return contains(viewer_) && contains(owner_);
}

std::vector<std::string> IndexQuery::overdue_only() {
    std::vector<std::string> ids;
    if (!filter_->attention_candidates) return ids;
    Statement read = database_->prepare(
        "SELECT id, kind, scopes FROM tasks INDEXED BY tasks_overdue WHERE overdue_at <= ?");
    read.bind(now_);
    while (read.step()) {
        const TaskKind kind(read.integer(1));
        if (kind.matches(*filter_) && !kind.attention_candidate() && in_scopes(read.text(2)))
            ids.emplace_back(read.text(0));
    }
    return ids;
}

std::vector<std::string> IndexQuery::not_due_yet() {
    std::vector<std::string> ids;
    Statement read =
        database_->prepare("SELECT id FROM tasks INDEXED BY tasks_later WHERE not_before > ?");
    read.bind(now_);
    while (read.step()) ids.emplace_back(read.text(0));
    return ids;
}

std::optional<std::vector<std::string>> IndexQuery::labelled_alike(std::size_t limit) {
    const std::string start = ordered_start(filter_->label_glob);
    if (start.empty()) return std::nullopt;
    // The files of an older loong lack that index.
    Statement look =
        database_->prepare("SELECT 1 FROM sqlite_schema WHERE name = 'tasks_label_start'");
    if (!look.step()) return std::nullopt;
    std::string end = start;
    ++end.back();
    const std::size_t most = std::max(limit, most_sorted);
    std::vector<std::string> ids;
    Statement read =
        database_->prepare("SELECT id FROM tasks INDEXED BY tasks_label_start "
                           "WHERE substr(label, 1, 12) >= ? AND substr(label, 1, 12) < ?");
    read.bind(std::string_view(start)).bind(std::string_view(end));
    while (read.step()) {
        if (ids.size() == most) return std::nullopt;
        ids.emplace_back(read.text(0));
    }
    return ids;
}

bool IndexQuery::passes(std::string_view task_id) {
    if (!look_at_each_) return true;
    Statement read = database_->prepare("SELECT kind, scopes, label, not_before > ?2, "
                                        "overdue_at <= ?2 FROM tasks WHERE id = ?1");
    read.bind(task_id).bind(now_);
    if (!read.step()) return false;
    const TaskKind kind(read.integer(0));
    if (!kind.matches(*filter_)) return false;
    if (kind.is_unreadable()) return true;
    if (filter_->attention_candidates && !kind.attention_candidate() && read.integer(4) == 0)
        return false;
    if (filter_->not_due && read.integer(3) == 0) return false;
    if (!in_scopes(read.text(1))) return false;
    return filter_->label_glob.empty() ||
           ::fnmatch(filter_->label_glob.c_str(), std::string(read.text(2)).c_str(), 0) == 0;
}

IndexQuery::Page IndexQuery::list(ListOrder order, std::string_view cursor, std::size_t limit) {
    const bool newest = order == ListOrder::newest_first;
    const std::string_view start = cursor.empty() && newest ? beyond : cursor;
    const auto before = [newest](const std::string& left, const std::string& right) {
        return newest ? left > right : left < right;
    };
    std::vector<Stream> streams;
    const auto walk = [&](std::int64_t scope_number, TaskKind kind) {
        Statement members = database_->prepare(newest ? newest_first : oldest_first);
        members.bind(scope_number).bind(kind.number()).bind(start);
        streams.emplace_back(std::move(members));
    };
    const auto sorted = [&](std::vector<std::string> ids) {
        std::erase_if(ids, [&](const std::string& id) { return !before(std::string(start), id); });
        std::sort(ids.begin(), ids.end(), before);
        streams.emplace_back(std::move(ids));
    };
    if (auto alike = labelled_alike(limit)) {
        sorted(*std::move(alike));
    } else if (filter_->not_due) {
        sorted(not_due_yet());
    } else {
        for (const TaskKind kind : kinds()) {
            if (matches_by_kind(kind) && !kind.is_unreadable()) walk(walked_, kind);
        }
        sorted(overdue_only());
    }
    // Of a task that cannot be read nobody knows who may see it, and somebody has to.
    const TaskKind unreadable = TaskKind::unreadable();
    if (matches_by_kind(unreadable)) walk(scope(scope_of_all()), unreadable);

    Page page;
    for (;;) {
        Stream* first = nullptr;
        for (Stream& stream : streams) {
            if (!stream.at_end() && (first == nullptr || before(stream.head(), first->head())))
                first = &stream;
        }
        if (first == nullptr) return page;
        if (passes(first->head())) {
            if (page.ids.size() == limit) {
                page.has_more = true;
                return page;
            }
            page.ids.push_back(first->head());
        }
        first->advance();
    }
}

std::vector<CountGroup> IndexQuery::count() {
    return look_at_each_ || filter_->attention_candidates ? count_by_scan() : count_by_kind();
}

std::vector<CountGroup> IndexQuery::count_by_kind() {
    Groups groups;
    Statement read = database_->prepare("SELECT kind, n FROM counts WHERE scope = ? AND n > 0");
    read.bind(walked_);
    while (read.step()) {
        const TaskKind kind(read.integer(0));
        if (!kind.is_unreadable() && kind.matches(*filter_))
            groups.add(kind, true, false, read.integer(1));
    }
    // Of a task that cannot be read nobody knows who may see it, and somebody has to.
    if (matches_by_kind(TaskKind::unreadable())) {
        Statement unreadable =
            database_->prepare("SELECT n FROM counts WHERE scope = ? AND kind = ? AND n > 0");
        unreadable.bind(scope(scope_of_all())).bind(TaskKind::unreadable().number());
        if (unreadable.step()) {
            groups.add(TaskKind::unreadable(), true, false, unreadable.integer(0));
        }
    }
    // Time decides about few tasks: they are looked at one by one and change their group.
    Statement late = database_->prepare(
        "SELECT kind, scopes, not_before > ?1, overdue_at <= ?1 FROM tasks WHERE n IN ("
        "SELECT n FROM tasks INDEXED BY tasks_later WHERE not_before > ?1 UNION "
        "SELECT n FROM tasks INDEXED BY tasks_overdue WHERE overdue_at <= ?1)");
    late.bind(now_);
    while (late.step()) {
        const TaskKind kind(late.integer(0));
        if (kind.is_unreadable() || !kind.matches(*filter_) || !in_scopes(late.text(1))) continue;
        groups.add(kind, true, false, -1);
        groups.add(kind, late.integer(2) == 0, late.integer(3) != 0, 1);
    }
    return groups.take();
}

std::vector<CountGroup> IndexQuery::count_by_scan() {
    Groups groups;
    std::vector<std::string> ids = list(ListOrder::oldest_first, {}, SIZE_MAX).ids;
    for (const std::string& id : ids) {
        const Facts facts = facts_of(id);
        groups.add(facts.kind, facts.due, facts.overdue, 1);
    }
    return groups.take();
}

IndexQuery::Facts IndexQuery::facts_of(std::string_view task_id) {
    Statement read = database_->prepare(
        "SELECT kind, not_before > ?2, overdue_at <= ?2 FROM tasks WHERE id = ?1");
    read.bind(task_id).bind(now_);
    if (!read.step()) return {};
    return {TaskKind(read.integer(0)), read.integer(1) == 0, read.integer(2) != 0};
}

} // namespace loong::store_common
