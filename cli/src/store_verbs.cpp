#include "copy_store.hpp"
#include "error_report.hpp"
#include "json_writer.hpp"
#include "text.hpp"
#include "verbs.hpp"

#include <chrono>

namespace loong::cli {
namespace {

std::string counted(std::uint64_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

class StoreCopy final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.value("--from", "CONFIG", from_, "the configuration that names the store to read");
        table.value("--to", "CONFIG", to_, "the one that names the store to fill");
        table.note("Copies tasks, events, secrets and what sessions have written, byte by byte.");
        table.note("The source stays as it is: use the new store from then on, and not both.");
        table.note("Stopped at any moment, it goes on when it is run again.");
        table.note("While a worker is at work on either store it is refused.");
        table.example("loong store copy --from files.yaml --to sqlite.yaml");
        table.exit_codes("0 done, 2 failure or a task could not be read, 5 something runs there or "
                         "the target is no copy, 6 plugin refused");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (!from_ || !to_) {
            return Error{ErrorCode::invalid_argument,
                         "loong store copy: --from and --to have to be given",
                         "each names a configuration: its `store:` line says which store is meant"};
        }
        const bool shown = !invocation.globals.json && !invocation.globals.quiet &&
                           look_at_terminal(invocation.err.descriptor()).is_terminal;
        const auto progress = [&](const StoreCopyCounts& counts) {
            if (shown) show_progress(invocation.err, counts);
        };
        Result<StoreCopyReport> report = copy_store(*from_, *to_, progress);
        if (shown && shown_at_) invocation.err.print("\n");
        if (!report) return std::move(report).error();
        if (invocation.globals.json)
            invocation.out.print(json(invocation, *report));
        else if (!invocation.globals.quiet)
            invocation.out.print(text(*report));
        return report->skipped.empty() ? ExitCode::done : ExitCode::failure;
    }

private:
    using Clock = std::chrono::steady_clock;

    void show_progress(Printer& err, const StoreCopyCounts& counts) {
        const Clock::time_point now = Clock::now();
        if (shown_at_ && now - *shown_at_ < std::chrono::milliseconds(200)) return;
        shown_at_ = now;
        err.print("\r" + std::to_string(counts.copied + counts.present) + " of " +
                  counted(counts.tasks, "task"));
        // Telling how far it is is not worth failing for.
        static_cast<void>(err.flush());
    }

    [[nodiscard]] std::string text(const StoreCopyReport& report) const {
        const StoreCopyCounts& counts = report.counts;
        std::string text = "copied " + counted(counts.copied, "task");
        if (counts.present > 0)
            text += ", " + std::to_string(counts.present) + " were there already";
        text += "; " + counted(counts.files, "file") + " of " +
                counted(counts.sessions, "session") + ", " + counted(counts.bytes, "byte") + "\n";
        for (const SkippedTask& task : report.skipped) {
            text +=
                "not copied: " + task.task_id + ": " + escape_controls(task.error.message) + "\n";
        }
        return text + "  next        loong --config " + escape_controls(shell_quote(*to_)) +
               " tasks recover --all\n";
    }

    [[nodiscard]] std::string json(const Invocation& invocation,
                                   const StoreCopyReport& report) const {
        const StoreCopyCounts& counts = report.counts;
        Value answer = invocation.header(nullptr);
        answer.set("from", *from_);
        answer.set("to", *to_);
        answer.set("task_count", counts.tasks);
        answer.set("copied_count", counts.copied);
        answer.set("present_count", counts.present);
        answer.set("session_count", counts.sessions);
        answer.set("file_count", counts.files);
        answer.set("byte_count", counts.bytes);
        Value::Array skipped;
        for (const SkippedTask& task : report.skipped) {
            Value item;
            item.set("task_id", task.task_id);
            item.set("error", error_value(task.error));
            skipped.push_back(std::move(item));
        }
        answer.set("skipped", std::move(skipped));
        return to_json(answer);
    }

    std::optional<std::string> from_;
    std::optional<std::string> to_;
    std::optional<Clock::time_point> shown_at_;
};

} // namespace

std::unique_ptr<Verb> make_store_copy() { return std::make_unique<StoreCopy>(); }

} // namespace loong::cli
