#include "task_findings.hpp"

#include "finding_codes.hpp"
#include "hand_over.hpp"
#include "lease_names.hpp"
#include "loong/ids.hpp"
#include "notifier_start.hpp"
#include "plugin_findings.hpp"
#include "recovery.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace loong {

namespace {

/// Requests that were recorded and that the task's state does not know, since no session that could
/// have asked them carried the task then; by the ids of request and session.
std::map<std::string, std::string> stray_requests(const LoadedTask& task) {
    std::map<std::string, std::string> stray;
    for (const Event& event : task.events) {
        const std::string id = event.data.string_or("request_id", "");
        switch (event.kind) {
        case EventKind::approval_requested:
        case EventKind::input_requested:
            if (find_request(task.state, id) == nullptr) stray.emplace(id, event.session_id);
            break;
        case EventKind::approval_resolved:
        case EventKind::input_answered:
        case EventKind::request_withdrawn: stray.erase(id); break;
        default: break;
        }
    }
    return stray;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string counted(std::uint64_t number, const char* what) {
    return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

} // namespace

Diagnosed& TaskInspection::add(const char* code, Severity severity, const std::string& task_id,
                               std::string cause, std::string fix, bool repairable) {
    Diagnosed diagnosed;
    diagnosed.finding = {code, severity, task_id, std::move(cause), std::move(fix), repairable};
    findings_.push_back(std::move(diagnosed));
    return findings_.back();
}

Result<std::vector<Diagnosed>> TaskInspection::find(const std::set<std::string>& told) {
    told_ = &told;
    findings_.clear();
    unserved_.clear();
    plugins_.clear();
    TaskFilter filter;
    filter.visible_to = scope_;
    filter.now = now();
    std::string cursor;
    while (true) {
        Result<ListPage> page =
            tasks_.store().list(filter, ListOrder::oldest_first, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (const ListedTask& row : page->tasks) {
            cursor = row.task_id;
            look_at_row(row);
        }
        if (!page->has_more || page->tasks.empty()) break;
    }
    add_queue();
    add_plugins();
    return std::move(findings_);
}

void TaskInspection::look_at_row(const ListedTask& row) {
    if (!row.summary) return add_unreadable(row.task_id, row.summary.error());
    const ObservedTask observed = observer_.observe(row, Observer::Depth::leases);
    look_at_carrier(observed);
    look_at_events(observed);
}

void TaskInspection::add_unreadable(const std::string& task_id, const Error& error) {
    if (error.code == ErrorCode::task_not_found || told_->count(task_id) != 0) return;
    add(finding_code::task_unreadable, Severity::error, task_id, error.message,
        error.hint.empty() ? "put its files back from a copy; other tasks are not affected"
                           : error.hint,
        false);
}

void TaskInspection::look_at_carrier(const ObservedTask& observed) {
    const std::string& task_id = observed.listed.task_id;
    const TaskStatus& status = observed.task_status;
    if (status.status == Status::overdue) {
        // Making it right would end work that may still live, or give the task up.
        add(finding_code::task_overdue, Severity::warning, task_id, status.reason,
            "`recover` ends it", false)
            .command = status.next_command;
        return;
    }
    if (status.status == Status::unknown) {
        add(finding_code::carrier_unknown, Severity::warning, task_id, status.reason,
            "look again later; the lease could not be asked about", false);
        return;
    }
    if (status.status != Status::recoverable) return;
    if (observed.facts.session_state == SessionState::ready) {
        if (unserved_.empty()) unserved_command_ = status.next_command;
        unserved_.push_back(task_id);
        return;
    }
    RecoverOptions options;
    options.dry_run = true;
    Result<RecoveryStep> plan =
        Recovery(tasks_.workspace(), options, tasks_.session_id()).mend(task_id);
    if (plan && plan->result == ActionResultKind::skipped_state_changed) return;
    const bool repairable = plan && plan->result == ActionResultKind::would_apply;
    const std::string fix = plan ? plan->message : plan.error().message;
    add(finding_code::carrier_lost, Severity::warning, task_id, status.reason, fix, repairable)
        .command = status.next_command;
}

void TaskInspection::look_at_events(const ObservedTask& observed) {
    Result<LoadedTask> task = load_task(tasks_.store(), observed.listed.task_id);
    if (!task) return add_unreadable(observed.listed.task_id, task.error());
    look_at_requests(*task);
    look_at_directories(*task);
    look_at_secrets(*task);
    look_at_plugin(*task);
    look_at_notifications(*task);
}

void TaskInspection::look_at_requests(const LoadedTask& task) {
    std::vector<std::string> ids;
    for (const auto& [id, session] : stray_requests(task)) ids.push_back(id);
    if (ids.empty()) return;
    add(finding_code::request_without_session, Severity::note, task.document.task_id,
        "recorded, and asked by no session that carried the task then: " + joined(ids),
        "record that nobody waits for it", true);
}

void TaskInspection::look_at_directories(const LoadedTask& task) {
    namespace fs = std::filesystem;
    const Result<std::string> directory = tasks_.store().task_directory(task.document.task_id);
    if (!directory || directory->empty()) return;
    std::error_code failed;
    fs::directory_iterator entry(fs::path(*directory) / "sessions", failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        const auto is_it = [&](const SessionFacts& session) { return session.session_id == name; };
        const std::vector<SessionFacts>& known = task.state.sessions;
        if (!is_child_session_id(name) || std::any_of(known.begin(), known.end(), is_it)) continue;
        // A session may have been made ready since the task was read.
        const Result<LoadedTask> again = load_task(tasks_.store(), task.document.task_id);
        if (!again ||
            std::any_of(again->state.sessions.begin(), again->state.sessions.end(), is_it)) {
            continue;
        }
        Diagnosed& stray =
            add(finding_code::stray_session, Severity::note, task.document.task_id,
                "there is a directory of session " + name + ", which the task has no event of",
                "look at what is in it, and remove it by hand; loong ignores it", false);
        stray.subject = entry->path().string();
    }
}

bool TaskInspection::is_at_rest(const std::string& session_id) {
    for (const std::string& name : {session_id, std::string(lease_names::hand_over)}) {
        const Result<LeaseStatus> status = tasks_.store().lease_status(name);
        if (!status || status->state != LeaseState::free) return false;
    }
    return true;
}

void TaskInspection::look_at_secrets(const LoadedTask& task) {
    const TaskSummary& summary = task.state.summary;
    if (!task.state.has_secrets || !is_terminal(summary.session_state)) return;
    const auto there = [&] {
        const Result<std::optional<std::string>> kept =
            tasks_.store().read_secrets(task.document.task_id);
        return kept && kept->has_value();
    };
    // Whoever ends a task erases them before letting go of the hand-over.
    if (!there() || !is_at_rest(summary.task_session_id) || !there()) return;
    const Result<std::uint64_t> revision = tasks_.store().revision(task.document.task_id);
    if (!revision || *revision != summary.revision) return;
    add(finding_code::secrets_left, Severity::warning, task.document.task_id,
        "the task has ended, and the secrets that it was given are still kept; whoever ended it "
        "died before erasing them",
        "erase them", true);
}

void TaskInspection::look_at_plugin(const LoadedTask& task) {
    if (is_terminal(task.state.summary.session_state)) return;
    const std::string& plugin = task.document.runtime_plugin;
    const auto [needed, is_new] = plugins_.try_emplace(plugin);
    if (is_new) {
        needed->second.unusable = why_unusable_runtime(
            plugin, plugin_directories(tasks_.workspace().config().plugin_path));
    }
    if (needed->second.unusable) needed->second.tasks.push_back(task.document.task_id);
}

void TaskInspection::look_at_notifications(const LoadedTask& task) {
    if (tasks_.config().notify_command.empty()) return;
    // Whoever is about to begin is given a moment.
    constexpr Seconds patience{60};
    const Result<LeaseStatus> notifier = tasks_.store().lease_status(lease_names::notifier);
    const bool nobody_tells = notifier && notifier->state == LeaseState::free;
    for (const NotificationFacts& facts : task.state.notifications) {
        const bool forgotten =
            facts.state == DeliveryState::owed && nobody_tells && facts.next_at + patience < now();
        if (facts.state != DeliveryState::given_up && !forgotten) continue;
        std::string cause = "you were not told that the task was " + facts.status + ": ";
        if (forgotten) {
            cause += "whoever was to run the notify command is gone";
        } else {
            cause += "the notify command failed " +
                     counted(static_cast<std::uint64_t>(facts.attempts), "time") +
                     ", last: " + escape_controls(facts.last_error);
        }
        add(finding_code::notification_undelivered, Severity::warning, task.document.task_id,
            std::move(cause), "run the notify command again", true);
        return;
    }
}

void TaskInspection::add_queue() {
    if (unserved_.empty()) return;
    const bool one = unserved_.size() == 1;
    add(finding_code::queue_unserved, Severity::warning, unserved_.front(),
        counted(unserved_.size(), "task") + (one ? " is" : " are") +
            " ready, and no live worker serves the queue" +
            (one ? "" : "; the oldest is " + unserved_.front()),
        "start a worker", true)
        .command = unserved_command_;
}

void TaskInspection::add_plugins() {
    for (const auto& [plugin, needed] : plugins_) {
        if (!needed.unusable) continue;
        Diagnosed& unusable =
            add(finding_code::task_plugin, Severity::error, needed.tasks.front(),
                counted(needed.tasks.size(), "task") +
                    " not ended yet, the oldest the one named here: " + needed.unusable->message,
                "put the plugin back where it was when the task was created, or cancel the task",
                false);
        unusable.subject = plugin;
    }
}

Result<bool> TaskInspection::is_in_scope(const std::string& task_id) {
    if (scope_.empty()) return true;
    Result<ListedTask> row = tasks_.store().find(task_id);
    if (!row && row.error().code == ErrorCode::task_not_found) return false;
    if (!row) return std::move(row).error();
    if (!row->summary) return true;
    const std::vector<std::string>& seen = row->summary->visible_to;
    return std::find(seen.begin(), seen.end(), scope_) != seen.end();
}

Result<void> TaskInspection::repair(const Diagnosed& diagnosed) {
    const std::string& code = diagnosed.finding.code;
    const std::string& task_id = diagnosed.finding.task_id;
    Result<void> done;
    if (code == finding_code::carrier_lost || code == finding_code::queue_unserved) {
        done = mend(task_id);
    } else if (code == finding_code::secrets_left) {
        done = erase_secrets(task_id);
    } else if (code == finding_code::request_without_session) {
        done = withdraw_requests(task_id);
    } else if (code == finding_code::notification_undelivered) {
        done = tell_again(task_id);
    } else {
        return Error{ErrorCode::unsupported,
                     "finding " + code + ": there is no repair that a program could do",
                     diagnosed.finding.fix};
    }
    // What is gone needs no repair.
    if (!done && done.error().code == ErrorCode::task_not_found) return {};
    return done;
}

Result<void> TaskInspection::mend(const std::string& task_id) {
    const RecoverOptions options;
    Result<RecoveryStep> step =
        Recovery(tasks_.workspace(), options, tasks_.session_id()).mend(task_id);
    if (!step) return std::move(step).error();
    if (step->result != ActionResultKind::skipped_not_recoverable) return {};
    observer_.forget();
    Result<ObservedTask> observed = observer_.observe(task_id);
    if (!observed) return std::move(observed).error();
    if (observed->task_status.status != Status::recoverable) return {};
    return Error{ErrorCode::not_recoverable, "task " + task_id + ": " + step->message,
                 "call again later"};
}

Result<void> TaskInspection::erase_secrets(const std::string& task_id) {
    // Another attempt is given its secrets under the same lease, so they are never taken from it.
    Result<HandOver> hand_over = HandOver::begin(tasks_.workspace(), tasks_.store());
    if (!hand_over) return std::move(hand_over).error();
    Result<LoadedTask> task = load_task(tasks_.store(), task_id);
    if (!task) return std::move(task).error();
    if (!is_terminal(task->state.summary.session_state)) return {};
    return tasks_.store().erase_secrets(task_id);
}

Result<void> TaskInspection::tell_again(const std::string& task_id) {
    Result<Applied> scheduled =
        apply(tasks_.store(), task_id, command::ScheduleNotifications{}, tasks_.session_id());
    if (!scheduled) return std::move(scheduled).error();
    return NotifierStart(tasks_.workspace()).start_where_owed(tasks_.store());
}

Result<void> TaskInspection::withdraw_requests(const std::string& task_id) {
    Result<LoadedTask> task = load_task(tasks_.store(), task_id);
    if (!task) return std::move(task).error();
    for (const auto& [id, session] : stray_requests(*task)) {
        Result<std::vector<Event>> done =
            apply(tasks_.store(), *task, command::ForgetRequest{id, session}, tasks_.session_id());
        if (!done) return std::move(done).error();
    }
    return {};
}

} // namespace loong
