#include "worker.hpp"

#include "hand_over.hpp"
#include "inside_channel.hpp"
#include "lease_names.hpp"
#include "notifier_start.hpp"
#include "session_files.hpp"
#include "session_spec_of.hpp"
#include "task_clock.hpp"
#include "text.hpp"
#include "worker_seats.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

// The first is nearly always still there. Where it is not, enough for workers which look at the
// same moment to find different tasks.
constexpr std::size_t first_candidates = 2;
constexpr std::size_t claim_candidates = 16;
// A full disk may be emptied, and the outcome is worth waiting for it. What the keeper wrote is
// there for `recover` afterwards.
constexpr std::chrono::seconds finish_patience{60};

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

Outcome failed_outcome(const Error& error) {
    Outcome outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = std::string(to_string(error.code)) + ": " + error.message;
    return outcome;
}

/// The channels of one session: its own, and those of parts that may do less.
class Channels {
public:
    Channels(std::shared_ptr<CarriedSession> session, OpenOptions options)
        : session_(std::move(session)),
          options_(std::move(options)) {}

    /// Of the session where `part` is empty.
    Result<std::string> open(std::string_view part, const ToolPolicy& policy) {
        std::string directory = inside_directory(session_->directory(), part);
        const std::lock_guard<std::mutex> guard(mutex_);
        if (channels_.contains(directory)) return directory;
        Result<std::unique_ptr<InsideChannel>> started =
            InsideChannel::start({session_, options_, directory, policy});
        if (!started) return std::move(started).error();
        channels_.emplace(directory, *std::move(started));
        return directory;
    }

    void close() { channels_.clear(); }

private:
    const std::shared_ptr<CarriedSession> session_;
    const OpenOptions options_;
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<InsideChannel>> channels_;
};

} // namespace

Result<void> Worker::run(const std::function<bool()>& ready, const std::function<bool()>& wanted) {
    if (wanted) {
        prepare();
        if (!wanted()) return {};
    }
    Result<std::unique_ptr<Lease>> slot = take_slot();
    if (!slot) return std::move(slot).error();
    slot_ = *std::move(slot);
    // Also where nobody waits for it any more: whoever saw the slot held meanwhile counts on it.
    static_cast<void>(ready());
    if (!slot_) return {};
    take_seat();
    Result<void> started = start_monitor();
    return started ? work_off() : started;
}

/// Does what the first claim would have to do. What fails here is done again then, and tells why.
void Worker::prepare() {
    if (Result<std::unique_ptr<Monitor>> monitor = Monitor::make(workspace_)) {
        monitor_ = *std::move(monitor);
    }
    workspace_.load_default_runtime();
    places_ = find_places(workspace_);
    static_cast<void>(store_.claimable(now(), 1));
}

Result<void> Worker::start_monitor() {
    if (!monitor_) {
        Result<std::unique_ptr<Monitor>> monitor = Monitor::make(workspace_);
        if (!monitor) return std::move(monitor).error();
        monitor_ = *std::move(monitor);
    }
    Result<void> started = monitor_->start();
    if (!started) monitor_.reset();
    return started;
}

Result<std::unique_ptr<Lease>> Worker::take_slot() {
    const Config& config = workspace_.config();
    return take_spare(store_, slot_pools::worker(config), slot_pools::returning(config));
}

void Worker::take_seat() {
    const Config& config = workspace_.config();
    seat_ = take_worker_seat(config.state_directory, config.max_parallel);
}

/// Leaves the slot to a session that was answered, where that one would find none.
Result<bool> Worker::give_way() {
    const Config& config = workspace_.config();
    const LeasePool returning = slot_pools::returning(config);
    Result<int> wanted = count_held(store_, returning);
    if (!wanted) return std::move(wanted).error();
    if (*wanted == 0) return false;
    // Under the hand-over, so that not two give way to the same.
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    Result<int> spare = count_spare(store_, slot_pools::worker(config), returning);
    if (!spare) return std::move(spare).error();
    if (*spare >= 0) return false;
    slot_.reset();
    return true;
}

Result<void> Worker::work_off() {
    Result<void> worked = work_off_queue();
    // The monitor sees to it while there is one; it may have ended before it saw the last session's
    // end. What fails here is owed still, and the next worker does the same.
    static_cast<void>(NotifierStart(workspace_).start_where_owed(store_));
    return worked;
}

Result<void> Worker::work_off_queue() {
    // A session that ended while it waited has no slot any more, and its worker nothing to do.
    while (slot_) {
        Result<bool> gave_way = give_way();
        if (!gave_way) return std::move(gave_way).error();
        if (*gave_way) return {};
        Result<std::optional<Claim>> claim = claim_next();
        if (!claim) return std::move(claim).error();
        if (*claim) {
            Result<void> carried = carry(**std::move(claim), false);
            if (!carried) return carried;
            continue;
        }
        Result<bool> left = leave();
        if (!left) return std::move(left).error();
        if (*left) return {};
    }
    return {};
}

