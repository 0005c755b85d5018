#include "action_report.hpp"
#include "option_values.hpp"
#include "selection.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace loong::cli {
namespace {

/// Tasks by name or filter, by the time since they ended, or both.
class AgedSelection {
public:
    void declare(OptionTable& table) {
        selection_.declare(table);
        table.value("--older-than", "TIME", older_than_,
                    "tasks that ended longer ago (30d); alone it means all of them");
        table.flag("--dry-run", dry_run_, "say what would be done, change nothing");
    }

    Result<std::vector<std::string>> choose(Tasks& tasks, const std::vector<std::string>& words,
                                            bool include_archived) const {
        if (!older_than_ && words.empty() && !selection_.has_filter()) {
            return Error{ErrorCode::invalid_argument, "no task was named",
                         "name one, or use --older-than, --label or --status"};
        }
        if (!older_than_) return selection_.choose(tasks, words, include_archived);
        Result<Seconds> duration = read_duration("--older-than", *older_than_);
        if (!duration) return std::move(duration).error();
        Result<std::vector<std::string>> old = tasks.prunable(*duration);
        if (!old || (words.empty() && !selection_.has_filter())) return old;
        Result<std::vector<std::string>> chosen = selection_.choose(tasks, words, include_archived);
        if (!chosen) return chosen;
        std::vector<std::string> both;
        for (const std::string& task : *chosen) {
            Result<std::string> id = tasks.resolve(task);
            if (!id) return std::move(id).error();
            if (std::find(old->begin(), old->end(), *id) != old->end()) both.push_back(*id);
        }
        return both;
    }

    [[nodiscard]] bool dry_run() const noexcept { return dry_run_; }

private:
    Selection selection_;
    std::optional<std::string> older_than_;
    bool dry_run_ = false;
};

Result<ExitCode> finish(Invocation& invocation, const Tasks& tasks, std::vector<ActionItem> items) {
    if (items.empty() && !invocation.globals.json && !invocation.globals.quiet) {
        invocation.out.print("No task is that old.\n");
        return ExitCode::done;
    }
    return report_actions(invocation, tasks, std::move(items));
}

class TasksArchive final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.note("Hides tasks that have ended and clears their attention; their files stay.");
        table.example("loong tasks archive --status failed");
        table.example("loong tasks archive --older-than 7d");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 5 skipped (it has not "
                         "ended)");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen =
            selection_.choose(*tasks, invocation.words, false);
        if (!chosen) return std::move(chosen).error();
        std::vector<ActionItem> items;
        for (const std::string& task : *chosen) {
            items.push_back(
                {task, selection_.dry_run() ? foresee(*tasks, task) : tasks->archive(task)});
        }
        return finish(invocation, *tasks, std::move(items));
    }

private:
    static Result<ActionResult> foresee(Tasks& tasks, const std::string& task) {
        Result<TaskDetail> detail = tasks.status(task);
        if (!detail) return std::move(detail).error();
        ActionResult result;
        result.task_id = detail->row.task_id;
        result.dry_run = true;
        const bool ended = detail->row.task_status.terminal;
        result.result =
            ended ? ActionResultKind::would_apply : ActionResultKind::skipped_not_archivable;
        result.message = ended ? "would be archived" : "it has not ended";
        result.task = std::move(*detail);
        return result;
    }

    AgedSelection selection_;
};

class TasksPrune final : public Verb {
public:
    void declare(OptionTable& table) override {
        selection_.declare(table);
        table.note("Removes tasks that have ended, files and all. There is no way back.");
        table.example("loong tasks prune --older-than 30d --dry-run");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 5 conflict (it has not "
                         "ended)");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::vector<std::string>> chosen = selection_.choose(*tasks, invocation.words, true);
        if (!chosen) return std::move(chosen).error();
        std::vector<ActionItem> items;
        for (const std::string& task : *chosen) {
            items.push_back({task, tasks->remove(task, selection_.dry_run())});
        }
        return finish(invocation, *tasks, std::move(items));
    }

private:
    AgedSelection selection_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_archive() { return std::make_unique<TasksArchive>(); }
std::unique_ptr<Verb> make_tasks_prune() { return std::make_unique<TasksPrune>(); }

} // namespace loong::cli
