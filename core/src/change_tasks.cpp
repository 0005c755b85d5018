#include "recovery.hpp"
#include "task_clock.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"
#include "text.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace loong {

namespace {

ActionResult result_for(const std::string& task_id, bool dry_run, ActionResultKind kind,
                        std::string message, std::string action = {}) {
    ActionResult result;
    result.task_id = task_id;
    result.dry_run = dry_run;
    result.result = kind;
    result.message = std::move(message);
    result.action = std::move(action);
    return result;
}

} // namespace

Result<ActionResult> Tasks::Implementation::cancel_one(const std::string& task_id,
                                                       const CancelOptions& options) {
    Result<LoadedTask> task = load_task(store(), task_id);
    if (!task) return std::move(task).error();
    const bool was_ready = task->state.summary.session_state == SessionState::ready;
    if (is_terminal(task->state.summary.session_state)) {
        return result_for(task_id, options.dry_run, ActionResultKind::skipped_not_cancellable,
                          "the task has ended: " +
                              std::string(to_string(task->state.summary.session_state)));
    }
    if (options.dry_run) {
        return result_for(task_id, true, ActionResultKind::would_apply,
                          was_ready ? "the task would be cancelled at once"
                                    : "its work would be asked to end",
                          was_ready ? "cancelled" : "cancel_requested");
    }
    {
        Result<HandOver> hand_over = HandOver::begin(*workspace_, store());
        if (!hand_over) return std::move(hand_over).error();
        Result<std::vector<Event>> done =
            apply(store(), *task, command::Cancel{options.force, {}}, session_id_);
        if (!done && done.error().code == ErrorCode::not_cancellable) {
            return result_for(task_id, false, ActionResultKind::skipped_not_cancellable,
                              done.error().message);
        }
        if (!done) return std::move(done).error();
        if (is_terminal(task->state.summary.session_state)) {
            Result<void> erased = store().erase_secrets(task_id);
            if (!erased) return std::move(erased).error();
            // What depends on this task may start now.
            static_cast<void>(hand_over->serve());
            return result_for(task_id, false, ActionResultKind::applied,
                              "the task was cancelled before it started", "cancelled");
        }
    }
    const RecoverOptions no_options;
    Result<RecoveryStep> finished =
        Recovery(*workspace_, no_options, session_id_).finish_cancel(task_id);
    if (!finished) return std::move(finished).error();
    if (finished->result == ActionResultKind::applied) {
        return result_for(task_id, false, ActionResultKind::applied, finished->message,
                          finished->action);
    }
    const std::string grace = format_duration(task->document.limits.grace);
    return result_for(task_id, false, ActionResultKind::applied,
                      options.force
                          ? "its work is being ended by force"
                          : "its work was asked to end; it is ended by force after " + grace,
                      "cancel_requested");
}

Result<std::vector<std::string>> Tasks::Implementation::created_below(const std::string& task_id) {
    Result<LoadedTask> task = load_task(store(), task_id);
    if (!task) return std::move(task).error();
    std::set<std::string, std::greater<>> youngest_first;
    for (const SessionFacts& session : task->state.sessions) {
        TaskFilter filter;
        filter.visible_to = session.session_id;
        filter.states = {SessionState::ready, SessionState::running};
        filter.now = now();
        std::string cursor;
        while (true) {
            Result<ListPage> page = store().list(filter, ListOrder::newest_first, cursor, 500);
            if (!page) return std::move(page).error();
            for (const ListedTask& row : page->tasks) {
                cursor = row.task_id;
                youngest_first.insert(row.task_id);
            }
            if (!page->has_more || page->tasks.empty()) break;
        }
    }
    return std::vector<std::string>(youngest_first.begin(), youngest_first.end());
}

Result<std::vector<ActionResult>> Tasks::Implementation::cancel(const std::string& task,
                                                                const CancelOptions& options) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    std::vector<std::string> ids{*task_id};
    std::vector<ActionResult> results;
    for (std::size_t index = 0; index < ids.size(); ++index) {
        Result<ActionResult> one = cancel_one(ids[index], options);
        if (!one) return std::move(one).error();
        Result<TaskDetail> found = detail(ids[index]);
        if (found) one->task = *std::move(found);
        if (index == 0) {
            // Looked for after the task itself was cancelled, so that it creates no more meanwhile.
            Result<std::vector<std::string>> below = created_below(*task_id);
            if (!below) return std::move(below).error();
            if (options.cascade) {
                ids.insert(ids.end(), below->begin(), below->end());
            } else if (!below->empty()) {
                one->message += "; tasks that it created go on: " + std::to_string(below->size()) +
                                " (--cascade ends them too)";
            }
        }
        results.push_back(*std::move(one));
    }
    return results;
}

