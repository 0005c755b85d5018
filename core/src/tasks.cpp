#include "loong/tasks.hpp"

#include "loong/ids.hpp"
#include "loong/sessions.hpp"
#include "notifier.hpp"
#include "notifier_start.hpp"
#include "session_reader.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"
#include "text.hpp"
#include "worker.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace loong {

namespace {

constexpr std::size_t ambiguous_shown = 5;

Error not_found(const std::string& task) {
    return {ErrorCode::task_not_found,
            "task " + shorten(escape_controls(task), 80) + ": there is none",
            "'loong tasks list' shows the tasks there are"};
}

} // namespace

Result<std::unique_ptr<Tasks::Implementation>>
Tasks::Implementation::open(const OpenOptions& options) {
    Result<std::unique_ptr<Workspace>> workspace = Workspace::open(options);
    if (!workspace) return std::move(workspace).error();
    auto implementation = std::make_unique<Implementation>();
    implementation->workspace_ = *std::move(workspace);
    Result<void> found = implementation->find_viewer();
    if (!found) return std::move(found).error();
    return implementation;
}

Result<void> Tasks::Implementation::find_viewer() {
    session_id_ = workspace_->options().session_id;
    if (session_id_.empty()) {
        const char* inherited = std::getenv("LOONG_SESSION_ID");
        session_id_ = inherited == nullptr || *inherited == '\0' ? std::string(default_session_id)
                                                                 : inherited;
    } else {
        command_options_ = {"--session", session_id_};
    }
    if (session_id_ == "latest") {
        Result<ListPage> newest = store().list({}, ListOrder::newest_first, {}, 1);
        if (!newest) return std::move(newest).error();
        const bool known = !newest->tasks.empty() && newest->tasks.front().summary;
        session_id_ = known ? newest->tasks.front().summary->scope_session_id
                            : std::string(default_session_id);
        command_options_ = {"--session", session_id_};
    }
    if (session_id_ == default_session_id) command_options_.clear();
    if (workspace_->options().all_sessions) {
        command_options_ = {"--all-sessions"};
    } else {
        visible_to_ = session_id_;
    }
    if (is_root_session_id(session_id_)) {
        lineage_ = {session_id_};
        return {};
    }
    if (!is_child_session_id(session_id_)) {
        return Error{ErrorCode::invalid_argument,
                     "session " + shorten(escape_controls(session_id_), 80) +
                         ": not the name of a session",
                     "use 1 to 64 letters, digits, '.', '_' or '-'"};
    }
    Result<std::optional<std::string>> task = store().task_of_session(session_id_);
    if (!task) return std::move(task).error();
    if (!*task) {
        return Error{ErrorCode::session_not_found, "session " + session_id_ + ": there is none",
                     "'loong tasks status TASK' shows the sessions of a task"};
    }
    Result<ListedTask> row = store().find(**task);
    if (!row) return std::move(row).error();
    if (!row->summary) return std::move(row->summary).error();
    lineage_ = row->summary->visible_to;
    lineage_.push_back(session_id_);
    return {};
}

Error Tasks::Implementation::not_visible(const std::string& task) const {
    return {ErrorCode::visibility_denied,
            "task " + task + ": session " + session_id_ + " does not see it",
            "name its session with --session, or use --all-sessions"};
}

Result<std::string> Tasks::Implementation::resolve(const std::string& task) {
    Result<std::vector<std::string>> ids = std::vector<std::string>{};
    if (is_task_id(task)) {
        ids->push_back(task);
    } else {
        ids = store().resolve(task, 1000);
        if (!ids) return std::move(ids).error();
    }
    std::vector<std::string> visible;
    bool hidden = false;
    for (const std::string& id : *ids) {
        if (visible_to_.empty()) {
            visible.push_back(id);
            continue;
        }
        Result<ListedTask> row = store().find(id);
        if (!row && row.error().code == ErrorCode::task_not_found) continue;
        if (!row) return std::move(row).error();
        // Whose an unreadable task is cannot be told; hiding it would hide the damage.
        const bool seen = !row->summary || std::find(row->summary->visible_to.begin(),
                                                     row->summary->visible_to.end(),
                                                     visible_to_) != row->summary->visible_to.end();
        if (seen) {
            visible.push_back(id);
        } else {
            hidden = true;
        }
    }
    if (visible.size() == 1) return visible.front();
    if (visible.empty() && hidden) return not_visible(task);
    if (visible.empty()) return not_found(task);
    std::string names;
    for (std::size_t index = 0; index < std::min(visible.size(), ambiguous_shown); ++index) {
        names += (names.empty() ? "" : ", ") + visible[index];
    }
    if (visible.size() > ambiguous_shown) names += ", …";
    return Error{ErrorCode::ambiguous_id,
                 "task " + task + ": " + std::to_string(visible.size()) + " tasks match: " + names,
                 "give more of the id"};
}

