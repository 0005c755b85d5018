#pragma once
/// Delegated background tasks: everything that `loong tasks` does, as a library.
///
/// A `Tasks` object is a view of one state directory by one viewer. It holds no state of its own:
/// each call reads the truth, decides, appends at the revision that it has read, and starts over
/// where somebody else was faster. Whatever a call says, another process would have said at the
/// same moment.
///
/// Defaults: [serial]. Task arguments are ids, unambiguous prefixes, or endings of five characters or
/// more; any call that takes one may fail with `task_not_found`, `ambiguous_id` or
/// `visibility_denied`, and any call with the errors of the store and of plugins. No exception
/// leaves.

#include "loong/error.hpp"
#include "loong/event.hpp"
#include "loong/notification.hpp"
#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "loong/session_spec.hpp"
#include "loong/status.hpp"
#include "loong/summary.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// How far the store is with what it has to do before it can answer (StoreHost::tell_progress()).
struct StoreProgress {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    bool by_other = false;
};

struct OpenOptions {
    /// Empty: found as documented (`$LOONG_CONFIG`, then the XDG place; none is needed).
    std::string config_file;
    /// Empty: `$LOONG_HOME`, then the XDG place.
    std::string state_directory;
    /// The viewer: a root session, a child session, or `latest`. Empty: `$LOONG_SESSION_ID`, then
    /// `default`.
    std::string session_id;
    /// Lifts the limits of visibility, for the operator of the machine.
    bool all_sessions = false;
    /// The command that starts a worker, without arguments; empty: the `loong` of this
    /// installation.
    std::string worker_program;
    /// Workers are threads of this process instead of processes of their own, each with a store
    /// object and runtimes of its own: what this object makes claimable is carried here. Nothing
    /// else changes; other processes see, wait for, cancel and recover the same tasks, and a
    /// session whose process dies is recoverable as any other. Destroying the object waits until
    /// its workers have left, which they do when nothing is claimable. Ignores SIGPIPE.
    bool workers_in_this_process = false;
    /// A task that can start is created next: a worker's program gets ready while the store opens.
    /// It ends unused where none is needed after all.
    bool expects_to_start = false;
    /// This process ends once that is done: until then the worker that gets ready may be its child.
    bool expects_to_end = false;
    /// Called in the middle of any method that has to wait for that; also by workers that are threads
    /// of this process.
    std::function<void(const StoreProgress&)> on_store_progress;
};

/// What a viewer may say about a new task.
struct CreateRequest {
    Work work;
    /// Empty: made from the work (its first line, at most 80 characters).
    std::string label;
    std::optional<Seconds> timeout;
    std::optional<Seconds> start_within;
    std::optional<Microseconds> grace;
    std::string runtime;
    /// Empty: the current directory.
    std::string working_directory;
    /// `KEY` passes the submitter's variable on, also where it looks like a secret; `KEY=VALUE`
    /// sets it.
    std::vector<std::string> environment;
    /// The submitter's whole environment; absent: that of this process.
    std::optional<std::vector<EnvironmentVariable>> submitter_environment;
    /// The submitter's, 0 to 0777; absent: that of this process.
    std::optional<std::uint32_t> umask;
    std::vector<std::string> after;
    std::vector<std::string> after_any;
    int priority = 0;
    int retry = 0;
    bool hold = false;
    std::string dedupe_key;
    std::optional<std::uint64_t> max_output_bytes;
    /// Relative directories lie below the task's.
    ToolNarrowing tools;

    /// Whether it waits for nothing but a worker.
    [[nodiscard]] bool can_start_at_once() const {
        return !hold && after.empty() && after_any.empty();
    }
};

/// One line of a listing.
struct TaskRow {
    std::string task_id;
    /// Where the task could not be read: why. `summary` then has the id alone, and the status is
    /// `unknown`.
    std::optional<Error> unreadable;
    TaskSummary summary;
    TaskStatus task_status;
};

struct SessionView {
    std::string session_id;
    int attempt = 1;
    SessionState state = SessionState::ready;
    Held lease = Held::unknown;
    std::string host;
    std::int64_t pid = 0;
    Time queued_at{};
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    std::optional<Time> cancel_requested_at;
    std::optional<Time> cancel_acknowledged_at;
    std::optional<Outcome> outcome;
};

