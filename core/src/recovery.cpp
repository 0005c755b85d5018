#include "recovery.hpp"

#include "descriptor.hpp"
#include "environment.hpp"
#include "observer.hpp"
#include "recovery_probe.hpp"
#include "task_clock.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

std::string this_host() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

RecoveryStep skipped(std::string message) {
    return {ActionResultKind::skipped_not_recoverable, {}, std::move(message)};
}

RecoveryStep state_changed(const std::string& task_id) {
    return {ActionResultKind::skipped_state_changed,
            {},
            "task " + task_id + " changed meanwhile; look at it again"};
}

bool has_completed_step(const TaskState& state) {
    std::vector<StepRecord> steps = earlier_steps(state);
    const std::vector<StepRecord>& own = state.sessions.back().steps;
    steps.insert(steps.end(), own.begin(), own.end());
    return std::any_of(steps.begin(), steps.end(), [](const StepRecord& step) {
        return step.state == StepRecord::State::completed;
    });
}

Outcome lost_outcome(const Probe& probe) {
    Outcome outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = "the worker that carried the task is gone" +
                      (probe.message.empty() ? std::string() : ": " + probe.message);
    return outcome;
}

std::string_view to_string(Probe::State state) {
    switch (state) {
    case Probe::State::alive: return "alive";
    case Probe::State::finished: return "finished";
    case Probe::State::gone: return "gone";
    case Probe::State::never_started: return "never_started";
    case Probe::State::unreachable: break;
    }
    return "unreachable";
}

} // namespace

RecoveryStep Recovery::planned(std::string action, std::string message) const {
    return {options_.dry_run ? ActionResultKind::would_apply : ActionResultKind::applied,
            std::move(action), std::move(message)};
}

Result<void> Recovery::change(LoadedTask& task, const Command& command, const Lease* lease) {
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    return change(*hand_over, task, command, lease);
}

Result<void> Recovery::change(HandOver& hand_over, LoadedTask& task, const Command& command,
                              const Lease* lease) {
    Result<std::vector<Event>> done = apply(store_, task, command, actor_, lease);
    if (!done) return std::move(done).error();
    if (is_terminal(task.state.summary.session_state)) {
        Result<void> erased = store_.erase_secrets(task.document.task_id);
        if (!erased) return erased;
    }
    return hand_over.serve();
}

Result<RecoveryStep> Recovery::mend(const std::string& task_id) {
    Result<LoadedTask> task = load_task(store_, task_id);
    if (!task) return std::move(task).error();
    const TaskSummary& summary = task->state.summary;
    if (summary.session_state == SessionState::ready) {
        const bool is_late = summary.overdue_at && *summary.overdue_at <= now();
        return is_late ? skipped("it should have been started by now") : recover_ready(*task);
    }
    if (summary.session_state != SessionState::running) return state_changed(task_id);
    Result<LeaseStatus> lease = store_.lease_status(summary.task_session_id);
    if (!lease) return std::move(lease).error();
    if (lease->state != LeaseState::free) return state_changed(task_id);
    return recover_lost(*std::move(task));
}

Result<RecoveryStep> Recovery::recover(const std::string& task_id) {
    Result<LoadedTask> task = load_task(store_, task_id);
    if (!task) return std::move(task).error();
    const TaskSummary& summary = task->state.summary;
    if (summary.session_state == SessionState::ready) return recover_ready(*task);
    if (summary.session_state != SessionState::running) return recover_ended(*task);
    Result<LeaseStatus> lease = store_.lease_status(summary.task_session_id);
    if (!lease) return std::move(lease).error();
    if (lease->state == LeaseState::free) return recover_lost(*std::move(task));
    if (lease->state == LeaseState::unknown) {
        return skipped("whether a worker carries session " + summary.task_session_id +
                       " cannot be told now");
    }
    if (summary.overdue_at && *summary.overdue_at <= now()) {
        return recover_overdue(*std::move(task), *lease);
    }
    return skipped("a live worker carries session " + summary.task_session_id +
                   ", and the task is not overdue");
}

Result<RecoveryStep> Recovery::recover_ready(const LoadedTask& task) {
    const TaskSummary& summary = task.state.summary;
    if (summary.overdue_at && *summary.overdue_at <= now()) return expire(task);
    Observer observer(workspace_, {});
    Result<ObservedTask> observed = observer.observe(task.document.task_id);
    if (!observed) return std::move(observed).error();
    if (observed->facts.queue_served != Held::free) {
        return skipped("the task is in order: " + observed->task_status.reason);
    }
    const RecoveryStep step = planned(
        "worker_started", "no live worker served the queue; one " +
                              std::string(options_.dry_run ? "would be started" : "was started"));
    if (options_.dry_run) return step;
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    observer.forget();
    // The hand-over itself counts as service, so slots alone are asked here.
    Result<void> started = hand_over->start_one({});
    if (!started) return std::move(started).error();
    return step;
}

