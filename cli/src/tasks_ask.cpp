#include "inside_client.hpp"
#include "inside_task.hpp"
#include "interrupt.hpp"
#include "json_writer.hpp"
#include "option_values.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class TasksAsk final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("QUESTION", 1);
        table.flag("--approve", approve_, "ask for a yes or no instead of a text");
        table.value("--detail", "TEXT", detail_, "more about it: a command, a diff");
        table.value("--expires", "TIME", expires_,
                    "counts as denied, or as unanswered, after that (10m, 1h)");
        table.value("--key", "K", key_,
                    "one question of this attempt: asked again, its answer is found");
        table.note("For use inside the work of a task, whose environment says which task it is. "
                   "Waits, and prints the answer: a text, or allowed, denied or expired. The clock "
                   "of the task's timeout stands still meanwhile.");
        table.example("version=$(loong tasks ask 'Which version?')");
        table.example("loong tasks ask --approve 'Publish it?' --expires 1h && ./publish");
        table.exit_codes("0 answered or allowed, 1 denied, expired or not answered in time, 2 "
                         "failure or not inside a task, 4 not found, 5 withdrawn, or this session "
                         "carries the task no longer, 130 interrupted");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "nothing to ask", "give the question"};
        }
        AskRequest request;
        request.kind = approve_ ? RequestKind::approval : RequestKind::input;
        request.question = invocation.words.front();
        request.detail = detail_.value_or("");
        request.key = key_.value_or("");
        if (expires_) {
            Result<Seconds> expires = read_duration("--expires", *expires_);
            if (!expires) return std::move(expires).error();
            request.expires_after = *expires;
        }
        Result<InsideTask> inside = inside_task("ask");
        if (!inside) return std::move(inside).error();
        Result<Interrupt> interrupt = Interrupt::install();
        if (!interrupt) return std::move(interrupt).error();
        request.interrupt_descriptor = interrupt->descriptor();
        const std::string channel = inside::channel_directory();
        if (!channel.empty()) {
            // Narrowed work asks its worker.
            auto answer =
                inside::call(channel, request, std::nullopt, request.interrupt_descriptor);
            if (!answer) return std::move(answer).error();
            if (!*answer) return ExitCode::interrupted;
            return tell(invocation, nullptr, *inside, (*answer)->request);
        }
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<AskResult> asked = tasks->ask(inside->task_id, inside->task_session_id, request);
        if (!asked) return std::move(asked).error();
        return tell(invocation, &*tasks, *inside, asked->request);
    }

private:
    Result<ExitCode> tell(Invocation& invocation, const Tasks* tasks, const InsideTask& inside,
                          const RequestStatus& request) const {
        if (request.state == RequestState::withdrawn) {
            return Error{ErrorCode::conflict,
                         "request " + request.request_id + ": it was withdrawn",
                         "the task has ended, or is being ended"};
        }
        if (invocation.globals.json) {
            Value answer = invocation.header(tasks);
            answer.set("task_id", inside.task_id);
            answer.set("request_id", request.request_id);
            answer.set("state", request_state_word(request.state));
            answer.set("answer", request.text.empty() ? Value() : Value(request.text));
            answer.set("always", request.always);
            invocation.out.print(to_json(answer));
        } else if (request.state == RequestState::answered) {
            invocation.out.print(request.text + "\n");
        } else if (approve_ && request.state != RequestState::open) {
            invocation.out.print(std::string(request_state_word(request.state)) + "\n");
            if (!request.text.empty()) invocation.out.print(request.text + "\n");
        }
        switch (request.state) {
        case RequestState::open: return ExitCode::interrupted;
        case RequestState::allowed:
        case RequestState::answered: return ExitCode::done;
        default: return ExitCode::task_not_completed;
        }
    }

    bool approve_ = false;
    std::optional<std::string> detail_;
    std::optional<std::string> expires_;
    std::optional<std::string> key_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_ask() { return std::make_unique<TasksAsk>(); }

} // namespace loong::cli
