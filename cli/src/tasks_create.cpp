#include "batch.hpp"
#include "create_arguments.hpp"
#include "create_report.hpp"
#include "deadline.hpp"
#include "detail_text.hpp"
#include "either_descriptor.hpp"
#include "environment.hpp"
#include "inside_client.hpp"
#include "interrupt.hpp"
#include "option_values.hpp"
#include "output_printer.hpp"
#include "progress_line.hpp"
#include "verbs.hpp"
#include "wait_report.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace loong::cli {
namespace {

using Created = std::vector<Result<CreateResult>>;

// A program's own exit status, as a shell would tell it.
ExitCode work_exit_code(const TaskDetail& detail, ExitCode otherwise) {
    const Status status = detail.row.task_status.status;
    if ((status != Status::completed && status != Status::failed) || !detail.terminal_outcome) {
        return otherwise;
    }
    const Outcome& outcome = detail.terminal_outcome->outcome;
    if (outcome.signal) return static_cast<ExitCode>(128 + *outcome.signal);
    return outcome.exit_code ? static_cast<ExitCode>(*outcome.exit_code) : otherwise;
}

class TasksCreate final : public Verb {
public:
    [[nodiscard]] bool takes_command() const override { return true; }

    void declare(OptionTable& table) override {
        table.positionals("TEXT | -- COMMAND ARG... | --file PLAN.yaml | -", 1);
        arguments_.declare(table);
        table.value("--batch", "FILE", batch_, "many tasks, from a file (- for standard input)");
        table.flag("--wait", wait_, "return when the task has ended or needs you");
        table.value("--wait-timeout", "TIME", wait_timeout_, "wait at most that long");
        table.flag("--follow", follow_, "show the output until the task has ended");
        table.flag("--pass-exit-code", pass_exit_code_, "wait, and exit as the work did");
        table.note("TEXT is for the runtime: a shell text by default. Everything behind the first "
                   "`--` is a command with its arguments, taken as it is. A batch file holds one "
                   "JSON object a line, or a YAML list; its keys are the options' names with `_` "
                   "for `-`, and text, command and plan.");
        table.example("loong tasks create 'make -j4 && make test' --label build --retry 2");
        table.example("loong tasks create --after k3f9qa -- rsync -a out/ backup:/srv/");
        table.example("loong tasks create --file release.yaml --wait");
        table.exit_codes(
            "0 done; with --wait or --follow 1 ended otherwise than completed, 3 needs "
            "attention, 124 the time ran out, 130 interrupted (the task goes on); 2 "
            "failure, 4 --after names no task, 6 plugin refused");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (Result<void> read = read_options(invocation); !read) return std::move(read).error();
        Result<std::vector<CreateRequest>> requests = read_requests(invocation);
        if (!requests) return std::move(requests).error();
        const std::string channel = inside::channel_directory();
        if (!channel.empty()) return create_inside(invocation, channel, *requests);
        // Before the task is there, so that its id is printed whenever the interrupt comes.
        std::optional<Interrupt> interrupt;
        if (waits()) {
            Result<Interrupt> installed = Interrupt::install();
            if (!installed) return std::move(installed).error();
            interrupt.emplace(std::move(*installed));
        }
        OpenOptions options;
        options.expects_to_start =
            std::any_of(requests->begin(), requests->end(),
                        [](const CreateRequest& request) { return request.can_start_at_once(); });
        options.expects_to_end = !waits();
        Result<Tasks> tasks = invocation.open(std::move(options));
        if (!tasks) return std::move(tasks).error();
        Result<Created> created = create(*tasks, *requests);
        if (!created) return std::move(created).error();
        if (!batch_ && !created->front()) return created->front().error();
        if (!interrupt) return report_created(invocation, &*tasks, *created, batch_.has_value());
        Result<ExitCode> code = follow_ ? follow(invocation, *tasks, *created->front(), *interrupt)
                                        : wait(invocation, *tasks, *created, *interrupt);
        if (tasks->leave_watch_open()) invocation.left_open.emplace(*std::move(tasks));
        return code;
    }

private:
    [[nodiscard]] bool waits() const {
        return wait_ || follow_ || pass_exit_code_ || wait_timeout_.has_value();
    }