Result<RecoveryStep> Recovery::expire(const LoadedTask& task) {
    const bool retry = options_.retry || retries_left(task.state) > 0;
    const RecoveryStep step =
        planned("expired", std::string("no worker started the task in time (start_within); it ") +
                               (options_.dry_run ? "would be " : "was ") +
                               (retry ? "given a new attempt" : "marked failed"));
    if (options_.dry_run) return step;
    command::MarkEnded ended;
    ended.outcome.kind = OutcomeKind::failed;
    ended.outcome.message = "the task was not started within the time that it was given";
    ended.action = "expired";
    ended.message = step.message;
    ended.retry = retry;
    LoadedTask changed = task;
    Result<void> done = change(changed, ended, nullptr);
    if (!done) return std::move(done).error();
    return step;
}

Result<void> Recovery::check_secrets(const LoadedTask& task) {
    if (task.document.secret_names.empty()) return {};
    Result<std::optional<std::string>> kept = store_.read_secrets(task.document.task_id);
    if (!kept) return std::move(kept).error();
    if (*kept) return {};
    const std::vector<EnvironmentVariable> environment =
        options_.environment ? *options_.environment : own_environment();
    std::vector<EnvironmentVariable> secrets;
    std::string missing;
    for (const std::string& name : task.document.secret_names) {
        const auto found =
            std::find_if(environment.begin(), environment.end(),
                         [&](const auto& variable) { return variable.name == name; });
        if (found != environment.end()) {
            secrets.push_back(*found);
        } else {
            missing += (missing.empty() ? "" : ", ") + name;
        }
    }
    if (!missing.empty()) {
        return Error{ErrorCode::not_recoverable,
                     "task " + task.document.task_id +
                         ": the secrets it needs were deleted when it ended: " + missing,
                     "set these variables and call recover again"};
    }
    if (options_.dry_run) return {};
    return store_.write_secrets(task.document.task_id, write_secrets(secrets));
}

Result<RecoveryStep> Recovery::recover_ended(const LoadedTask& task) {
    const SessionState state = task.state.summary.session_state;
    if (state == SessionState::completed) return skipped("the task is completed");
    if (state == SessionState::cancelled) return skipped("the task was cancelled, which is final");
    if (!options_.retry) {
        return skipped("the task has ended; with --retry it gets a new attempt");
    }
    // From the secrets to the event nobody else may end or erase anything.
    std::optional<HandOver> hand_over;
    if (!options_.dry_run) {
        Result<HandOver> begun = HandOver::begin(workspace_, store_);
        if (!begun) return std::move(begun).error();
        hand_over.emplace(*std::move(begun));
    }
    Result<void> secrets = check_secrets(task);
    if (!secrets) return std::move(secrets).error();
    const RecoveryStep step =
        planned("retried", std::string("a new attempt ") + (options_.dry_run ? "would be" : "was") +
                               " made ready; output and events of the old one stay");
    if (options_.dry_run) return step;
    LoadedTask changed = task;
    Result<void> done = change(*hand_over, changed, command::Retry{step.message}, nullptr);
    if (!done) return std::move(done).error();
    return step;
}

Result<void> Recovery::end_work(const LoadedTask& task) {
    Result<Runtime*> runtime = workspace_.runtime(task.document);
    if (!runtime) return std::move(runtime).error();
    DurableRuntime* able = durable(**runtime);
    if (able == nullptr) return {};
    Result<LostSession> lost = lost_session(workspace_, task);
    if (!lost) return std::move(lost).error();
    Result<bool> gone = able->end(*lost, EndHow::graceful);
    if (!gone) return std::move(gone).error();
    if (*gone) return {};
    return Error{ErrorCode::not_recoverable,
                 "task " + task.document.task_id + ": what is left of its work could not be ended",
                 "look for processes with LOONG_TASK_SESSION_ID=" + lost->spec.task_session_id +
                     " in their environment"};
}