struct RequestView {
    std::string request_id;
    RequestKind kind = RequestKind::approval;
    RequestState state = RequestState::open;
    std::string session_id;
    std::string tool;
    /// The rule of the policy that asks; empty where none does.
    std::string rule;
    std::string question;
    std::string detail;
    std::vector<RequestOption> options;
    Time since{};
    std::optional<Time> expires_at;
    std::optional<Time> resolved_at;
    /// The session that answered; empty where nobody did.
    std::string resolved_by;
    std::string option_id;
    /// An input's answer, or the note to an approval.
    std::string answer;
    bool always = false;
    /// The request with the same rule whose `always` answer resolved this one.
    std::string because_of;
};

/// A request in the inbox, with what is to be known before it is answered.
struct RequestRow {
    std::string task_id;
    std::string label;
    TaskStatus task_status;
    RequestView request;
    /// The work is the user's own process, not narrowed: it could answer this request itself.
    bool self_approval_possible = false;
    struct Answer {
        /// An exact, shell-quoted command line; `ANSWER` stands for a text.
        std::string command;
        /// What follows from it, in one sentence.
        std::string follows;
    };
    /// Every answer that can be given; none once the request is resolved.
    std::vector<Answer> answers;
    /// What follows where nobody answers, in one sentence; empty once it is resolved.
    std::string if_unanswered;
};

struct RequestsRequest {
    /// Those that are resolved too.
    bool all = false;
    /// 1 to 10,000.
    std::size_t limit = 100;
};

struct RequestsResult {
    /// Open ones: the oldest first. With `all`: of the newest task first, within a task the newest.
    std::vector<RequestRow> requests;
    /// There are more than `limit`.
    bool has_more = false;
};

struct RecoveryView {
    std::string action;
    std::string message;
    Time at{};
    std::string from_session_id;
};

struct TerminalOutcome {
    Outcome outcome;
    Time recorded_at{};
    /// False: by a recovery.
    bool recorded_by_carrier = true;
};

struct TaskPaths {
    std::string directory;
    std::string standard_output;
    std::string standard_error;
};

/// Everything about one task.
struct TaskDetail {
    TaskRow row;
    Work work;
    std::string working_directory;
    /// What the current session is doing: `queued`, `held`, `waiting_for_dependency`,
    /// `waiting_for_retry`, `working`, `waiting_for_operator`, `ending`, `ended`.
    std::string phase;
    std::optional<Seconds> timeout;
    std::optional<Seconds> start_within;
    Microseconds grace{};
    int retry_limit = 0;
    std::vector<Dependency> dependencies;
    std::optional<Time> deadline_at;
    std::string last_error;
    std::vector<RequestView> requests;
    ToolPolicy tool_policy;
    std::vector<std::string> withheld_environment;
    /// The current one.
    SessionView session;
    /// Every session that carried the task, the oldest first.
    std::vector<SessionView> lineage;
    std::optional<TerminalOutcome> terminal_outcome;
    std::optional<RecoveryView> recovery;
    /// The last five.
    std::vector<Event> recent_events;
    TaskPaths paths;
    /// What the operator was to be told of this task, the oldest first.
    std::vector<NotificationView> notifications;
};

struct CreateResult {
    TaskDetail task;
    /// Another task had the dedupe key; `task` is that one.
    bool existing = false;
    std::vector<std::string> withheld_environment;
    std::vector<std::string> warnings;
};

struct ListRequest {
    std::optional<Status> status;
    bool attention = false;
    /// 1 to 10,000.
    std::size_t limit = 20;
    /// Only tasks older than this one.
    std::string before;
    std::string label_glob;
    bool include_archived = false;
    /// Attention first is the caller's business; this only turns the order of age around.
    bool oldest_first = false;
    /// Rows alone, for a caller who knows the counts: costs by the page and not by what matches.
    bool without_counts = false;
};

struct ListResult {
    std::vector<TaskRow> tasks;
    /// Of all that match the request, not only of those on the page.
    std::uint64_t matched_count = 0;
    /// By status, only those that occur, in the order of `Status`.
    std::vector<std::pair<Status, std::uint64_t>> counts;
    std::uint64_t needs_attention_count = 0;
};

struct EventsRequest {
    std::string task;
    /// Absent: the newest `limit`. Present: the first `limit` after it.
    std::optional<std::uint64_t> after_id;
    /// 1 to 10,000.
    std::size_t limit = 20;
};

