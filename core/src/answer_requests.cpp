#include "request_names.hpp"
#include "task_views.hpp"
#include "tasks_implementation.hpp"
#include "text.hpp"

#include <utility>

namespace loong {

namespace {

std::string what_follows(const RequestFacts& request, bool is_lost) {
    std::string message = "request " + request.request_id;
    switch (request.state) {
    case RequestState::allowed: message += " is allowed"; break;
    case RequestState::denied: message += " is denied"; break;
    default: message += " is answered"; break;
    }
    if (request.always && !request.rule.empty()) message += ", and so is its rule in this task";
    if (is_lost) message += "; the work learns of it when the task is recovered";
    return message;
}

std::string_view action_of(RequestState answer) {
    switch (answer) {
    case RequestState::allowed: return "approved";
    case RequestState::denied: return "denied";
    default: return "answered";
    }
}

} // namespace

Result<ActionResult> Tasks::Implementation::answer(const AnswerRequest& request) {
    Result<RequestName> name = read_request_name(request.task, request.request_id);
    if (!name) return std::move(name).error();
    Result<std::string> task_id = resolve(name->task);
    if (!task_id) return std::move(task_id).error();
    Result<LoadedTask> task = load_task(store(), *task_id);
    if (!task) return std::move(task).error();
    if (name->request_id.empty()) {
        const bool is_input = request.answer == RequestState::answered;
        Result<std::string> open =
            only_open(task->state, is_input ? RequestKind::input : RequestKind::approval);
        if (!open) return std::move(open).error();
        name->request_id = *std::move(open);
    }
    command::ResolveRequest answer;
    answer.request_id = name->request_id;
    answer.state = request.answer;
    answer.text = request.text;
    answer.always = request.always;
    Result<std::vector<Event>> done = apply(store(), *task, answer, session_id_);
    if (!done) return std::move(done).error();

    ActionResult result;
    result.task_id = *task_id;
    result.request_id = name->request_id;
    result.action = action_of(request.answer);
    Result<TaskDetail> found = detail(*task_id);
    const bool is_lost = found && found->session.state == SessionState::running &&
                         found->session.lease == Held::free;
    result.message = what_follows(*find_request(task->state, name->request_id), is_lost);
    if (found) result.task = *std::move(found);
    return result;
}

} // namespace loong
