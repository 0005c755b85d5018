#pragma once
/// Where tasks are kept. Implemented by store plugins, called by core alone.
///
/// A store only keeps things: it knows nothing of what an event means. It is given records (one
/// line of text each, made and read by core), summaries (a fixed structure, loong/summary.hpp) and
/// a document (text), and keeps them so that several processes can work on them at once.
///
/// Defaults, for every method that does not say otherwise:
/// - [serial]: one thread at a time per object. Several Store objects on the same place may be used
///   at once, by threads of one process and by many processes.
/// - Arguments are read during the call only; results are values that belong to the caller.
/// - No exception leaves. `store_io` (a system call failed: which, on what, why), `store_busy` (a
///   lock of another writer could not be had within 10 s) and `store_corrupt` (what is kept of this
///   task cannot be read; other tasks are not affected) may come from any method.
/// - Success of a writing method means: durable. The change survives a crash of the machine.
/// - Reading methods never wait for a writer, and never see part of a change.
/// - Ids are of the forms in loong/ids.hpp; core never passes others.

#include "loong/error.hpp"
#include "loong/finding.hpp"
#include "loong/summary.hpp"
#include "loong/time.hpp"
#include "loong/value.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// What core does for a store: it alone can read records. Lives longer than the store.
/// [any-thread]
class StoreHost {
public:
    StoreHost() = default;
    StoreHost(const StoreHost&) = delete;
    StoreHost& operator=(const StoreHost&) = delete;
    virtual ~StoreHost() = default;

    /// Folds a whole task. `store_corrupt` where document or records do not make sense;
    /// `store_version` where they are of a newer format.
    virtual Result<TaskSummary> summarize(std::string_view task_id, std::string_view document,
                                          const std::vector<std::string>& records) const = 0;

    /// A summary as one line of text, and back. A store may keep summaries in this form.
    /// `store_version` or `store_corrupt` where the text is not of this version: summarize again.
    virtual std::string encode(const TaskSummary& summary) const = 0;
    virtual Result<TaskSummary> decode(std::string_view text) const = 0;

    /// How far a store is that has to look through its tasks before it can answer, because its index was
    /// lost, say: now and then, in the middle of the method that waits for it, and with all of `total`
    /// done at the end. `by_other`: another process does it, and what was asked for is answered by
    /// what is known so far.
    virtual void tell_progress(std::uint64_t done, std::uint64_t total, bool by_other) const {
        static_cast<void>(done);
        static_cast<void>(total);
        static_cast<void>(by_other);
    }
};

/// A lease that is held. Destroying it gives it back at once; so does the death of the process.
class Lease {
public:
    Lease() = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    virtual ~Lease() = default;

    [[nodiscard]] virtual std::string_view name() const = 0;

    /// Larger than that of every earlier holder of this name.
    [[nodiscard]] virtual std::uint64_t token() const = 0;

    /// False once the lease is lost (its file was removed, say); never true again then.
    /// [any-thread]
    [[nodiscard]] virtual bool is_held() const = 0;
};

/// Who holds a lease.
struct LeaseHolder {
    std::uint64_t token = 0;
    std::string host;
    std::int64_t pid = 0;
    Time since{};
};

enum class LeaseState : std::uint8_t { free, held, unknown };

struct LeaseStatus {
    LeaseState state = LeaseState::unknown;
    /// Of the holder where held, of the last one where free; absent where nobody ever held it or
    /// it cannot be told.
    std::optional<LeaseHolder> holder;
};

/// Waits for changes. What changes after Store::watch returned is reported by the next wait(), even
/// where it happened before that call; several changes may be reported as one, and a wait may
/// return true although nothing changed.
class Watch {
public:
    Watch() = default;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    virtual ~Watch() = default;

    /// True as soon as something that is watched may have changed, false after `limit`.
    /// Reports within 50 ms where the system can tell by itself, within 1 s where it has to poll.
    virtual Result<bool> wait(Milliseconds limit) = 0;

    /// A descriptor that becomes readable when wait() would return true, for poll(); -1 where the
    /// store has none. It belongs to the watch: do not read or close it.
    [[nodiscard]] virtual int descriptor() const = 0;
};

struct WatchTarget {
    enum class Kind : std::uint8_t {
        /// Any event of the task `name`, and its removal.
        task,
        /// Any event of any task, and any creation or removal; `name` is empty.
        everything,
        /// The lease `name` was taken or given back (also by death).
        lease,
    };
    Kind kind = Kind::everything;
    std::string name;
};

/// A task to be created.
struct NewTask {
    std::string task_id;
    /// YAML, for people to read; at most 16 MiB.
    std::string document;
    /// The first events, ids from 1.
    std::vector<std::string> records;
    TaskSummary summary;
    /// What must be readable by the user alone and is deleted when the task ends; may be empty.
    std::string secrets;
};

struct CreatedTask {
    std::string task_id;
    /// False where another task has the dedupe key: `task_id` is then that one, and nothing was
    /// created.
    bool created = true;
};

