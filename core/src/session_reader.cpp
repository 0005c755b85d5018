#include "session_reader.hpp"

#include "loong/ids.hpp"
#include "session_rows.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace loong {

namespace {

constexpr std::size_t shortest_ending = 5;

std::string shown(const std::string& session) { return shorten(escape_controls(session), 80); }

Error session_not_found(const std::string& session) {
    return {ErrorCode::session_not_found, "session " + shown(session) + ": there is none",
            "`loong sessions list` shows the sessions there are"};
}

Error not_visible(const std::string& session, const std::string& viewer) {
    return {ErrorCode::visibility_denied,
            "session " + shown(session) + ": session " + viewer + " does not see it",
            "name it or one above it with --session, or use --all-sessions"};
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_meant(const std::string& id, const std::string& word) {
    const std::string_view bare = std::string_view(id).substr(child_session_id_prefix.size());
    return id.starts_with(word) || bare.starts_with(word) ||
           (word.size() >= shortest_ending && id.ends_with(word));
}

} // namespace

// ---- names ------------------------------------------------------------------------------------

Result<std::string> SessionReader::resolve(const std::string& session) {
    if (session.empty() || session == tasks_.session_id()) return tasks_.session_id();
    if (session == "latest") return latest();
    if (is_child_session_id(session)) {
        Result<std::optional<std::string>> found = resolve_child(session);
        if (!found) return std::move(found).error();
        if (!*found) return session_not_found(session);
        return **std::move(found);
    }
    Result<bool> root = is_root(session);
    if (!root) return std::move(root).error();
    if (!*root) return resolve_shortened(session);
    if (tasks_.visible_to().empty()) return session;
    return not_visible(session, tasks_.session_id());
}

Result<std::string> SessionReader::latest() {
    TaskFilter filter;
    filter.visible_to = tasks_.visible_to();
    std::string scope = tasks_.session_id();
    Result<void> done = each_task(filter, ListOrder::newest_first, [&](ListedTask&& row) {
        if (row.summary) scope = row.summary->scope_session_id;
        return Result<bool>(!row.summary.has_value());
    });
    if (!done) return std::move(done).error();
    // A viewer within the tree does not see its root.
    const bool sees = tasks_.visible_to().empty() || scope == tasks_.visible_to();
    if (!sees) return not_visible(scope, tasks_.session_id());
    return scope;
}

Result<std::optional<std::string>> SessionReader::resolve_child(const std::string& session) {
    Result<std::optional<std::string>> task = tasks_.store().task_of_session(session);
    if (!task) return std::move(task).error();
    if (!*task) return std::optional<std::string>();
    if (tasks_.visible_to().empty()) return std::optional(session);
    Result<ListedTask> row = tasks_.store().find(**task);
    if (!row) return std::move(row).error();
    if (row->summary && !contains(row->summary->visible_to, tasks_.visible_to())) {
        return not_visible(session, tasks_.session_id());
    }
    return std::optional(session);
}

Result<bool> SessionReader::is_root(const std::string& session) {
    if (!is_root_session_id(session)) return false;
    TaskFilter filter;
    filter.visible_to = session;
    bool is_scope = false;
    // One that cannot be read is listed everywhere and tells nothing.
    Result<void> done = each_task(filter, ListOrder::newest_first, [&](ListedTask&& row) {
        if (row.summary) is_scope = row.summary->scope_session_id == session;
        return Result<bool>(!row.summary.has_value());
    });
    if (!done) return std::move(done).error();
    return is_scope;
}

Result<std::string> SessionReader::resolve_shortened(const std::string& session) {
    TaskFilter filter;
    filter.visible_to = tasks_.visible_to();
    std::set<std::string> found;
    Result<void> done =
        each_task(filter, ListOrder::newest_first, [&](ListedTask&& row) -> Result<bool> {
            if (!row.summary) return true;
            if (is_meant(row.summary->task_session_id, session)) {
                found.insert(row.summary->task_session_id);
            }
            if (!has_earlier_sessions(*row.summary)) return true;
            Result<LoadedTask> task = load_task(tasks_.store(), row.task_id);
            if (!task) return true;
            for (const SessionFacts& one : task->state.sessions) {
                if (is_meant(one.session_id, session)) found.insert(one.session_id);
            }
            return true;
        });
    if (!done) return std::move(done).error();
    if (found.empty()) return session_not_found(session);
    if (found.size() == 1) return *found.begin();
    std::string names;
    for (const std::string& name : found) names += (names.empty() ? "" : ", ") + name;
    return Error{ErrorCode::ambiguous_id,
                 "session " + shown(session) + ": " + std::to_string(found.size()) +
                     " sessions match: " + shorten(names, 300),
                 "give more of the id"};
}

// ---- rows -------------------------------------------------------------------------------------

Result<void> SessionReader::each_task(const TaskFilter& filter, ListOrder order,
                                      const std::function<Result<bool>(ListedTask&& row)>& take) {
    std::string cursor;
    while (true) {
        Result<ListPage> page = tasks_.store().list(filter, order, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (ListedTask& row : page->tasks) {
            cursor = row.task_id;
            Result<bool> more = take(std::move(row));
            if (!more) return std::move(more).error();
            if (!*more) return {};
        }
        if (!page->has_more || page->tasks.empty()) return {};
    }
}

Result<std::vector<SessionRow>> SessionReader::rows_of(ListedTask&& row, TaskStatus* status,
                                                       bool current_alone) {
    const std::string task_id = row.task_id;
    const ObservedTask observed = observer_.observe(std::move(row), Observer::Depth::leases);
    if (status != nullptr) *status = observed.task_status;
    std::vector<SessionRow> rows;
    if (!observed.listed.summary) {
        rows.push_back(unreadable_row(task_id, observed.listed.summary.error()));
        return rows;
    }
    if (current_alone || !has_earlier_sessions(*observed.listed.summary)) {
        rows.push_back(current_row(observed));
    } else {
        const Result<LoadedTask> task = load_task(tasks_.store(), task_id);
        if (task) {
            rows = all_rows(*task, observed);
        } else {
            rows.push_back(unreadable_row(task_id, task.error()));
        }
    }
    for (SessionRow& one : rows) {
        if (one.unreadable) continue;
        Result<std::uint64_t> created = count_created(one.session_id);
        if (!created) return std::move(created).error();
        one.task_count = *created;
    }
    return rows;
}

Result<std::uint64_t> SessionReader::count_created(const std::string& session_id) {
    TaskFilter filter;
    filter.owner_session_id = session_id;
    filter.now = now();
    Result<std::vector<CountGroup>> groups = tasks_.store().count(filter);
    if (!groups) return std::move(groups).error();
    std::uint64_t count = 0;
    for (const CountGroup& group : *groups) count += group.count;
    return count;
}

Result<SessionList> SessionReader::list(const SessionListRequest& request) {
    TaskFilter filter;
    filter.visible_to = tasks_.visible_to();
    const bool by_parent = !request.parent_session_id.empty();
    if (by_parent) {
        Result<std::string> parent = resolve(request.parent_session_id);
        if (!parent) return std::move(parent).error();
        filter.owner_session_id = *std::move(parent);
    }
    // A session that is not the current one has ended.
    const bool current_alone = request.state && !is_terminal(*request.state);
    if (current_alone) filter.states = {*request.state};
    const bool with_roots =
        !by_parent && !request.state && request.kind != SessionKind::delegate_child;
    const bool with_children = request.kind != SessionKind::root;
    SessionList result;
    std::set<std::string> scopes;
    const auto add = [&](SessionRow row) {
        if (request.state && row.state != request.state) return true;
        result.has_more = result.sessions.size() == request.limit;
        if (!result.has_more) result.sessions.push_back(std::move(row));
        return !result.has_more;
    };
    const auto add_root = [&](const std::string& scope) -> Result<bool> {
        const bool sees = tasks_.visible_to().empty() || scope == tasks_.visible_to();
        if (!with_roots || !sees || !scopes.insert(scope).second) return true;
        SessionRow row = root_row(scope);
        Result<std::uint64_t> created = count_created(scope);
        if (!created) return std::move(created).error();
        row.task_count = *created;
        return add(std::move(row));
    };
    const auto take = [&](ListedTask&& task) -> Result<bool> {
        if (task.summary) {
            Result<bool> more = add_root(task.summary->scope_session_id);
            if (!more || !*more) return more;
        }
        if (!with_children) return true;
        Result<std::vector<SessionRow>> rows = rows_of(std::move(task), nullptr, current_alone);
        if (!rows) return std::move(rows).error();
        for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
            if (!add(std::move(*row))) return false;
        }
        return true;
    };
    Result<void> done = each_task(filter, ListOrder::newest_first, take);
    if (!done) return std::move(done).error();
    return result;
}

Result<SessionDetail> SessionReader::status(const std::string& session) {
    Result<std::string> session_id = resolve(session);
    if (!session_id) return std::move(session_id).error();
    SessionDetail detail;
    ListRequest all;
    all.limit = 1;
    all.include_archived = true;
    Result<ListResult> below = tasks_.list_below(*session_id, all);
    if (!below) return std::move(below).error();
    detail.below = *std::move(below);
    if (is_root_session_id(*session_id)) {
        detail.row = root_row(*session_id);
        Result<std::uint64_t> created = count_created(*session_id);
        if (!created) return std::move(created).error();
        detail.row.task_count = *created;
        return detail;
    }
    Result<Carried> found = carried(*session_id);
    if (!found) return std::move(found).error();
    Result<TaskDetail> task = tasks_.detail(found->task.document.task_id);
    if (!task) return std::move(task).error();
    Result<ListedTask> listed = tasks_.store().find(task->row.task_id);
    if (!listed) return std::move(listed).error();
    Result<std::vector<SessionRow>> rows = rows_of(*std::move(listed), nullptr);
    if (!rows) return std::move(rows).error();
    for (SessionRow& row : *rows) {
        if (row.session_id == *session_id) detail.row = std::move(row);
    }
    for (SessionView& view : task->lineage) {
        if (view.session_id == *session_id) detail.session = std::move(view);
    }
    for (RequestView& request : task->requests) {
        if (request.session_id == *session_id) detail.requests.push_back(std::move(request));
    }
    const bool started = detail.session && detail.session->started_at;
    if (started) {
        Result<std::string> directory =
            tasks_.store().session_directory(task->row.task_id, *session_id);
        if (!directory) return std::move(directory).error();
        detail.directory = *std::move(directory);
    }
    detail.task = std::move(task->row);
    return detail;
}

// ---- trees ------------------------------------------------------------------------------------

namespace {

struct Branch {
    SessionRow row;
    std::optional<TaskStatus> task_status;
};

/// By parent. What cannot be read hangs below the top.
using Branches = std::map<std::string, std::vector<Branch>>;

// Tasks are created by sessions that exist already, so this ends; the depth of delegation is small.
void grow(SessionNode& node, Branches& branches) {
    const auto below = branches.find(node.row.session_id);
    if (below == branches.end()) return;
    const std::vector<Branch> children = std::move(below->second);
    branches.erase(below);
    for (const Branch& child : children) {
        SessionNode grown;
        grown.row = child.row;
        grown.task_status = child.task_status;
        grow(grown, branches);
        node.children.push_back(std::move(grown));
    }
}

} // namespace

Result<SessionNode> SessionReader::tree(const std::string& session) {
    Result<std::string> top = resolve(session);
    if (!top) return std::move(top).error();
    SessionNode root;
    root.row = root_row(*top);
    if (is_child_session_id(*top)) {
        Result<Carried> found = carried(*top);
        if (!found) return std::move(found).error();
        Result<ListedTask> listed = tasks_.store().find(found->task.document.task_id);
        if (!listed) return std::move(listed).error();
        TaskStatus status;
        Result<std::vector<SessionRow>> rows = rows_of(*std::move(listed), &status);
        if (!rows) return std::move(rows).error();
        for (const SessionRow& row : *rows) {
            if (row.session_id != *top) continue;
            root.row = row;
            if (row.is_current) root.task_status = status;
        }
    } else {
        Result<std::uint64_t> created = count_created(*top);
        if (!created) return std::move(created).error();
        root.row.task_count = *created;
    }
    TaskFilter filter;
    filter.visible_to = *top;
    Branches branches;
    Result<void> done =
        each_task(filter, ListOrder::oldest_first, [&](ListedTask&& row) -> Result<bool> {
            TaskStatus status;
            Result<std::vector<SessionRow>> rows = rows_of(std::move(row), &status);
            if (!rows) return std::move(rows).error();
            for (SessionRow& one : *rows) {
                const std::string parent = one.unreadable ? *top : one.parent_session_id;
                std::optional<TaskStatus> beside;
                if (one.is_current) beside = status;
                branches[parent].push_back({std::move(one), std::move(beside)});
            }
            return true;
        });
    if (!done) return std::move(done).error();
    grow(root, branches);
    return root;
}

Result<SessionHeads> SessionReader::heads_of(ListedTask&& row) {
    SessionHeads heads;
    heads.task_id = row.task_id;
    Result<std::vector<SessionRow>> rows = rows_of(std::move(row), &heads.task_status);
    if (!rows) return std::move(rows).error();
    heads.sessions = *std::move(rows);
    return heads;
}

Result<std::vector<SessionHeads>> SessionReader::heads(const SessionHeadsRequest& request) {
    std::vector<SessionHeads> all;
    if (!request.tasks.empty()) {
        for (const std::string& task : request.tasks) {
            Result<std::string> task_id = tasks_.resolve(task);
            if (!task_id) return std::move(task_id).error();
            Result<ListedTask> row = tasks_.store().find(*task_id);
            if (!row) return std::move(row).error();
            Result<SessionHeads> heads = heads_of(*std::move(row));
            if (!heads) return std::move(heads).error();
            all.push_back(*std::move(heads));
        }
        return all;
    }
    TaskFilter filter;
    filter.visible_to = tasks_.visible_to();
    Result<void> done =
        each_task(filter, ListOrder::newest_first, [&](ListedTask&& row) -> Result<bool> {
            if (all.size() == request.limit) return false;
            Result<SessionHeads> heads = heads_of(std::move(row));
            if (!heads) return std::move(heads).error();
            all.push_back(*std::move(heads));
            return all.size() < request.limit;
        });
    if (!done) return std::move(done).error();
    return all;
}

} // namespace loong