Result<std::unique_ptr<Lease>> Worker::take_runtime_slot(const std::string& runtime,
                                                         bool& limited) {
    const Config& config = workspace_.config();
    const LeasePool slots = slot_pools::runtime(config, runtime);
    limited = slots.size > 0;
    if (!limited) return std::unique_ptr<Lease>();
    return take_spare(store_, slots, slot_pools::runtime_returning(config, runtime));
}

Result<std::optional<Worker::Claim>> Worker::claim_next() {
    for (const std::size_t candidates : {first_candidates, claim_candidates}) {
        Result<std::vector<ListedTask>> rows = store_.claimable(now(), candidates);
        if (!rows) return std::move(rows).error();
        Result<std::optional<Claim>> claim = claim_one(*rows);
        if (!claim || *claim || rows->size() < candidates) return claim;
    }
    return std::optional<Claim>();
}

Result<std::optional<Worker::Claim>> Worker::claim_one(const std::vector<ListedTask>& rows) {
    for (const ListedTask& row : rows) {
        if (!row.summary || unreadable_.contains(row.task_id)) continue;
        bool limited = false;
        Result<std::unique_ptr<Lease>> runtime_slot =
            take_runtime_slot(row.summary->runtime, limited);
        if (!runtime_slot) return std::move(runtime_slot).error();
        if (limited && !*runtime_slot) continue;
        Result<std::unique_ptr<Lease>> lease = store_.take_lease(row.summary->task_session_id);
        if (!lease) return std::move(lease).error();
        if (!*lease) continue;
        Result<std::optional<Claim>> claim =
            start(row, *std::move(lease), *std::move(runtime_slot));
        if (!claim || *claim) return claim;
    }
    return std::optional<Claim>();
}

Result<std::optional<Worker::Claim>> Worker::start(const ListedTask& row,
                                                   std::unique_ptr<Lease> lease,
                                                   std::unique_ptr<Lease> runtime_slot) {
    const command::Start start{std::string(lease->name()), lease->token(), host_name(), ::getpid()};
    Result<LoadedTask> task = load_task(store_, row.task_id);
    // One unreadable task must not keep the queue from being served, nor this worker alive.
    if (!task) {
        unreadable_.insert(row.task_id);
        return std::optional<Claim>();
    }
    const DecisionInput input{now(), start.session_id, {}, clock_skew()};
    if (!decide(task->state, start, input)) return std::optional<Claim>();
    Result<std::string> directory = store_.prepare_session_directory(row.task_id, start.session_id);
    if (!directory) return std::move(directory).error();
    Claim claim{std::move(lease), std::move(runtime_slot), *std::move(task), *std::move(directory),
                start};
    if (starts_with_handle(claim.task.document)) return std::optional<Claim>(std::move(claim));
    Result<std::vector<Event>> started =
        apply(store_, claim.task, start, start.session_id, claim.lease.get());
    if (!started && started.error().code == ErrorCode::conflict) return std::optional<Claim>();
    if (!started) return std::move(started).error();
    claim.start.reset();
    return std::optional<Claim>(std::move(claim));
}

/// A runtime that is not there, say, is told of once the session has started.
bool Worker::starts_with_handle(const TaskDocument& document) {
    Result<Runtime*> runtime = workspace_.runtime(document);
    DurableRuntime* able = runtime ? durable(**runtime) : nullptr;
    return able != nullptr && able->starts_with_handle();
}

Result<Outcome> Worker::run_session(const std::shared_ptr<CarriedSession>& session,
                                    const TaskDocument& document, bool adopted) {
    Result<Runtime*> runtime = workspace_.runtime(document);
    if (!runtime) return std::move(runtime).error();
    if (!adopted) {
        // Places may have moved since the task was created, and so may the runtime.
        Result<void> safe = check_write_directories(session->spec().tool_policy, workspace_);
        if (!safe) return std::move(safe).error();
        if (document.tool_policy.narrowed && policy_enforcer(**runtime) == nullptr) {
            return Error{ErrorCode::unsupported,
                         "runtime " + document.runtime +
                             ": it cannot hold its work to a tool policy",
                         {}};
        }
        return (*runtime)->run(*session);
    }
    DurableRuntime* able = durable(**runtime);
    if (able == nullptr) {
        return Error{ErrorCode::unsupported,
                     "runtime " + document.runtime + ": it cannot take work over",
                     {}};
    }
    const TaskState state = session->state();
    Result<std::string> handle =
        session_files::load_handle(session->directory(), current_session(state)->handle);
    if (!handle) return std::move(handle).error();
    Result<std::optional<Outcome>> outcome = able->resume(*session, *handle);
    if (!outcome) return std::move(outcome).error();
    if (*outcome) return **std::move(outcome);
    Outcome lost;
    lost.message = "the work was gone when the new worker came to take it over";
    return lost;
}

