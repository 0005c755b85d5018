#include "json_writer.hpp"
#include "option_values.hpp"
#include "task_json.hpp"
#include "verbs.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace loong::cli {
namespace {

/// Not for people: what core starts when there is something to carry.
class Worker final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.value("--ready-descriptor", "N", ready_descriptor_,
                    "a socket; gives one byte if the worker is wanted, and gets one once it holds "
                    "its slot");
        table.value("--adopt", "TASK", adopt_, "take over this task's running work first");
        table.flag("--redo", redo_, "with --adopt: what was under way may be done again");
        table.flag("--notify", notify_,
                   "carry nothing; run the notify command for what is owed, until nothing is");
        table.note("Started by the other commands where one is needed; carries tasks until there "
                   "are none to carry.");
        table.example("loong worker");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        int ready = -1;
        if (ready_descriptor_) {
            Result<std::int64_t> number =
                read_integer("--ready-descriptor", *ready_descriptor_, 3, 1 << 20);
            if (!number) return std::move(number).error();
            ready = static_cast<int>(*number);
            // The work must not keep it open in the worker's place.
            if (fcntl(ready, F_SETFD, FD_CLOEXEC) != 0) {
                return Error{ErrorCode::invalid_argument,
                             "option --ready-descriptor: descriptor " + *ready_descriptor_ +
                                 " is not open",
                             ""};
            }
        }
        Result<Tasks> tasks = invocation.open();
        if (!tasks) return std::move(tasks).error();
        const auto tell = [ready] { return tell_ready(ready); };
        if (notify_ && adopt_) {
            return Error{ErrorCode::invalid_argument, "--notify and --adopt: both were given",
                         "choose one"};
        }
        const auto describe = [&tasks](const Notification& notification) {
            return notification_text(*tasks, notification);
        };
        Result<void> worked = notify_  ? tasks->notify(tell, describe)
                              : adopt_ ? tasks->adopt(*adopt_, redo_, tell)
                                       : tasks->work(tell, [ready] { return is_wanted(ready); });
        if (!worked) return std::move(worked).error();
        return ExitCode::done;
    }

private:
    // False where whoever waited for the byte has given up: the worker is not wanted any more.
    static bool tell_ready(int descriptor) {
        if (descriptor < 0) return true;
        const char byte = ready_byte;
        ssize_t written = -1;
        do {
            written = write(descriptor, &byte, 1);
        } while (written < 0 && errno == EINTR);
        close(descriptor);
        return written == 1;
    }

    // False where whoever started this worker needs none after all, or is gone.
    static bool is_wanted(int descriptor) {
        if (descriptor < 0) return true;
        char byte = 0;
        ssize_t count = -1;
        do {
            count = read(descriptor, &byte, 1);
        } while (count < 0 && errno == EINTR);
        return count == 1;
    }

    // The same socket carries, as standard error, what goes wrong before: the byte is none of text.
    static constexpr char ready_byte = '\x06';

    /// What the notify command reads: what `tasks status --json` says, and why it is told.
    static std::string notification_text(const Tasks& tasks, const Notification& notification) {
        Invocation told;
        told.command = "notify";
        Value value = told.header(&tasks);
        value.set("current_session_id", notification.session_id);
        value.set("task_id", notification.task.row.task_id);
        value.set("notification", notification_value(notification.what));
        value.set("task", detail_value(notification.task));
        return to_json(value);
    }

    std::optional<std::string> adopt_;
    bool redo_ = false;
    std::optional<std::string> ready_descriptor_;
    bool notify_ = false;
};

} // namespace

std::unique_ptr<Verb> make_worker() { return std::make_unique<Worker>(); }

} // namespace loong::cli
