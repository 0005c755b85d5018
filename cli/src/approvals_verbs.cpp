#include "json_writer.hpp"
#include "option_values.hpp"
#include "request_text.hpp"
#include "status_style.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class ApprovalsList final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.flag("--all", all_, "those that are resolved too, the newest first");
        table.value("--limit", "N", limit_, "at most that many, 1 to 10000 (100)");
        table.note("What the sessions of all visible tasks ask of you, the oldest first, with the "
                   "commands that answer it.");
        table.example("loong approvals list");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        RequestsRequest request;
        request.all = all_;
        if (limit_) {
            Result<std::int64_t> limit = read_integer("--limit", *limit_, 1, 10000);
            if (!limit) return std::move(limit).error();
            request.limit = static_cast<std::size_t>(*limit);
        }
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<RequestsResult> found = tasks->requests(request);
        if (!found) return std::move(found).error();
        const Time now = wall_clock();
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            Value::Array rows;
            for (const RequestRow& row : found->requests) {
                rows.push_back(request_row_value(row, now));
            }
            answer.set("returned_count", found->requests.size());
            answer.set("has_more", found->has_more);
            answer.set("requests", std::move(rows));
            invocation.out.print(to_json(answer));
            return ExitCode::done;
        }
        print(invocation, *found, now);
        return ExitCode::done;
    }

private:
    void print(Invocation& invocation, const RequestsResult& found, Time now) const {
        const bool quiet = invocation.globals.quiet;
        const char* gap = "";
        for (const RequestRow& row : found.requests) {
            if (quiet) {
                invocation.out.print(row.task_id + "/" + row.request.request_id + "\n");
                continue;
            }
            invocation.out.print(gap + request_entry(row, invocation.terminal, now));
            gap = "\n";
        }
        if (quiet) return;
        if (found.requests.empty()) {
            invocation.out.print(all_ ? "Nothing was ever asked.\n" : "Nothing is asked.\n");
        }
        if (found.has_more) invocation.out.print("\nThere are more; `--limit` shows them\n");
    }

    bool all_ = false;
    std::optional<std::string> limit_;
};

class ApprovalsShow final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("TASK/R", 1);
        table.note("Shows one request: exactly what is asked, and what follows from each answer. "
                   "TASK alone will do where just one is open.");
        table.example("loong approvals show k3f9qa/r1");
        table.exit_codes(
            "0 done, 2 failure (several are open and none was named, too), 4 not found "
            "or not visible");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "no request was named",
                         "name one, TASK/R; `loong approvals list` shows them"};
        }
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<RequestRow> row = tasks->request(invocation.words.front());
        if (!row) return std::move(row).error();
        const Time now = wall_clock();
        if (invocation.globals.json) {
            Value answer = invocation.header(&*tasks);
            answer.set("request", request_row_value(*row, now));
            invocation.out.print(to_json(answer));
        } else if (invocation.globals.quiet) {
            invocation.out.print(row->task_id + "/" + row->request.request_id + "\n");
        } else {
            invocation.out.print(request_detail(*row, invocation.terminal, now));
        }
        return ExitCode::done;
    }
};

} // namespace

std::unique_ptr<Verb> make_approvals_list() { return std::make_unique<ApprovalsList>(); }
std::unique_ptr<Verb> make_approvals_show() { return std::make_unique<ApprovalsShow>(); }

} // namespace loong::cli