    /// Narrowed work asks its worker, which creates the task with what this one may do at most.
    Result<ExitCode> create_inside(Invocation& invocation, const std::string& channel,
                                   const std::vector<CreateRequest>& requests) const {
        if (waits()) return inside::not_inside("to wait for a task");
        Created created;
        for (CreateRequest request : requests) {
            if (request.working_directory.empty()) {
                std::error_code error;
                request.working_directory = std::filesystem::current_path(error).string();
            }
            request.submitter_environment = own_environment();
            request.umask = own_umask();
            auto answer = inside::call(channel, request, std::nullopt);
            if (!answer) {
                created.emplace_back(std::move(answer).error());
            } else if (*answer && (*answer)->created) {
                created.emplace_back(*std::move((*answer)->created));
                TaskDetail& task = created.back()->task;
                task.work = std::move(request.work);
                task.working_directory = std::move(request.working_directory);
            } else {
                created.emplace_back(inside::not_inside("to create a task so"));
            }
        }
        return report_created(invocation, nullptr, created, batch_.has_value());
    }

    Result<void> read_options(const Invocation& invocation) {
        if (wait_timeout_) {
            Result<Seconds> timeout = read_duration("--wait-timeout", *wait_timeout_);
            if (!timeout) return std::move(timeout).error();
            timeout_ = *timeout;
        }
        if (follow_ && invocation.globals.json) {
            return Error{ErrorCode::invalid_argument, "--follow and --json: both were given",
                         "use --wait --json, then `loong tasks output`"};
        }
        if (batch_ && (follow_ || pass_exit_code_)) {
            return Error{ErrorCode::invalid_argument,
                         "--batch with --follow or --pass-exit-code: there is more than one task",
                         "use --wait"};
        }
        return {};
    }

    Result<std::vector<CreateRequest>> read_requests(const Invocation& invocation) {
        if (!invocation.words.empty()) {
            arguments_.text_from_input = invocation.words.front() == "-";
            if (!arguments_.text_from_input) arguments_.text = invocation.words.front();
        }
        arguments_.command = invocation.command_line;
        if (batch_) return read_batch_requests();
        Result<CreateRequest> request = to_request(arguments_);
        if (!request) return std::move(request).error();
        return std::vector{std::move(*request)};
    }

    Result<std::vector<CreateRequest>> read_batch_requests() {
        if (!arguments_.is_empty()) {
            return Error{ErrorCode::invalid_argument, "--batch and a single task: both were given",
                         "write what is meant for each task into the file"};
        }
        constexpr std::size_t longest_batch = std::size_t{1} << 30U;
        Result<std::string> content = read_input("batch", *batch_, longest_batch);
        if (!content) return std::move(content).error();
        Result<std::vector<CreateArguments>> all = read_batch(*content, *batch_);
        if (!all) return std::move(all).error();
        std::vector<CreateRequest> requests;
        for (const CreateArguments& arguments : *all) {
            Result<CreateRequest> request = to_request(arguments);
            if (!request) {
                request.error().message = "batch " + *batch_ + ": task " +
                                          std::to_string(requests.size() + 1) + ": " +
                                          request.error().message;
                return std::move(request).error();
            }
            requests.push_back(std::move(*request));
        }
        return requests;
    }

    static Result<Created> create(Tasks& tasks, const std::vector<CreateRequest>& requests) {
        if (requests.size() != 1) return tasks.create(requests);
        Created created;
        created.push_back(tasks.create(requests.front()));
        return created;
    }