struct EventsResult {
    std::string task_id;
    std::uint64_t after_id = 0;
    std::uint64_t next_after_id = 0;
    bool has_more = false;
    std::vector<Event> events;
    /// The task's status after these events.
    TaskStatus task_status;
};

struct WaitRequest {
    std::vector<std::string> tasks;
    /// One is enough; else all.
    bool any = false;
    /// What is waited for. `settled`: terminal or in need of the operator.
    enum class Until : std::uint8_t { settled, terminal, attention, status };
    Until until = Until::settled;
    Status status = Status::completed;
    std::optional<std::uint64_t> after_id;
    std::optional<Milliseconds> timeout;
    /// Becomes readable when the caller does not want to wait any longer; -1: none.
    int interrupt_descriptor = -1;
    /// Called before the wait and whenever it looks again: how those tasks stand that are readable
    /// and still waited for, in the order asked for. May be empty.
    std::function<void(const std::vector<TaskRow>& rows)> on_look;
};

enum class WaitEnd : std::uint8_t { reached, impossible, timeout, interrupted };

struct WaitedTask {
    std::string task_id;
    WaitEnd end = WaitEnd::timeout;
    std::uint64_t after_id = 0;
    std::uint64_t next_after_id = 0;
    /// Those since the cursor, at most 10,000.
    std::vector<Event> events;
    TaskDetail task;
};

struct WaitResult {
    /// In the order asked for; a task that cannot be read has its error.
    std::vector<Result<WaitedTask>> tasks;
    /// Of the wait as a whole.
    WaitEnd end = WaitEnd::timeout;
};

enum class ActionResultKind : std::uint8_t {
    applied,
    would_apply,
    skipped_not_cancellable,
    skipped_not_recoverable,
    skipped_not_archivable,
    skipped_not_visible,
    skipped_state_changed,
};

[[nodiscard]] constexpr std::string_view to_string(ActionResultKind kind) noexcept {
    switch (kind) {
    case ActionResultKind::applied: return "applied";
    case ActionResultKind::would_apply: return "would_apply";
    case ActionResultKind::skipped_not_cancellable: return "skipped_not_cancellable";
    case ActionResultKind::skipped_not_recoverable: return "skipped_not_recoverable";
    case ActionResultKind::skipped_not_archivable: return "skipped_not_archivable";
    case ActionResultKind::skipped_not_visible: return "skipped_not_visible";
    case ActionResultKind::skipped_state_changed: return "skipped_state_changed";
    }
    return "skipped_state_changed";
}

/// What a changing call did to one task.
struct ActionResult {
    std::string task_id;
    bool dry_run = false;
    ActionResultKind result = ActionResultKind::applied;
    /// One sentence.
    std::string message;
    /// What was done, for recover a kind of the contract's table; empty where nothing was.
    std::string action;
    /// The request that was answered; empty where the call is about none.
    std::string request_id;
    /// As it stands afterwards; absent where it was removed.
    std::optional<TaskDetail> task;
};

struct CancelOptions {
    bool dry_run = false;
    /// Do not wait for the grace time.
    bool force = false;
    /// Also the tasks that this one created, the youngest first.
    bool cascade = false;
};

struct RecoverOptions {
    bool dry_run = false;
    bool retry = false;
    bool fail = false;
    /// The submitter's environment, for secrets that were deleted; absent: this process's.
    std::optional<std::vector<EnvironmentVariable>> environment;
};

struct ReportRequest {
    std::optional<int> percent;
    std::string note;
    std::optional<ProgressState> state;
};

/// An answer of the operator.
struct AnswerRequest {
    /// A task, or a task and a request in it: `TASK/R`.
    std::string task;
    /// Which request; empty: the one that is open.
    std::string request_id;
    /// `allowed` or `denied` for an approval, `answered` for an input.
    RequestState answer = RequestState::allowed;
    /// An input's answer (not empty), or a note to the work.
    std::string text;
    /// It holds for the rule that asks, in this task, from now on.
    bool always = false;
};

/// A question from inside the work.
struct AskRequest {
    RequestKind kind = RequestKind::input;
    std::string question;
    std::string detail;
    /// Asking again under a key finds the request of this attempt that has it, answered or not; at
    /// most 64 bytes. Empty: a new request, withdrawn when the caller is interrupted.
    std::string key;
    /// Counts as denied or unanswered after this.
    std::optional<Seconds> expires_after;
    /// Becomes readable when the caller does not want to wait any longer; -1: none.
    int interrupt_descriptor = -1;
};