/// A task as it is kept.
struct StoredTask {
    std::string document;
    /// All of them, in order.
    std::vector<std::string> records;
};

struct EventRecords {
    std::vector<std::string> records;
    /// More records follow the last one.
    bool has_more = false;
    /// Id of the task's last event.
    std::uint64_t revision = 0;
};

/// One row of a listing. A task that cannot be read is listed with its error in `summary`.
struct ListedTask {
    std::string task_id;
    Result<TaskSummary> summary = Error{};
    DependencyState dependencies = DependencyState::met;
    /// The first task that is the cause where `dependencies` is not `met`.
    std::string dependency_task_id;
};

/// Which tasks. All conditions hold together; an empty one holds always.
struct TaskFilter {
    std::vector<SessionState> states;
    /// Tasks whose `visible_to` contains this session.
    std::string visible_to;
    std::string owner_session_id;
    /// fnmatch(3) pattern without flags, on the label.
    std::string label_glob;
    bool include_archived = true;
    /// Only tasks that are held, or only such as are not. Says nothing where absent.
    std::optional<bool> held;
    /// Only tasks whose dependencies stand like one of these.
    std::vector<DependencyState> dependencies;
    /// Only what may need the operator: `attention` is set; or running; or ready with a failed
    /// dependency; or `overdue_at` has come (`now`).
    bool attention_candidates = false;
    /// Only tasks whose `notify_at` is there.
    bool notification_owed = false;
    /// Only tasks whose `not_before` is there and has not come (`now`).
    bool not_due = false;
    Time now{};
};

enum class ListOrder : std::uint8_t { newest_first, oldest_first };

struct ListPage {
    std::vector<ListedTask> tasks;
    bool has_more = false;
};

/// Tasks that are alike in all that selection knows, and how many there are.
struct CountGroup {
    SessionState session_state = SessionState::ready;
    bool archived = false;
    bool held = false;
    DependencyState dependencies = DependencyState::met;
    /// `not_before` is absent or has come.
    bool due = true;
    /// `overdue_at` has come.
    bool overdue = false;
    std::uint64_t count = 0;
    /// Tasks that cannot be read; the members above say nothing then. They match where the filter
    /// names no state, owner, label, hold or dependencies, nor asks what is owed or not due:
    /// nobody knows them.
    bool unreadable = false;
};