/// Looked for again for whatever may be narrowed, the steps of a plan too: links may lead elsewhere now.
const ToolPolicyPlaces& Worker::places_for(const TaskDocument& document) {
    const bool counts = document.tool_policy.narrowed || document.work.kind == WorkKind::plan;
    if (!places_ || counts) places_ = find_places(workspace_);
    return *places_;
}

Result<void> Worker::carry(Claim claim, bool adopted) {
    const TaskDocument document = claim.task.document;
    const SessionFacts current = *current_session(claim.task.state);
    std::vector<EnvironmentVariable> secrets;
    Error trouble;
    bool failed = false;
    const auto fail = [&](Error error) {
        trouble = std::move(error);
        failed = true;
    };
    Result<std::optional<std::string>> kept = store_.read_secrets(document.task_id);
    has_secrets_ = !kept || *kept || !document.secret_names.empty();
    if (!kept) {
        fail(std::move(kept).error());
    } else if (*kept) {
        Result<std::vector<EnvironmentVariable>> read = read_secrets(**kept);
        if (read) {
            secrets = *std::move(read);
        } else {
            fail(std::move(read).error());
        }
    }
    CarriedSession::Setup setup;
    setup.store = &store_;
    setup.lease = std::move(claim.lease);
    setup.config = &workspace_.config();
    setup.slots = Slots{std::move(slot_), std::move(claim.runtime_slot)};
    setup.spec = session_spec_of(document, current.session_id, current.attempt, secrets, workspace_,
                                 places_for(document));
    if (setup.spec.tool_policy.narrowed && !claim.directory.empty()) {
        setup.spec.environment.push_back({channel_variable, inside_directory(claim.directory)});
    }
    setup.spec.rerun_started_steps = current.rerun_started_steps;
    setup.spec.may_redo = adopted && (redo_ || retries_left(claim.task.state) > 0);
    setup.task = std::move(claim.task);
    setup.directory = std::move(claim.directory);
    setup.keeper_path = workspace_.keeper_path();
    setup.start = std::move(claim.start);
    Result<std::shared_ptr<CarriedSession>> session = CarriedSession::make(setup);
    if (!session) {
        // Without descriptors nothing can be carried; the lease is free again and status says so.
        return std::move(session).error();
    }
    Channels channels(*session, workspace_.options());
    if (!failed && document.tool_policy.narrowed) {
        Result<std::string> opened = channels.open({}, (*session)->spec().tool_policy);
        if (!opened) fail(std::move(opened).error());
    }
    (*session)->open_channels_with([&](std::string_view part, const ToolPolicy& policy) {
        return channels.open(part, policy);
    });
    if (monitor_) monitor_->attend(*session);
    Result<Outcome> outcome =
        failed ? Result<Outcome>(trouble) : run_session(*session, document, adopted);
    if (monitor_) monitor_->attend(nullptr);
    (*session)->open_channels_with(nullptr);
    channels.close();
    const bool ends = !outcome || outcome->kind != OutcomeKind::detached;
    if (ends && !(*session)->start_failure()) {
        finish(**session, outcome ? *std::move(outcome) : failed_outcome(outcome.error()));
    }
    const std::optional<Error> not_started = (*session)->start_failure();
    (*session)->release();
    slot_ = (*session)->take_slots().worker;
    // The task waits as before, unless somebody was faster, with a cancel, say.
    if (not_started && not_started->code != ErrorCode::conflict) return *not_started;
    return {};
}

void Worker::finish(CarriedSession& session, const Outcome& outcome) {
    const Clock::time_point give_up = Clock::now() + finish_patience;
    Milliseconds pause(10);
    while (true) {
        const Result<void> done = record_end(session, outcome);
        if (done) return;
        session.log("the outcome could not be recorded: " + done.error().message);
        const bool passing =
            done.error().code == ErrorCode::store_io || done.error().code == ErrorCode::store_busy;
        if (!passing || Clock::now() > give_up) return;
        std::this_thread::sleep_for(pause);
        pause = std::min(pause * 2, Milliseconds(2000));
    }
}

