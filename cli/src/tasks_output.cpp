#include "detail_text.hpp"
#include "interrupt.hpp"
#include "option_values.hpp"
#include "output_printer.hpp"
#include "verbs.hpp"

namespace loong::cli {
namespace {

class TasksOutput final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("TASK", 1);
        table.value("--stream", "S", stream_, "stdout, stderr or both (both)");
        table.words(stream_words());
        table.flag("--follow", follow_, "go on as more is written, until the task has ended");
        table.value("--tail", "N", tail_, "only the last N lines, and what follows");
        table.value("--session-id", "S", session_id_,
                    "an earlier session's, say a first attempt's");
        table.flag("--raw", raw_, "add and escape nothing, also on a terminal");
        table.note(
            "Standard output goes to standard output and standard error to standard error. On "
            "a terminal colours pass, other control sequences are shown escaped, and the last "
            "line is ended; elsewhere, and with --raw, the bytes are unchanged.");
        table.example("loong tasks output k3f9qa --follow");
        table.example("loong tasks output k3f9qa --stream stderr --tail 20");
        table.exit_codes("0 done, 2 failure, 4 not found or not visible, 130 interrupted");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "no task was named",
                         "usage: loong tasks output TASK"};
        }
        Result<OutputRequest> request = read_request();
        if (!request) return std::move(request).error();
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        Result<std::string> id = tasks->resolve(invocation.words.front());
        if (!id) return std::move(id).error();
        request->task_id = *id;
        OutputPrinter printer(invocation, raw_);
        if (!follow_) {
            Result<bool> printed = printer.print(*tasks, *request, -1);
            if (!printed) return std::move(printed).error();
            return ExitCode::done;
        }
        Result<Interrupt> interrupt = Interrupt::install();
        if (!interrupt) return std::move(interrupt).error();
        Result<bool> printed = printer.print(*tasks, *request, interrupt->descriptor());
        if (!printed) return std::move(printed).error();
        if (Result<void> told = tell_end(invocation, *tasks, *id); !told) {
            return std::move(told).error();
        }
        return *printed ? ExitCode::done : ExitCode::interrupted;
    }

private:
    // Only where somebody reads it: elsewhere standard error is the work's alone.
    static Result<void> tell_end(Invocation& invocation, Tasks& tasks, const std::string& id) {
        const Terminal terminal = look_at_terminal(invocation.err.descriptor());
        if (!terminal.is_terminal || invocation.globals.quiet || invocation.globals.json) return {};
        Result<TaskDetail> detail = tasks.status(id);
        if (!detail) return std::move(detail).error();
        invocation.err.print(ending_text(*detail, terminal, true));
        return {};
    }

    static std::vector<std::string> stream_words() { return {"stdout", "stderr", "both"}; }

    Result<OutputRequest> read_request() const {
        OutputRequest request;
        const std::string stream = stream_.value_or("both");
        if (stream == "stdout") {
            request.choice = OutputChoice::standard_output;
        } else if (stream == "stderr") {
            request.choice = OutputChoice::standard_error;
        } else if (stream != "both") {
            return unknown_word("stream for --stream", stream, stream_words());
        }
        if (tail_) {
            Result<std::int64_t> lines = read_integer("--tail", *tail_, 0, std::int64_t{1} << 53);
            if (!lines) return std::move(lines).error();
            request.tail = static_cast<std::uint64_t>(*lines);
        }
        request.session_id = session_id_.value_or("");
        request.follow = follow_;
        request.raw = raw_;
        return request;
    }

    std::optional<std::string> stream_;
    std::optional<std::string> tail_;
    std::optional<std::string> session_id_;
    bool follow_ = false;
    bool raw_ = false;
};

} // namespace

std::unique_ptr<Verb> make_tasks_output() { return std::make_unique<TasksOutput>(); }

} // namespace loong::cli
