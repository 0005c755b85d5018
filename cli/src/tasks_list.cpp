#include "json_writer.hpp"
#include "list_text.hpp"
#include "option_values.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "verbs.hpp"
#include "watch_tasks.hpp"

namespace loong::cli {
namespace {

class TasksList final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.value("--status", "S", status_, "only tasks with this status");
        table.words(status_words());
        table.flag("--attention", attention_,
                   "only tasks that need you, the oldest first, each with its next command");
        table.value("--limit", "N", limit_, "at most that many, 1 to 10000 (default 20)");
        table.value("--before", "TASK", before_, "only tasks older than this one");
        table.value("--label", "GLOB", label_, "only tasks whose label matches");
        table.flag("--include-archived", include_archived_, "archived tasks too");
        table.flag(
            "--watch", watch_,
            "a live view in the terminal: what needs you, what runs, what has ended, and keys "
            "to open, answer, cancel and recover");
        table.flag("--exit-code", exit_code_, "tell by the exit status how the tasks stand");
        table.example("loong tasks list --attention");
        table.example("loong tasks list --status running --json");
        table.example("loong tasks list --watch");
        table.exit_codes("0 done; with --exit-code 1 a task that matches ended otherwise than "
                         "completed, 3 one needs attention; 2 failure, 4 TASK not found");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        Result<ListRequest> request = read_request();
        if (!request) return std::move(request).error();
        if (watch_) return watch(invocation, *request);
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<ListResult> list = tasks->list(*request);
        if (!list) return std::move(list).error();
        if (invocation.globals.json) {
            invocation.out.print(json(invocation, *tasks, *request, *list));
        } else if (invocation.globals.quiet) {
            for (const TaskRow& row : list->tasks) invocation.out.print(row.task_id + "\n");
        } else {
            invocation.out.print(text(invocation, tasks->current_session_id(), *request, *list));
        }
        return exit_code_ ? standing(*list) : ExitCode::done;
    }

private:
    // A view has no end, so what tells of one list or limits it makes no sense beside it.
    Result<ExitCode> watch(const Invocation& invocation, const ListRequest& request) const {
        const std::pair<bool, const char*> others[] = {
            {invocation.globals.json, "--json"}, {invocation.globals.quiet, "--quiet"},
            {limit_.has_value(), "--limit"},     {before_.has_value(), "--before"},
            {exit_code_, "--exit-code"},
        };
        for (const auto& [is_given, name] : others) {
            if (!is_given) continue;
            return Error{ErrorCode::invalid_argument,
                         "--watch and " + std::string(name) + ": both were given", "leave one out"};
        }
        return watch_tasks(invocation,
                           {request.status, request.attention, request.include_archived},
                           request.label_glob);
    }

    Result<ListRequest> read_request() const {
        ListRequest request;
        if (status_) {
            Result<Status> status = read_status("--status", *status_);
            if (!status) return std::move(status).error();
            request.status = *status;
        }
        if (limit_) {
            Result<std::int64_t> limit = read_integer("--limit", *limit_, 1, 10000);
            if (!limit) return std::move(limit).error();
            request.limit = static_cast<std::size_t>(*limit);
        }
        request.attention = attention_;
        request.oldest_first = attention_;
        request.before = before_.value_or("");
        request.label_glob = label_.value_or("");
        request.include_archived = include_archived_;
        return request;
    }

    static std::string text(const Invocation& invocation, const std::string& session_id,
                            const ListRequest& request, const ListResult& list) {
        const Terminal& terminal = invocation.terminal;
        const Time now = wall_clock();
        if (!list.tasks.empty()) {
            return request.attention ? attention_text(list, terminal, now)
                                     : list_text(list, terminal, now);
        }
        if (request.attention) return "Nothing needs attention.\n";
        const bool filtered =
            request.status || !request.label_glob.empty() || !request.before.empty();
        if (filtered) return "No task matches. `loong tasks list` shows them all.\n";
        const std::string where =
            invocation.globals.all_sessions ? "" : " in session " + session_id;
        return "No tasks yet" + where + ". Create one:\n\n    loong tasks create 'make -j4'\n";
    }

    static std::string json(const Invocation& invocation, const Tasks& tasks,
                            const ListRequest& request, const ListResult& list) {
        const auto or_null = [](const std::string& text) {
            return text.empty() ? Value() : Value(text);
        };
        Value filters;
        filters.set("status", request.status ? Value(to_string(*request.status)) : Value());
        filters.set("attention", request.attention);
        filters.set("limit", request.limit);
        filters.set("before", or_null(request.before));
        filters.set("label", or_null(request.label_glob));
        filters.set("include_archived", request.include_archived);
        Value::Array rows;
        for (const TaskRow& row : list.tasks) rows.push_back(row_value(row));
        Value answer = invocation.header(&tasks);
        answer.set("filters", std::move(filters));
        answer.set("matched_count", list.matched_count);
        answer.set("returned_count", list.tasks.size());
        answer.set("counts", counts_value(list));
        answer.set("tasks", std::move(rows));
        return to_json(answer);
    }

    static ExitCode standing(const ListResult& list) {
        for (const auto& [status, count] : list.counts) {
            const bool ended_badly = status == Status::failed || status == Status::timed_out ||
                                     status == Status::cancelled;
            if (ended_badly && count > 0) return ExitCode::task_not_completed;
        }
        return list.needs_attention_count > 0 ? ExitCode::attention : ExitCode::done;
    }

    std::optional<std::string> status_;
    std::optional<std::string> limit_;
    std::optional<std::string> before_;
    std::optional<std::string> label_;
    bool attention_ = false;
    bool include_archived_ = false;
    bool watch_ = false;
    bool exit_code_ = false;
};

} // namespace

std::unique_ptr<Verb> make_tasks_list() { return std::make_unique<TasksList>(); }

} // namespace loong::cli