    Result<ExitCode> wait(Invocation& invocation, Tasks& tasks, Created& created,
                          const Interrupt& interrupt) const {
        WaitRequest request;
        request.timeout = timeout_;
        request.interrupt_descriptor = interrupt.descriptor();
        std::vector<CreateResult*> waiting;
        for (Result<CreateResult>& one : created) {
            if (!one) continue;
            request.tasks.push_back(one->task.row.task_id);
            waiting.push_back(&*one);
        }
        ExitCode waited = ExitCode::done;
        if (!waiting.empty()) {
            say_that_it_waits(invocation, request.tasks);
            ProgressLine line(invocation);
            if (line.is_shown()) {
                request.on_look = [&](const std::vector<TaskRow>& rows) {
                    line.show(rows, request.tasks.size());
                };
            }
            Result<WaitResult> result = tasks.wait(request);
            line.hide();
            if (!result) return std::move(result).error();
            for (std::size_t i = 0; i < std::min(waiting.size(), result->tasks.size()); ++i) {
                if (result->tasks[i]) waiting[i]->task = std::move(result->tasks[i]->task);
            }
            waited = wait_exit_code(*result, waiting);
        }
        Result<ExitCode> reported = report_created(invocation, &tasks, created, batch_.has_value());
        if (!reported) return reported;
        if (pass_exit_code_ && waited != ExitCode::interrupted) return waited;
        return first_that_applies({*reported, waited});
    }

    // For somebody who sits there; scripts get the same id at the end.
    static void say_that_it_waits(Invocation& invocation, const std::vector<std::string>& tasks) {
        const bool watched = look_at_terminal(2).is_terminal;
        if (!watched || invocation.globals.json || invocation.globals.quiet) return;
        const std::string what =
            tasks.size() == 1 ? tasks.front() : std::to_string(tasks.size()) + " tasks";
        invocation.err.print("waiting for " + what + "; Ctrl-C leaves it running\n");
        // It does not matter where this cannot be written.
        static_cast<void>(invocation.err.flush());
    }

    // The details have moved into what was created; the kind of end is still in the result.
    [[nodiscard]] ExitCode wait_exit_code(const WaitResult& result,
                                          const std::vector<CreateResult*>& waiting) const {
        if (result.end == WaitEnd::interrupted) return ExitCode::interrupted;
        std::vector<ExitCode> codes;
        for (std::size_t i = 0; i < result.tasks.size(); ++i) {
            const Result<WaitedTask>& task = result.tasks[i];
            if (!task) {
                codes.push_back(exit_code_of(task.error().code));
                continue;
            }
            const TaskDetail& detail = waiting[i]->task;
            const ExitCode code = task->end == WaitEnd::timeout
                                      ? ExitCode::wait_timeout
                                      : exit_code_of(detail.row.task_status);
            codes.push_back(pass_exit_code_ ? work_exit_code(detail, code) : code);
        }
        return codes.size() == 1 ? codes.front() : first_that_applies(codes);
    }

    // Standard output is the work's alone; what create has to say goes to standard error.
    Result<ExitCode> follow(Invocation& invocation, Tasks& tasks, const CreateResult& created,
                            const Interrupt& interrupt) const {
        const Deadline deadline(timeout_);
        const EitherDescriptor either(interrupt.descriptor(), deadline.descriptor());
        const std::string& task_id = created.task.row.task_id;
        invocation.err.print(invocation.globals.quiet
                                 ? task_id + "\n"
                                 : standing_text(created.task, look_at_terminal(2)));
        if (Result<void> flushed = invocation.err.flush(); !flushed) {
            return std::move(flushed).error();
        }
        OutputRequest request;
        request.task_id = task_id;
        request.follow = true;
        OutputPrinter printer(invocation, false);
        Result<bool> whole = printer.print(tasks, request, either.get());
        if (!whole) return std::move(whole).error();
        Result<TaskDetail> detail = tasks.status(task_id);
        if (!detail) return std::move(detail).error();
        if (!invocation.globals.quiet) {
            invocation.err.print(ending_text(*detail, look_at_terminal(2), true));
        }
        if (!*whole) {
            return interrupt.happened() ? ExitCode::interrupted : ExitCode::wait_timeout;
        }
        const ExitCode code = exit_code_of(detail->row.task_status);
        return pass_exit_code_ ? work_exit_code(*detail, code) : code;
    }

    CreateArguments arguments_;
    std::optional<std::string> batch_;
    std::optional<std::string> wait_timeout_;
    std::optional<Seconds> timeout_;
    bool wait_ = false;
    bool follow_ = false;
    bool pass_exit_code_ = false;
};

} // namespace

std::unique_ptr<Verb> make_tasks_create() { return std::make_unique<TasksCreate>(); }

} // namespace loong::cli