class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    // ---- writing ------------------------------------------------------------------------------

    /// Creates tasks: each wholly or not at all, each with its own result, in the order given.
    ///
    /// Durable on return, all of them; costs of syncing may be shared among them. A task that has
    /// the `dedupe_key` of an existing one (or of an earlier one in the same call) is not created;
    /// that is no error. `conflict`: the id exists. After an error of the whole call some may
    /// exist; calling again with the same ids tells (`conflict`).
    virtual Result<std::vector<Result<CreatedTask>>> create(const std::vector<NewTask>& tasks) = 0;

    /// Appends records, atomically as a group, and replaces the summary.
    ///
    /// `conflict`: the task's revision is not `expected_revision`, or `lease` is given and no longer
    /// held: nothing was written. `task_not_found`. After `store_io` the records are not there and
    /// will not appear. `records` is not empty and continues the ids after `expected_revision`.
    /// At most 1 MiB per record: `invalid_argument`, and nothing is written.
    virtual Result<void> append(std::string_view task_id, std::uint64_t expected_revision,
                                const std::vector<std::string>& records, const TaskSummary& summary,
                                const Lease* lease) = 0;

    /// The same, and calls `durable` as soon as the records cannot be lost any more: once, before it
    /// returns, and not where it fails. For callers who wait for nothing else; what makes the task
    /// quick to find may be written after that. `durable` neither throws nor calls this store.
    virtual Result<void> append_then(std::string_view task_id, std::uint64_t expected_revision,
                                     const std::vector<std::string>& records,
                                     const TaskSummary& summary, const Lease* lease,
                                     const std::function<void()>& durable) {
        Result<void> appended = append(task_id, expected_revision, records, summary, lease);
        if (appended) durable();
        return appended;
    }

    /// Keeps secrets for a task again, in place of those that there were, for another attempt.
    /// `task_not_found`.
    virtual Result<void> write_secrets(std::string_view task_id, std::string_view secrets) = 0;

    /// Deletes the secrets of a task; those that are not there are deleted already. Not undone by a
    /// crash afterwards. `task_not_found`.
    virtual Result<void> erase_secrets(std::string_view task_id) = 0;

    /// Removes a task with all of its files and leases. Wholly or not at all as far as any reader
    /// can see. `conflict`: revision moved. `task_not_found`: it is gone already.
    virtual Result<void> remove(std::string_view task_id, std::uint64_t expected_revision) = 0;

    // ---- reading ------------------------------------------------------------------------------

    /// `task_not_found`, `store_corrupt`, `store_version` (of this task alone).
    virtual Result<StoredTask> read(std::string_view task_id) = 0;

    /// Up to `limit` (1 to 100,000) records with ids above `after_id`; none where `after_id` is the
    /// revision or beyond. `task_not_found`.
    virtual Result<EventRecords> read_events(std::string_view task_id, std::uint64_t after_id,
                                             std::size_t limit) = 0;

    /// The last event's id. Cheap: asked before and after looking at leases. `task_not_found`.
    virtual Result<std::uint64_t> revision(std::string_view task_id) = 0;

    /// The secrets given at creation; absent where there were none or they were erased.
    virtual Result<std::optional<std::string>> read_secrets(std::string_view task_id) = 0;

    /// The newest summary of one task and how its dependencies stand. `task_not_found`.
    virtual Result<ListedTask> find(std::string_view task_id) = 0;

    /// A page of at most `limit` (1 to 10,000) tasks; `cursor` is the last id of the page before, or
    /// empty. Cost by the page where the filter is served by what is indexed, never by opening
    /// every task.
    virtual Result<ListPage> list(const TaskFilter& filter, ListOrder order,
                                  std::string_view cursor, std::size_t limit) = 0;

    /// How many tasks of each kind match. Groups of zero may be left out.
    virtual Result<std::vector<CountGroup>> count(const TaskFilter& filter) = 0;

    /// Ready tasks that may start: not held, not archived, `not_before` absent or not after `now`,
    /// dependencies met. Highest priority first, then the oldest. At most `limit`.
    virtual Result<std::vector<ListedTask>> claimable(Time now, std::size_t limit) = 0;

    /// The earliest `not_before` after `now` of a ready task that is not held and whose
    /// dependencies are met; absent where there is none.
    virtual Result<std::optional<Time>> next_due(Time now) = 0;

    /// Ids of the tasks that depend on this one, oldest first.
    virtual Result<std::vector<std::string>> dependents(std::string_view task_id) = 0;

    /// The task that has this dedupe key.
    virtual Result<std::optional<std::string>> find_dedupe_key(std::string_view key) = 0;

    /// Ids that start with `text` (with or without `task-`), or end with it where it has five
    /// characters or more; at most `limit`, oldest first.
    virtual Result<std::vector<std::string>> resolve(std::string_view text, std::size_t limit) = 0;

    /// The task that a child session carries or carried. Absent where there is none.
    virtual Result<std::optional<std::string>> task_of_session(std::string_view session_id) = 0;

    // ---- leases -------------------------------------------------------------------------------

    /// Takes a lease; null where another holds it (also: another object of this process). Never
    /// waits. Names are 1 to 128 of `a-z 0-9 . _ -`.
    virtual Result<std::unique_ptr<Lease>> take_lease(std::string_view name) = 0;

    /// As take_lease, but waits up to `limit` for it; null after that.
    virtual Result<std::unique_ptr<Lease>> wait_for_lease(std::string_view name,
                                                          Milliseconds limit) = 0;

    /// Whether a lease is held, and by whom. Never disturbs someone who is taking it, and never
    /// waits. Where it cannot be told the state is `unknown`; that is no error.
    virtual Result<LeaseStatus> lease_status(std::string_view name) = 0;

    // ---- the rest -----------------------------------------------------------------------------

    /// Watches one or more targets.
    virtual Result<std::unique_ptr<Watch>> watch(const std::vector<WatchTarget>& targets) = 0;

    /// The local directory for what a session writes (output, handle, exit record), made where it is
    /// missing, readable by the user alone. Absolute. `task_not_found`.
    virtual Result<std::string> session_directory(std::string_view task_id,
                                                  std::string_view session_id) = 0;

    /// The same without waiting for the disk: what had to be made may be gone after a crash of the
    /// machine, until session_directory() of the same object has returned for that session. For one
    /// that is about to start.
    virtual Result<std::string> prepare_session_directory(std::string_view task_id,
                                                          std::string_view session_id) {
        return session_directory(task_id, session_id);
    }

    /// The local directory that belongs to the task as a whole; empty where the store has none.
    virtual Result<std::string> task_directory(std::string_view task_id) = 0;

    /// Looks through everything that is kept and tells what is wrong. Changes nothing. A store whose
    /// tasks no other process can see tells that as well, as a fact: `one_process_only`.
    virtual Result<std::vector<Finding>> verify() = 0;

    /// Repairs one finding of verify(). Repairing what is in order already succeeds.
    /// `unsupported`: it is not repairable.
    virtual Result<void> repair(const Finding& finding) = 0;
};

/// What a store is made from.
struct StoreSetup {
    /// The plugin's part of the configuration, without `plugin`.
    Settings settings;
    /// loong's state directory, absolute; exists or is made by the store with mode 0700. Where the
    /// settings name no other place the store keeps everything below it.
    std::string state_directory;
    /// Not null; outlives the store.
    const StoreHost* host = nullptr;
};

} // namespace loong