Result<TaskDetail> Tasks::Implementation::detail(const LoadedTask& task, Observer& observer) {
    // What was read tells all but how dependencies stand, for which the store has to look.
    Result<ObservedTask> observed =
        task.document.dependencies.empty()
            ? observer.observe(ListedTask{task.document.task_id, task.state.summary})
            : observer.observe(task.document.task_id);
    if (!observed) return std::move(observed).error();
    Result<std::string> directory = store().task_directory(task.document.task_id);
    if (!directory) return std::move(directory).error();
    TaskPaths paths;
    paths.directory = *directory;
    const std::string session =
        *directory + "/sessions/" + task.state.summary.task_session_id + '/';
    if (!directory->empty()) {
        paths.standard_output = session + "stdout";
        paths.standard_error = session + "stderr";
    }
    return detail_of(task, *observed, paths);
}

Result<TaskDetail> Tasks::Implementation::detail(const std::string& task_id) {
    LoadedTask task;
    return detail(task_id, task);
}

Result<TaskDetail> Tasks::Implementation::detail(const std::string& task_id, LoadedTask& task) {
    Observer observer(*workspace_, command_options_);
    // Events and observation have to tell of the same moment; a task that moved between the two
    // looks is read again.
    for (int looks = 0;; ++looks) {
        Result<LoadedTask> loaded = load_task(store(), task_id);
        if (!loaded) return std::move(loaded).error();
        task = *std::move(loaded);
        Result<TaskDetail> found = detail(task, observer);
        if (!found) return found;
        if (found->row.summary.revision == task.state.summary.revision || looks == 20) {
            return found;
        }
    }
}

Result<TaskDetail> Tasks::Implementation::status(const std::string& task) {
    if (!is_task_id(task)) {
        Result<std::string> task_id = resolve(task);
        return task_id ? detail(*task_id) : std::move(task_id).error();
    }
    // The task itself says who may see it.
    Result<TaskDetail> found = detail(task);
    if (!found || visible_to_.empty()) return found;
    const std::vector<std::string>& seen_by = found->row.summary.visible_to;
    if (std::find(seen_by.begin(), seen_by.end(), visible_to_) == seen_by.end()) {
        return not_visible(task);
    }
    return found;
}

Tasks::Tasks(std::unique_ptr<Implementation> implementation)
    : implementation_(std::move(implementation)) {}
Tasks::Tasks(Tasks&&) noexcept = default;
Tasks& Tasks::operator=(Tasks&&) noexcept = default;
Tasks::~Tasks() = default;

Result<Tasks> Tasks::open(const OpenOptions& options) {
    Result<std::unique_ptr<Implementation>> implementation = Implementation::open(options);
    if (!implementation) return std::move(implementation).error();
    return Tasks(*std::move(implementation));
}

const Config& Tasks::config() const { return implementation_->config(); }

const std::string& Tasks::current_session_id() const { return implementation_->session_id(); }

Result<CreateResult> Tasks::create(const CreateRequest& request) {
    Result<std::vector<Result<CreateResult>>> results = create(std::vector{request});
    if (!results) return std::move(results).error();
    return std::move(results->front());
}

Result<std::vector<Result<CreateResult>>>
Tasks::create(const std::vector<CreateRequest>& requests) {
    Result<std::vector<Result<CreateResult>>> results = implementation_->create(requests);
    start_notifying();
    return results;
}

Result<ListResult> Tasks::list(const ListRequest& request) {
    return implementation_->list(request);
}

Result<TaskDetail> Tasks::status(const std::string& task) { return implementation_->status(task); }

Result<EventsResult> Tasks::events(const EventsRequest& request) {
    return implementation_->events(request);
}