struct AskResult {
    /// `open` where the wait was interrupted.
    RequestStatus request;
};

struct Config;
// loong/diagnosis.hpp
struct Diagnosis;
// loong/sessions.hpp
struct HistoryItem;
struct SessionDetail;
struct SessionEvents;
struct SessionEventsRequest;
struct SessionHeads;
struct SessionHeadsRequest;
struct SessionList;
struct SessionListRequest;
struct SessionNode;

/// Waits for changes of some tasks, whatever their cause: events, a carrier's death, a limit that
/// was passed.
class [[gnu::visibility("default")]] TaskWatch {
public:
    TaskWatch() = default;
    TaskWatch(const TaskWatch&) = delete;
    TaskWatch& operator=(const TaskWatch&) = delete;
    virtual ~TaskWatch() = default;

    enum class Woken : std::uint8_t { changed, timeout, interrupted };

    /// Returns when something may have changed since the last call (or since the watch was made),
    /// after `limit`, or when `interrupt_descriptor` (-1: none) is readable.
    virtual Result<Woken> wait(std::optional<Milliseconds> limit, int interrupt_descriptor) = 0;
};

class [[gnu::visibility("default")]] Tasks {
public:
    /// Reads the configuration, loads the store plugin and opens the store. `invalid_config`,
    /// `plugin_not_found`, `plugin_refused`, `store_version`, `not_on_this_host`,
    /// `invalid_argument` (a session id that is none).
    static Result<Tasks> open(const OpenOptions& options);

    Tasks(Tasks &&) noexcept;
    Tasks& operator=(Tasks&&) noexcept;
    ~Tasks();

    [[nodiscard]] const Config& config() const;
    [[nodiscard]] const std::string& current_session_id() const;

    /// Durable and served on return, or an error and nothing that looks queued.
    /// `invalid_argument`, `invalid_plan`, `delegate_depth_exceeded`,
    /// `delegate_active_children_exceeded`, `worker_unavailable`, `plugin_not_found`, …
    Result<CreateResult> create(const CreateRequest& request);

    /// Many at once; each with its own result. Syncs are shared.
    Result<std::vector<Result<CreateResult>>> create(const std::vector<CreateRequest>& requests);

    Result<ListResult> list(const ListRequest& request);
    Result<TaskDetail> status(const std::string& task);
    Result<EventsResult> events(const EventsRequest& request);
    Result<WaitResult> wait(const WaitRequest& request);

    /// For a process that ends now: what wait() has watched stays open until the kernel closes it,
    /// which can take 20 ms. False where there is nothing of that kind.
    [[nodiscard]] bool leave_watch_open() noexcept;

    /// Asks a running task to end, cancels a ready one at once. Does not wait for the end.
    /// More than one result with `cascade`.
    Result<std::vector<ActionResult>> cancel(const std::string& task, const CancelOptions& options);
    Result<ActionResult> recover(const std::string& task, const RecoverOptions& options);
    Result<ActionResult> release(const std::string& task);
    Result<ActionResult> archive(const std::string& task);

    /// Removes the archived or terminal task with all its files. `conflict` unless terminal.
    Result<ActionResult> remove(const std::string& task, bool dry_run);

    /// Ids of visible tasks: by label and status (as list), all pages.
    Result<std::vector<std::string>> select(const ListRequest& request);

    /// Ids of visible terminal tasks whose end lies before `older_than`.
    Result<std::vector<std::string>> prunable(Seconds older_than);

    /// From inside the work: how it stands. Ids come from the environment (`LOONG_TASK_ID`,
    /// `LOONG_TASK_SESSION_ID`). `conflict` where that session carries the task no longer.
    Result<TaskDetail> report(const std::string& task_id, const std::string& task_session_id,
                              const ReportRequest& request);

    /// Answers an open request, with the effect that RequestRow::answers tells. Durable on return.
    ///
    /// The first answer wins: `request_already_resolved` where there is one already, and nothing
    /// changes; also where the request was withdrawn, or has expired. `request_not_found`: the task
    /// has none such. `ambiguous_id`: none was named and several are open; the error names them.
    /// `invalid_argument`: it is no answer to this request.
    Result<ActionResult> answer(const AnswerRequest& request);

