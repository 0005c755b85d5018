#include "request_names.hpp"
#include "store_page.hpp"
#include "task_clock.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace loong {

namespace {

/// The sentences and commands that belong to one open request.
class Answers {
public:
    Answers(const RequestFacts& request, const ObservedTask& task)
        : request_(request),
          details_(task.details),
          is_lost_(task.facts.carrier_lease == Held::free) {
        if (details_.open_requests > 1) words_ = {"--request", request.request_id};
    }

    [[nodiscard]] std::vector<RequestRow::Answer> all() const {
        if (request_.kind == RequestKind::input) {
            return {{command("answer", {"ANSWER"}), told("the work gets the text and goes on")}};
        }
        std::vector<RequestRow::Answer> answers;
        add(answers, "approve", "the work is told yes and goes on",
            RequestOption::Kind::allow_always, RequestOption::Kind::allow_once);
        add(answers, "deny", "the work is told no; a step of a plan fails so",
            RequestOption::Kind::deny_always, RequestOption::Kind::deny_once);
        return answers;
    }

    [[nodiscard]] std::string if_unanswered() const {
        if (!request_.expires_at) {
            return is_lost_ ? "the request stays open; the work goes on when the task is recovered"
                            : "the work waits, and the clock of its timeout stands still";
        }
        const std::string when = " at " + format_time(*on_wall_clock(request_.expires_at));
        return request_.kind == RequestKind::approval ? "it counts as denied" + when
                                                      : "it counts as unanswered" + when;
    }

private:
    [[nodiscard]] bool has(RequestOption::Kind kind) const {
        return std::any_of(request_.options.begin(), request_.options.end(),
                           [kind](const RequestOption& option) { return option.kind == kind; });
    }

    void add(std::vector<RequestRow::Answer>& answers, const char* verb, const std::string& follows,
             RequestOption::Kind always, RequestOption::Kind once) const {
        if (has(once) || request_.options.empty()) {
            answers.push_back({command(verb, {}), told(follows)});
        }
        if (!has(always) && request_.rule.empty()) return;
        const std::string rule = request_.rule.empty()
                                     ? " for the rest of the task"
                                     : " for everything that the rule asks in this task";
        answers.push_back({command(verb, {"--always"}), told(follows + "," + rule)});
    }

    [[nodiscard]] std::string told(const std::string& follows) const {
        return is_lost_ ? follows + ", once the task is recovered" : follows;
    }

    [[nodiscard]] std::string command(const char* verb, std::vector<std::string> more) const {
        std::string line = std::string("loong tasks ") + verb;
        const auto append = [&line](const std::vector<std::string>& words) {
            for (const std::string& word : words) line += ' ' + shell_quote(word);
        };
        append(details_.command_options);
        append(words_);
        append({details_.task_id});
        append(more);
        return line;
    }

    const RequestFacts& request_;
    const FactDetails& details_;
    const bool is_lost_;
    std::vector<std::string> words_;
};

RequestRow request_row(const LoadedTask& task, const RequestFacts& request,
                       const ObservedTask& observed) {
    RequestRow row;
    row.task_id = task.document.task_id;
    row.label = task.state.summary.label;
    row.task_status = observed.task_status;
    row.request = request_view(request);
    row.self_approval_possible = !task.state.summary.tool_narrowing_active;
    if (request.state != RequestState::open) return row;
    const Answers answers(request, observed);
    row.answers = answers.all();
    row.if_unanswered = answers.if_unanswered();
    return row;
}

bool is_older(const RequestRow& left, const RequestRow& right) {
    return left.request.since < right.request.since;
}

} // namespace

Result<RequestsResult> Tasks::Implementation::requests(const RequestsRequest& request) {
    TaskFilter filter;
    filter.visible_to = visible_to_;
    filter.now = now();
    // Only running sessions have open requests, and there are never many of those.
    if (!request.all) filter.states = {SessionState::running};
    Observer observer(*workspace_, command_options_);
    RequestsResult result;
    std::string cursor;
    while (true) {
        Result<ListPage> page =
            store().list(filter, ListOrder::newest_first, cursor, store_page_size);
        if (!page) return std::move(page).error();
        for (ListedTask& row : page->tasks) {
            cursor = row.task_id;
            // What cannot be read is told by `tasks list`.
            if (!row.summary) continue;
            const TaskSummary& summary = *row.summary;
            const int wanted =
                request.all ? summary.requests : summary.open_approvals + summary.open_inputs;
            if (wanted == 0) continue;
            Result<LoadedTask> task = load_task(store(), row.task_id);
            if (!task) continue;
            const ObservedTask observed = observer.observe(std::move(row));
            const auto& facts = task->state.requests;
            for (auto one = facts.rbegin(); one != facts.rend(); ++one) {
                if (!request.all && one->state != RequestState::open) continue;
                result.requests.push_back(request_row(*task, *one, observed));
            }
        }
        const bool is_full = request.all && result.requests.size() > request.limit;
        if (!page->has_more || page->tasks.empty() || is_full) break;
    }
    if (!request.all) std::stable_sort(result.requests.begin(), result.requests.end(), is_older);
    result.has_more = result.requests.size() > request.limit;
    if (result.has_more) result.requests.resize(request.limit);
    return result;
}

Result<RequestRow> Tasks::Implementation::request(const std::string& task) {
    Result<RequestName> name = read_request_name(task, {});
    if (!name) return std::move(name).error();
    Result<std::string> task_id = resolve(name->task);
    if (!task_id) return std::move(task_id).error();
    Result<LoadedTask> loaded = load_task(store(), *task_id);
    if (!loaded) return std::move(loaded).error();
    Result<const RequestFacts*> request = find_named(loaded->state, name->request_id);
    if (!request) return std::move(request).error();
    Observer observer(*workspace_, command_options_);
    Result<ObservedTask> observed = observer.observe(*task_id);
    if (!observed) return std::move(observed).error();
    return request_row(*loaded, **request, *observed);
}

} // namespace loong