Result<void> Recovery::kill_carrier(const LoadedTask& task, const LeaseStatus& lease) {
    const std::string& session_id = task.state.summary.task_session_id;
    if (!lease.holder || lease.holder->pid <= 0) {
        return Error{ErrorCode::not_recoverable,
                     "session " + session_id + ": who carries it cannot be told",
                     {}};
    }
    if (lease.holder->host != this_host()) {
        return Error{ErrorCode::not_on_this_host,
                     "session " + session_id + ": its worker runs on " + lease.holder->host,
                     "call recover there"};
    }
    if (lease.holder->pid == ::getpid()) {
        return Error{ErrorCode::not_recoverable,
                     "session " + session_id + ": this very process carries it",
                     "call recover from another process"};
    }
    const Descriptor process(
        static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(lease.holder->pid), 0U)));
    if (!process) return {};
    // The lease is still held with the same token, so the process behind the descriptor is the
    // holder and no other that got its number later.
    Result<LeaseStatus> again = store_.lease_status(session_id);
    if (!again) return std::move(again).error();
    if (again->state != LeaseState::held || !again->holder ||
        again->holder->token != lease.holder->token) {
        return {};
    }
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0U) != 0 &&
        errno != ESRCH) {
        return Error{ErrorCode::not_recoverable,
                     "session " + session_id + ": its worker, process " +
                         std::to_string(lease.holder->pid) +
                         ", could not be ended: " + std::strerror(errno),
                     {}};
    }
    return {};
}

Result<RecoveryStep> Recovery::recover_overdue(LoadedTask task, const LeaseStatus& lease) {
    const std::string session_id = task.state.summary.task_session_id;
    const bool cancelled = task.state.summary.cancel_requested_at.has_value();
    const RecoveryStep step =
        planned("ended_overdue",
                std::string("the work ") + (options_.dry_run ? "would be" : "was") +
                    " ended and the task marked " + (cancelled ? "cancelled" : "timed out"));
    if (options_.dry_run) return step;
    Result<void> killed = kill_carrier(task, lease);
    if (!killed) return std::move(killed).error();
    Result<std::unique_ptr<Lease>> taken =
        store_.wait_for_lease(session_id, std::chrono::seconds(10));
    if (!taken) return std::move(taken).error();
    if (!*taken) return state_changed(task.document.task_id);
    Result<LoadedTask> fresh = load_task(store_, task.document.task_id);
    if (!fresh) return std::move(fresh).error();
    const TaskSummary& summary = fresh->state.summary;
    if (summary.session_state != SessionState::running || summary.task_session_id != session_id) {
        return state_changed(task.document.task_id);
    }
    Result<void> ended = end_work(*fresh);
    if (!ended) return std::move(ended).error();
    Command command;
    if (summary.cancel_requested_at) {
        command = command::EndCancelled{step.message, std::nullopt};
    } else {
        command::MarkEnded mark;
        mark.outcome.kind = OutcomeKind::timed_out;
        mark.outcome.message = "the task was overdue and its worker did not end it";
        mark.action = "ended_overdue";
        mark.message = step.message;
        mark.retry = options_.retry || retries_left(fresh->state) > 0;
        command = mark;
    }
    Result<void> done = change(*fresh, command, taken->get());
    if (!done) return std::move(done).error();
    return step;
}

Result<RecoveryStep> Recovery::recover_lost(LoadedTask task) {
    const std::string session_id = task.state.summary.task_session_id;
    const auto same_session = [&](const LoadedTask& fresh) {
        return fresh.state.summary.session_state == SessionState::running &&
               fresh.state.summary.task_session_id == session_id;
    };
    // The lease was found free after the task was read; had the carrier ended it in between, the
    // task would have moved on.
    Result<LoadedTask> fresh = load_task(store_, task.document.task_id);
    if (!fresh) return std::move(fresh).error();
    task = *std::move(fresh);
    if (!same_session(task)) return state_changed(task.document.task_id);

    Probe probe = probe_work(workspace_, task);
    const bool cancelled = task.state.summary.cancel_requested_at.has_value();
    if (probe.state == Probe::State::alive && !cancelled && !options_.fail) return adopt(task);
    if (probe.state == Probe::State::unreachable) {
        return skipped("the work cannot be reached now, which does not mean that it is gone" +
                       (probe.message.empty() ? std::string() : ": " + probe.message));
    }
    if (options_.dry_run) return settle_lost(task, probe, nullptr);

    Result<std::unique_ptr<Lease>> lease = store_.take_lease(session_id);
    if (!lease) return std::move(lease).error();
    if (!*lease) return state_changed(task.document.task_id);
    // Fenced from here on: what is read now stays so until this recovery changes it.
    fresh = load_task(store_, task.document.task_id);
    if (!fresh) return std::move(fresh).error();
    task = *std::move(fresh);
    if (!same_session(task)) return state_changed(task.document.task_id);
    probe = probe_work(workspace_, task);
    if (probe.state == Probe::State::unreachable) return state_changed(task.document.task_id);
    return settle_lost(task, probe, lease->get());
}