Result<ActionResult> Tasks::Implementation::recover(const std::string& task,
                                                    const RecoverOptions& options) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    Result<RecoveryStep> step = Recovery(*workspace_, options, session_id_).recover(*task_id);
    if (!step) return std::move(step).error();
    ActionResult result =
        result_for(*task_id, options.dry_run, step->result, step->message, step->action);
    if (step->result == ActionResultKind::skipped_not_recoverable)
        result.action = "skipped_not_recoverable";
    Result<TaskDetail> found = detail(*task_id);
    if (found) result.task = *std::move(found);
    return result;
}

Result<ActionResult> Tasks::Implementation::release(const std::string& task) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    ActionResult result =
        result_for(*task_id, false, ActionResultKind::applied, "the task may start", "released");
    {
        Result<HandOver> hand_over = HandOver::begin(*workspace_, store());
        if (!hand_over) return std::move(hand_over).error();
        Result<Applied> done = apply(store(), *task_id, command::Release{}, session_id_);
        if (!done && done.error().code == ErrorCode::conflict) {
            result = result_for(*task_id, false, ActionResultKind::skipped_state_changed,
                                done.error().message);
        } else if (!done) {
            return std::move(done).error();
        } else {
            Result<void> served = hand_over->serve();
            if (!served) return std::move(served).error();
        }
    }
    Result<TaskDetail> found = detail(*task_id);
    if (found) result.task = *std::move(found);
    return result;
}

Result<ActionResult> Tasks::Implementation::archive(const std::string& task) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    ActionResult result = result_for(*task_id, false, ActionResultKind::applied,
                                     "the task is archived; its files stay", "archived");
    Result<Applied> done = apply(store(), *task_id, command::Archive{}, session_id_);
    if (!done && done.error().code != ErrorCode::conflict) return std::move(done).error();
    if (!done) {
        result = result_for(*task_id, false, ActionResultKind::skipped_not_archivable,
                            done.error().message);
    }
    Result<TaskDetail> found = detail(*task_id);
    if (found) result.task = *std::move(found);
    return result;
}

Result<ActionResult> Tasks::Implementation::remove(const std::string& task, bool dry_run) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    Result<LoadedTask> loaded = load_task(store(), *task_id);
    if (!loaded) return std::move(loaded).error();
    if (!is_terminal(loaded->state.summary.session_state)) {
        return Error{ErrorCode::conflict,
                     "task " + *task_id + ": it is " +
                         std::string(to_string(loaded->state.summary.session_state)) +
                         ", and only tasks that have ended are removed",
                     "cancel it first: loong tasks cancel " + *task_id};
    }
    if (dry_run) {
        return result_for(*task_id, true, ActionResultKind::would_apply,
                          "the task would be removed with all its files", "removed");
    }
    Result<void> removed = store().remove(*task_id, loaded->state.summary.revision);
    if (!removed && removed.error().code == ErrorCode::conflict) {
        return result_for(*task_id, false, ActionResultKind::skipped_state_changed,
                          removed.error().message);
    }
    if (!removed) return std::move(removed).error();
    return result_for(*task_id, false, ActionResultKind::applied,
                      "the task was removed with all its files", "removed");
}

Result<TaskDetail> Tasks::Implementation::report(const std::string& task_id,
                                                 const std::string& task_session_id,
                                                 const ReportRequest& request) {
    if (request.percent && (*request.percent < 0 || *request.percent > 100)) {
        return Error{ErrorCode::invalid_argument,
                     "progress " + std::to_string(*request.percent) +
                         ": it has to lie between 0 and 100",
                     {}};
    }
    Result<LoadedTask> task = load_task(store(), task_id);
    if (!task) return std::move(task).error();
    command::Report report;
    report.session_id = task_session_id;
    report.progress.percent = request.percent;
    report.progress.note = request.note;
    report.progress.state = request.state.value_or(ProgressState::none);
    Result<std::vector<Event>> done = apply(store(), *task, report, task_session_id);
    if (!done) return std::move(done).error();
    return detail(task_id);
}

Result<std::vector<Tasks::SessionDirectory>>
Tasks::Implementation::session_directories(const std::string& task) {
    Result<std::string> task_id = resolve(task);
    if (!task_id) return std::move(task_id).error();
    Result<LoadedTask> loaded = load_task(store(), *task_id);
    if (!loaded) return std::move(loaded).error();
    std::vector<SessionDirectory> directories;
    for (const SessionFacts& session : loaded->state.sessions) {
        // A session that never started has written nothing, and asking must not make it a place.
        if (!session.started_at) {
            directories.push_back({session.session_id, {}, session.state});
            continue;
        }
        Result<std::string> directory = store().session_directory(*task_id, session.session_id);
        if (!directory) return std::move(directory).error();
        directories.push_back({session.session_id, *std::move(directory), session.state});
    }
    return directories;
}

} // namespace loong