Result<void> Worker::record_end(CarriedSession& session, const Outcome& outcome) {
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    session.stop_returning();
    Result<void> started = session.record_start();
    if (!started) return started;
    command::Finish finish;
    finish.session_id = session.spec().task_session_id;
    const TaskState state = session.state();
    if (const SessionFacts* current = current_session(state)) {
        finish.lease_token = current->lease_token;
    }
    finish.outcome = outcome;
    Result<std::vector<Event>> done = session.apply_command(finish);
    if (!done) return std::move(done).error();
    // From here on the outcome is safe, and what still fails is somebody else's to notice: secrets
    // that stay are found by `doctor`, tasks that nobody serves show as recoverable.
    if (has_secrets_ && is_terminal(session.state().summary.session_state)) {
        static_cast<void>(store_.erase_secrets(session.task_id()));
    }
    static_cast<void>(hand_over->serve(session.has_slot() ? 1 : 0));
    return {};
}

Result<bool> Worker::leave() {
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    // Under the hand-over nobody can make anything claimable, so this look is the last word.
    Result<std::vector<ListedTask>> rows = store_.claimable(now(), claim_candidates);
    if (!rows) return std::move(rows).error();
    for (const ListedTask& row : *rows) {
        if (!row.summary || unreadable_.contains(row.task_id)) continue;
        Result<LeaseStatus> status = store_.lease_status(row.summary->task_session_id);
        bool limited = false;
        Result<std::unique_ptr<Lease>> runtime_slot =
            take_runtime_slot(row.summary->runtime, limited);
        const bool startable = !limited || (runtime_slot && *runtime_slot);
        if (status && status->state == LeaseState::free && startable) return false;
    }
    Result<std::optional<Time>> due = store_.next_due(now());
    if (!due) return std::move(due).error();
    if (*due) {
        Result<std::unique_ptr<Lease>> timekeeper = store_.take_lease(lease_names::timekeeper);
        if (!timekeeper) return std::move(timekeeper).error();
        if (*timekeeper) {
            Result<void> waited = keep_time(**due, *hand_over);
            if (!waited) return std::move(waited).error();
            return false;
        }
    }
    slot_.reset();
    return true;
}

Result<void> Worker::keep_time(Time due, HandOver& hand_over) {
    // Watching starts under the hand-over, so nothing falls between the look and the watch.
    std::vector<WatchTarget> targets{{WatchTarget::Kind::everything, {}}};
    const LeasePool returning = slot_pools::returning(workspace_.config());
    for (int number = 0; number < workspace_.config().max_parallel; ++number) {
        targets.push_back({WatchTarget::Kind::lease, returning.name(number)});
    }
    Result<std::unique_ptr<Watch>> watch = store_.watch(targets);
    if (!watch) return std::move(watch).error();
    hand_over.end();
    // Who waits for a time keeps a slot, and leaves it to whoever wants one now.
    Result<int> wanted = count_held(store_, returning);
    if (!wanted) return std::move(wanted).error();
    if (*wanted > 0) return {};
    // The wall clock may be set meanwhile, so it is asked again now and then.
    const auto left = std::chrono::ceil<Milliseconds>(due - now());
    Result<bool> changed = (*watch)->wait(std::clamp(left, Milliseconds(0), Milliseconds(30'000)));
    if (!changed) return std::move(changed).error();
    return {};
}

Result<void> Worker::adopt(const std::string& task_id, bool redo,
                           const std::function<bool()>& ready) {
    Result<LoadedTask> task = load_task(store_, task_id);
    if (!task) return std::move(task).error();
    const std::string session_id = task->state.summary.task_session_id;
    Result<std::unique_ptr<Lease>> lease =
        store_.wait_for_lease(session_id, std::chrono::seconds(5));
    if (!lease) return std::move(lease).error();
    if (!*lease) {
        return Error{
            ErrorCode::conflict, "session " + session_id + ": another worker carries it", {}};
    }
    Result<std::unique_ptr<Lease>> slot = take_slot();
    if (!slot) return std::move(slot).error();
    slot_ = *std::move(slot);
    if (slot_) take_seat();
    Result<std::string> directory = store_.prepare_session_directory(task_id, session_id);
    if (!directory) return std::move(directory).error();
    const command::Adopt adoption{(*lease)->token(), host_name(), ::getpid(),
                                  "the work was still alive and a new worker took it over"};
    Result<std::vector<Event>> adopted = apply(store_, *task, adoption, session_id, lease->get());
    if (!adopted) return std::move(adopted).error();
    Result<void> started = start_monitor();
    if (!started) return started;
    static_cast<void>(ready());
    redo_ = redo;
    Claim claim{*std::move(lease), nullptr, *std::move(task), *std::move(directory), std::nullopt};
    Result<void> carried = carry(std::move(claim), true);
    if (!carried) return carried;
    // Work that is alive is watched over also where all slots are taken; more is not started then.
    return work_off();
}

} // namespace loong