Result<RecoveryStep> Recovery::adopt(const LoadedTask& task) {
    const RecoveryStep step =
        planned("adopted", std::string("the work is alive; a new worker ") +
                               (options_.dry_run ? "would take" : "took") + " it over");
    if (options_.dry_run) return step;
    // The new worker takes the lease itself; where two come to do so, only one can.
    Result<HandOver> hand_over = HandOver::begin(workspace_, store_);
    if (!hand_over) return std::move(hand_over).error();
    // Somebody else may have been faster; another worker would wait for the lease in vain, and
    // everybody else meanwhile for the hand-over.
    Result<LeaseStatus> lease = store_.lease_status(task.state.summary.task_session_id);
    if (!lease) return std::move(lease).error();
    if (lease->state == LeaseState::held) return state_changed(task.document.task_id);
    Result<void> started = hand_over->start_one(task.document.task_id, options_.retry);
    if (started) return step;
    Result<LoadedTask> fresh = load_task(store_, task.document.task_id);
    if (fresh && fresh->state.summary.revision != task.state.summary.revision) {
        return state_changed(task.document.task_id);
    }
    return std::move(started).error();
}

Result<RecoveryStep> Recovery::settle_lost(LoadedTask& task, const Probe& probe,
                                           const Lease* lease) {
    const TaskState& state = task.state;
    const bool finished = probe.state == Probe::State::finished && probe.outcome;
    const bool completed = finished && probe.outcome->kind == OutcomeKind::completed;
    const bool never_started = probe.state == Probe::State::never_started;
    const std::string found(to_string(probe.state));
    const std::string would = options_.dry_run ? "would be " : "was ";
    RecoveryStep step;
    Command command;
    if (state.summary.cancel_requested_at && !completed) {
        step = planned("cancelled",
                       "what was left of the work " + would + "ended, as the cancel asked");
        command = command::EndCancelled{step.message, probe.outcome};
    } else if (finished) {
        step = planned("outcome_collected",
                       "the work had ended by itself; its outcome " + would + "recorded");
        command::Finish finish;
        finish.session_id = state.summary.task_session_id;
        finish.lease_token = current_session(state)->lease_token;
        finish.outcome = *probe.outcome;
        finish.by_recovery = true;
        command = finish;
    } else if (!options_.fail && task.document.work.kind == WorkKind::plan &&
               has_completed_step(state)) {
        step = planned("resumed", "a new carrier " +
                                      std::string(options_.dry_run ? "would go" : "goes") +
                                      " on at the first step that is not completed");
        command = command::Supersede{"resumed", step.message, found, true, options_.retry};
    } else if (!options_.fail && (options_.retry || retries_left(state) > 0 || never_started)) {
        step = planned("retried", std::string(never_started ? "the work had not started yet; "
                                                            : "the old attempt is gone; ") +
                                      "a new one " + would + "made ready");
        command = command::Supersede{"retried", step.message, found, false, false};
    } else {
        step = planned("marked_failed",
                       "nothing was left to take over; the task " + would + "marked failed");
        command::MarkEnded ended;
        ended.outcome = lost_outcome(probe);
        ended.action = "marked_failed";
        ended.message = step.message;
        ended.found = found;
        ended.carrier_lost = true;
        command = ended;
    }
    if (options_.dry_run) return step;
    // Also where the work was found gone: only after this is nothing of it left for certain.
    Result<void> ended = finished ? Result<void>() : end_work(task);
    if (!ended) return std::move(ended).error();
    Result<void> done = change(task, command, lease);
    if (!done) return std::move(done).error();
    return step;
}

Result<RecoveryStep> Recovery::finish_cancel(const std::string& task_id) {
    Result<LoadedTask> task = load_task(store_, task_id);
    if (!task) return std::move(task).error();
    const TaskSummary& summary = task->state.summary;
    if (summary.session_state != SessionState::running || !summary.cancel_requested_at) {
        return state_changed(task_id);
    }
    Result<LeaseStatus> lease = store_.lease_status(summary.task_session_id);
    if (!lease) return std::move(lease).error();
    if (lease->state != LeaseState::free) return skipped("its worker ends it");
    return recover_lost(*std::move(task));
}

} // namespace loong
