#include "status_style.hpp"
#include "text.hpp"
#include "watch_source.hpp"

#include <utility>

namespace loong::cli {
namespace {

using Kind = WatchAction::Kind;

/// Which task is meant, for people who look at many.
std::string name_of(const TaskDetail& detail) {
    constexpr std::size_t longest_label = 60;
    return std::string(short_id(detail.row.task_id)) + " (" +
           escape_controls(shorten(detail.row.summary.label, longest_label)) + ")";
}

const RequestView* open_request(const TaskDetail& detail, RequestKind kind) {
    for (const RequestView& request : detail.requests) {
        const bool is_open = request.state == RequestState::open;
        if (is_open && request.kind == kind) return &request;
    }
    return nullptr;
}

/// A text of several lines, each escaped by itself.
std::string indented_block(const std::string& text) {
    std::string shown;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        shown += "\n    " + escape_controls(text.substr(start, end - start));
        start = end + 1;
    }
    return shown;
}

std::string told(const ActionResult& result) {
    std::string text(short_id(result.task_id));
    if (result.task) {
        text += "  " + std::string(to_string(result.task->row.task_status.status));
    }
    return text + "  " + escape_controls(result.message);
}

Result<std::string> told(const Result<ActionResult>& result) {
    if (!result) return result.error();
    if (result->result != ActionResultKind::applied) {
        return Error{ErrorCode::conflict, result->message, ""};
    }
    return told(*result);
}

} // namespace

Result<WatchPrompt> WatchSource::prepare(const WatchAction& action) {
    switch (action.kind) {
    case Kind::approve:
    case Kind::deny:
    case Kind::answer: return prepare_answer(action);
    case Kind::recover: return prepare_recover(action);
    default: break;
    }
    Result<TaskDetail> detail = tasks_.status(action.task_id);
    if (!detail) return std::move(detail).error();
    WatchPrompt prompt;
    prompt.action = action;
    if (action.kind == Kind::release) {
        prompt.question =
            "Release " + name_of(*detail) + "? It starts as soon as a worker is free.";
    } else {
        const bool runs = detail->row.summary.session_state == SessionState::running;
        prompt.question = "Cancel " + name_of(*detail) + " for good?" +
                          (runs ? " Everything that it started is ended." : "");
    }
    return prompt;
}

// The whole question is shown, and exactly this request is answered: another one may have been
// opened by the time that the key is pressed.
Result<WatchPrompt> WatchSource::prepare_answer(const WatchAction& action) {
    Result<TaskDetail> detail = tasks_.status(action.task_id);
    if (!detail) return std::move(detail).error();
    const RequestKind kind =
        action.kind == Kind::answer ? RequestKind::input : RequestKind::approval;
    const RequestView* request = open_request(*detail, kind);
    if (request == nullptr) {
        return Error{ErrorCode::request_not_found, name_of(*detail) + ": it asks nothing any more",
                     ""};
    }
    WatchPrompt prompt;
    prompt.action = action;
    prompt.action.request_id = request->request_id;
    if (kind == RequestKind::input) prompt.kind = WatchPrompt::Kind::answer;
    const char* verb = action.kind == Kind::approve ? "Allow"
                       : action.kind == Kind::deny  ? "Deny"
                                                    : "Answer";
    prompt.question = std::string(verb) + " " + request->request_id + " of " + name_of(*detail) +
                      (request->tool.empty() ? "" : ", " + escape_controls(request->tool)) + ": " +
                      escape_controls(request->question) + indented_block(request->detail);
    return prompt;
}

Result<WatchPrompt> WatchSource::prepare_recover(const WatchAction& action) {
    Result<TaskDetail> detail = tasks_.status(action.task_id);
    if (!detail) return std::move(detail).error();
    RecoverOptions options;
    options.dry_run = true;
    options.retry = action.retry;
    Result<ActionResult> plan = tasks_.recover(action.task_id, options);
    if (!plan) return std::move(plan).error();
    if (plan->result != ActionResultKind::would_apply) {
        return Error{ErrorCode::not_recoverable, plan->message, ""};
    }
    WatchPrompt prompt;
    prompt.action = action;
    prompt.question = "Recover " + name_of(*detail) + "? " + escape_controls(plan->message);
    return prompt;
}

Result<std::string> WatchSource::perform(const WatchAction& action) {
    if (action.kind == Kind::cancel) {
        Result<std::vector<ActionResult>> results = tasks_.cancel(action.task_id, CancelOptions());
        if (!results) return std::move(results).error();
        return told(Result<ActionResult>(results->front()));
    }
    if (action.kind == Kind::recover) {
        RecoverOptions options;
        options.retry = action.retry;
        return told(tasks_.recover(action.task_id, options));
    }
    if (action.kind == Kind::release) return told(tasks_.release(action.task_id));
    AnswerRequest answer;
    answer.task = action.task_id;
    answer.request_id = action.request_id;
    answer.text = action.text;
    answer.answer = action.kind == Kind::approve ? RequestState::allowed
                    : action.kind == Kind::deny  ? RequestState::denied
                                                 : RequestState::answered;
    return told(tasks_.answer(answer));
}

} // namespace loong::cli