    /// Requests of all visible tasks. Open ones cost by what runs, not by the number of tasks; with
    /// `all` every task's row is looked at until there are `limit`, but only tasks that ever asked
    /// are read.
    Result<RequestsResult> requests(const RequestsRequest& request);

    /// One request, open or not: `TASK/R`, or a task in which one is open, or that ever had just
    /// one. `request_not_found`; `ambiguous_id` names those that it could be.
    Result<RequestRow> request(const std::string& task);

    /// From inside the work: asks the operator and waits for the answer. Returns when there is one
    /// (also: expired, withdrawn) and the session, which gave its slot to others meanwhile, has one
    /// again; or when interrupted. `conflict` where that session carries the task no longer.
    Result<AskResult> ask(const std::string& task_id, const std::string& task_session_id,
                          const AskRequest& request);

    /// The full id that `task` stands for, visibility checked.
    Result<std::string> resolve(const std::string& task);

    /// Watches some tasks.
    Result<std::unique_ptr<TaskWatch>> watch(const std::vector<std::string>& task_ids);

    /// Watches whatever a listing may show: the events of all tasks, new and removed ones, the
    /// carriers of those that run, and whether the queue is served. Of queued tasks only the oldest
    /// 500 are known to become overdue by time alone; look once a minute where that matters.
    Result<std::unique_ptr<TaskWatch>> watch_all();

    /// The sessions of a task with their directories, the oldest first, for reading output.
    struct SessionDirectory {
        std::string session_id;
        std::string directory;
        SessionState state = SessionState::ready;
    };
    Result<std::vector<SessionDirectory>> session_directories(const std::string& task);

    // ---- beneath the tasks: see loong/sessions.hpp for what these give ------------------------

    /// Opens the events only of tasks that more than one session carried.
    Result<SessionList> sessions(const SessionListRequest& request);
    Result<SessionDetail> session_status(const std::string& session);
    /// `session` and all that lies below it; empty: the viewer's.
    Result<SessionNode> session_tree(const std::string& session);
    Result<std::vector<SessionHeads>> session_heads(const SessionHeadsRequest& request);
    /// `invalid_argument` for a root session, which has no events of its own; so has the next one.
    Result<SessionEvents> session_events(const SessionEventsRequest& request);
    /// Everything that a session recorded, events and output, in order. Returns its id.
    Result<std::string> session_history(
        const std::string& session,
        const std::function<Result<void>(const HistoryItem& item)>& sink);

    /// What is inconsistent in the tree under `session` (empty: the viewer's), as diagnose() finds
    /// it (loong/diagnosis.hpp), and with `apply` the repair.
    Result<Diagnosis> heal(const std::string& session, bool apply);

    /// Carries claimable sessions in this process until there are none: what `loong worker` does.
    /// `ready` is called once the worker holds its slot, or found none; whatever it returns, a worker
    /// with a slot goes on, because others may have counted on that. `wanted`, where given, is called
    /// before, with everything prepared: it waits until it is known whether this worker is wanted at
    /// all. Returns when nothing is left to do. Sets SIGPIPE to be ignored.
    Result<void> work(const std::function<bool()>& ready,
                      const std::function<bool()>& wanted = nullptr);

    /// Takes over the running session of a task whose carrier is gone and whose work is alive, and
    /// then goes on as work() does: what `loong worker --adopt TASK` does. With `redo` what was under
    /// way when the worker was lost may be done again. `conflict` where another carries it.
    Result<void> adopt(const std::string& task_id, bool redo, const std::function<bool()>& ready);

    /// Tells the operator what is owed, by the notify command of the configuration, until nothing is
    /// owed any more: what `loong worker --notify` does. What fails is tried again after a pause, up
    /// to `most_notification_attempts` times. `ready` is called once, when this process is the one
    /// that tells, or somebody else is. `describe` makes what the command gets on its standard input.
    /// Blocks while the command runs; one that takes longer than `notify.timeout_seconds` is killed.
    Result<void> notify(
        const std::function<bool()>& ready,
        const std::function<std::string(const Notification& notification)>& describe);

    /// Sees to it that a process tells the operator what is owed, where something is and nobody
    /// does. Every call that ends a task does so by itself. Costs nothing where no notify command is
    /// configured. What goes wrong is no error of this call: whatever is owed stays owed.
    void start_notifying();

    /// Not for callers: where the use cases live.
    class [[gnu::visibility("hidden")]] Implementation;

private:
    explicit Tasks(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

} // namespace loong
