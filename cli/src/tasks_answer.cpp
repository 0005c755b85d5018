#include "action_report.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

constexpr const char* exit_codes = "0 done, 2 failure (several are open and none was named, too), "
                                   "4 not found or not visible, 5 it "
                                   "is resolved already";

Result<ExitCode> give(Invocation& invocation, const AnswerRequest& answer) {
    Result<Tasks> tasks = invocation.open();
    if (!tasks) return std::move(tasks).error();
    std::vector<ActionItem> items;
    items.push_back({answer.task, tasks->answer(answer)});
    return report_actions(invocation, *tasks, std::move(items));
}

Error no_task(const char* usage) {
    return {ErrorCode::invalid_argument, "no task was named",
            std::string(usage) + "; `loong approvals list` shows what is asked"};
}

/// approve and deny.
class TasksDecide final : public Verb {
public:
    explicit TasksDecide(RequestState decision) : decision_(decision) {}

    void declare(OptionTable& table) override {
        const bool allows = decision_ == RequestState::allowed;
        table.positionals("TASK", 1);
        table.value("--request", "R", request_id_, "which request, where several are open");
        table.flag("--always", always_,
                   "for this rule, in this task: what it asks later gets the same answer");
        table.value("--note", "TEXT", note_, "a word to the work");
        table.note(
            std::string(allows ? "Allows" : "Denies") +
            " what the task asks. The first answer wins: a second one is refused and changes "
            "nothing. TASK/R names task and request in one word.");
        table.example(allows ? "loong tasks approve k3f9qa"
                             : "loong tasks deny k3f9qa --note 'not on a Friday'");
        table.example(allows ? "loong tasks approve k3f9qa/r2 --always"
                             : "loong tasks deny k3f9qa --request r2");
        table.exit_codes(exit_codes);
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) return no_task("name one: TASK, or TASK/R");
        AnswerRequest answer;
        answer.task = invocation.words.front();
        answer.request_id = request_id_.value_or("");
        answer.answer = decision_;
        answer.text = note_.value_or("");
        answer.always = always_;
        return give(invocation, answer);
    }

private:
    const RequestState decision_;
    std::optional<std::string> request_id_;
    std::optional<std::string> note_;
    bool always_ = false;
};

class TasksAnswer final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("TASK TEXT", 2);
        table.value("--request", "R", request_id_, "which request, where several are open");
        table.note("Answers what the task asks. The first answer wins: a second one is refused and "
                   "changes nothing. TASK/R names task and request in one word.");
        table.example("loong tasks answer k3f9qa 1.4.0");
        table.exit_codes(exit_codes);
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) return no_task("name one, and the answer: TASK TEXT");
        if (invocation.words.size() < 2) {
            return Error{ErrorCode::invalid_argument, "no answer was given",
                         "say it behind the task: loong tasks answer TASK TEXT"};
        }
        AnswerRequest answer;
        answer.task = invocation.words[0];
        answer.request_id = request_id_.value_or("");
        answer.answer = RequestState::answered;
        answer.text = invocation.words[1];
        return give(invocation, answer);
    }

private:
    std::optional<std::string> request_id_;
};

} // namespace

std::unique_ptr<Verb> make_tasks_approve() {
    return std::make_unique<TasksDecide>(RequestState::allowed);
}
std::unique_ptr<Verb> make_tasks_deny() {
    return std::make_unique<TasksDecide>(RequestState::denied);
}
std::unique_ptr<Verb> make_tasks_answer() { return std::make_unique<TasksAnswer>(); }

} // namespace loong::cli