Result<WaitResult> Tasks::wait(const WaitRequest& request) {
    return implementation_->wait(request);
}

bool Tasks::leave_watch_open() noexcept { return implementation_->leave_watch_open(); }

Result<std::vector<ActionResult>> Tasks::cancel(const std::string& task,
                                                const CancelOptions& options) {
    Result<std::vector<ActionResult>> results = implementation_->cancel(task, options);
    start_notifying();
    return results;
}

Result<ActionResult> Tasks::recover(const std::string& task, const RecoverOptions& options) {
    Result<ActionResult> result = implementation_->recover(task, options);
    start_notifying();
    return result;
}

Result<ActionResult> Tasks::release(const std::string& task) {
    return implementation_->release(task);
}

Result<ActionResult> Tasks::archive(const std::string& task) {
    return implementation_->archive(task);
}

Result<ActionResult> Tasks::remove(const std::string& task, bool dry_run) {
    return implementation_->remove(task, dry_run);
}

Result<std::vector<std::string>> Tasks::select(const ListRequest& request) {
    return implementation_->select(request);
}

Result<std::vector<std::string>> Tasks::prunable(Seconds older_than) {
    return implementation_->prunable(older_than);
}

Result<TaskDetail> Tasks::report(const std::string& task_id, const std::string& task_session_id,
                                 const ReportRequest& request) {
    return implementation_->report(task_id, task_session_id, request);
}

Result<ActionResult> Tasks::answer(const AnswerRequest& request) {
    return implementation_->answer(request);
}

Result<RequestsResult> Tasks::requests(const RequestsRequest& request) {
    return implementation_->requests(request);
}

Result<RequestRow> Tasks::request(const std::string& task) {
    return implementation_->request(task);
}

Result<AskResult> Tasks::ask(const std::string& task_id, const std::string& task_session_id,
                             const AskRequest& request) {
    return implementation_->ask(task_id, task_session_id, request);
}

Result<std::string> Tasks::resolve(const std::string& task) {
    return implementation_->resolve(task);
}

Result<std::unique_ptr<TaskWatch>> Tasks::watch(const std::vector<std::string>& task_ids) {
    return watch_tasks(implementation_->workspace(), task_ids);
}

Result<std::unique_ptr<TaskWatch>> Tasks::watch_all() {
    return watch_all_tasks(implementation_->workspace());
}

Result<std::vector<Tasks::SessionDirectory>> Tasks::session_directories(const std::string& task) {
    return implementation_->session_directories(task);
}

Result<SessionList> Tasks::sessions(const SessionListRequest& request) {
    return SessionReader(*implementation_).list(request);
}

Result<SessionDetail> Tasks::session_status(const std::string& session) {
    return SessionReader(*implementation_).status(session);
}

Result<SessionNode> Tasks::session_tree(const std::string& session) {
    return SessionReader(*implementation_).tree(session);
}

Result<std::vector<SessionHeads>> Tasks::session_heads(const SessionHeadsRequest& request) {
    return SessionReader(*implementation_).heads(request);
}

Result<SessionEvents> Tasks::session_events(const SessionEventsRequest& request) {
    return SessionReader(*implementation_).events(request);
}

Result<std::string> Tasks::session_history(const std::string& session, const HistorySink& sink) {
    return SessionReader(*implementation_).history(session, sink);
}

Result<Diagnosis> Tasks::heal(const std::string& session, bool apply) {
    return implementation_->heal(session, apply);
}

Result<void> Tasks::notify(const std::function<bool()>& ready,
                           const std::function<std::string(const Notification&)>& describe) {
    return Notifier(*implementation_, describe).run(ready);
}

void Tasks::start_notifying() {
    static_cast<void>(
        NotifierStart(implementation_->workspace()).start_where_owed(implementation_->store()));
}

Result<void> Tasks::work(const std::function<bool()>& ready, const std::function<bool()>& wanted) {
    // A command that closes its input early must end its write, not the worker.
    std::signal(SIGPIPE, SIG_IGN);
    return Worker(implementation_->workspace()).run(ready, wanted);
}

Result<void> Tasks::adopt(const std::string& task_id, bool redo,
                          const std::function<bool()>& ready) {
    std::signal(SIGPIPE, SIG_IGN);
    return Worker(implementation_->workspace()).adopt(task_id, redo, ready);
}

} // namespace loong
