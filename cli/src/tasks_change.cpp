#include "action_report.hpp"
#include "interrupt.hpp"
#include "selection.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

using Items = std::vector<ActionItem>;

class TasksCancel final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.flag("--dry-run", options_.dry_run, "say what would be done, change nothing");
        table.flag("--force", options_.force, "do not wait for the grace time");
        table.flag("--wait", wait_, "return when the tasks have ended");
        table.flag("--cascade", options_.cascade, "the tasks that they created too");
        table.note(
            "A task that has not started is cancelled at once. A running one is asked to end "
            "(TERM), and forced (KILL) after its grace time. Nothing brings it back.");
        table.example("loong tasks cancel k3f9qa --wait");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 5 skipped (it has ended "
                         "already), 130 interrupted");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen = selection_.choose(*tasks, invocation.words);
        if (!chosen) return std::move(chosen).error();
        Items items;
        for (const std::string& task : *chosen) cancel(*tasks, task, items);
        ExitCode waited = ExitCode::done;
        if (wait_ && !options_.dry_run) {
            Result<ExitCode> code = wait(*tasks, items);
            if (!code) return code;
            waited = *code;
        }
        Result<ExitCode> code = report_actions(invocation, *tasks, std::move(items));
        return code && waited != ExitCode::done ? waited : code;
    }

private:
    void cancel(Tasks& tasks, const std::string& task, Items& items) const {
        Result<std::vector<ActionResult>> results = tasks.cancel(task, options_);
        if (!results) {
            items.push_back({task, std::move(results).error()});
            return;
        }
        for (ActionResult& result : *results) items.push_back({task, std::move(result)});
    }

    static Result<ExitCode> wait(Tasks& tasks, Items& items) {
        WaitRequest request;
        request.until = WaitRequest::Until::terminal;
        std::vector<ActionResult*> waiting;
        for (ActionItem& item : items) {
            if (!item.result || item.result->result != ActionResultKind::applied) continue;
            request.tasks.push_back(item.result->task_id);
            waiting.push_back(&*item.result);
        }
        if (waiting.empty()) return ExitCode::done;
        Result<Interrupt> interrupt = Interrupt::install();
        if (!interrupt) return std::move(interrupt).error();
        request.interrupt_descriptor = interrupt->descriptor();
        Result<WaitResult> result = tasks.wait(request);
        if (!result) return std::move(result).error();
        for (std::size_t i = 0; i < std::min(waiting.size(), result->tasks.size()); ++i) {
            if (result->tasks[i]) waiting[i]->task = std::move(result->tasks[i]->task);
        }
        return result->end == WaitEnd::interrupted ? ExitCode::interrupted : ExitCode::done;
    }

    Selection selection_;
    CancelOptions options_;
    bool wait_ = false;
};

class TasksRecover final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.flag("--all", all_, "every task that is recoverable or overdue");
        table.flag("--dry-run", options_.dry_run, "print the plan, change nothing");
        table.flag(
            "--retry", options_.retry,
            "a new attempt where there is nothing to go on with; also for tasks that failed");
        table.flag("--fail", options_.fail, "mark as failed what cannot go on, retries or not");
        table.note("Looks at the truth and does the least that makes it right.");
        table.example("loong tasks recover k3f9qa --dry-run");
        table.example("loong tasks recover --all");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 5 skipped (nothing to "
                         "recover)");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (options_.retry && options_.fail) {
            return Error{ErrorCode::invalid_argument, "--retry and --fail: both were given",
                         "choose one"};
        }
        if (all_ && (!invocation.words.empty() || selection_.has_filter())) {
            return Error{ErrorCode::invalid_argument, "--all and a selection: both were given",
                         "leave one out"};
        }
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen =
            all_ ? everything(*tasks) : selection_.choose(*tasks, invocation.words);
        if (!chosen) return std::move(chosen).error();
        // What is owed to the operator is picked up too, also where no task is to be recovered.
        if (!options_.dry_run) tasks->start_notifying();
        if (chosen->empty() && !invocation.globals.json && !invocation.globals.quiet) {
            invocation.out.print("Nothing to recover.\n");
            return ExitCode::done;
        }
        Items items;
        for (const std::string& task : *chosen) {
            Result<ActionResult> result = tasks->recover(task, options_);
            if (all_ && result && is_in_order(*result)) continue;
            items.push_back({task, std::move(result)});
        }
        return report_actions(invocation, *tasks, std::move(items));
    }

private:
    // The worker that one recovered task brings serves the whole queue, so others that were found
    // waiting for one are in order when their turn comes. Nobody asked about them by name.
    static bool is_in_order(const ActionResult& result) {
        const bool is_skipped = result.result != ActionResultKind::applied &&
                                result.result != ActionResultKind::would_apply;
        return is_skipped && result.task && !result.task->row.task_status.needs_attention;
    }

    // Tasks that failed are left alone, also with --retry: it is about what hangs now, and not
    // about every failure that was ever left lying.
    static Result<std::vector<std::string>> everything(Tasks& tasks) {
        std::vector<std::string> all;
        for (const Status status : {Status::recoverable, Status::overdue}) {
            ListRequest request;
            request.status = status;
            request.oldest_first = true;
            Result<std::vector<std::string>> found = tasks.select(request);
            if (!found) return found;
            all.insert(all.end(), found->begin(), found->end());
        }
        return all;
    }

    Selection selection_;
    RecoverOptions options_;
    bool all_ = false;
};

class TasksRelease final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.note("Lets tasks start that were created with --hold.");
        table.example("loong tasks release k3f9qa");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 5 conflict (not held)");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen = selection_.choose(*tasks, invocation.words);
        if (!chosen) return std::move(chosen).error();
        Items items;
        for (const std::string& task : *chosen) items.push_back({task, tasks->release(task)});
        return report_actions(invocation, *tasks, std::move(items));
    }

private:
    Selection selection_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_cancel() { return std::make_unique<TasksCancel>(); }
std::unique_ptr<Verb> make_tasks_recover() { return std::make_unique<TasksRecover>(); }
std::unique_ptr<Verb> make_tasks_release() { return std::make_unique<TasksRelease>(); }

} // namespace loong::cli
