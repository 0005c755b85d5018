#include "loong/ids.hpp"
#include "loong/tasks.hpp"
#include "plugin_check_steps.hpp"
#include "summary_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {

namespace {

constexpr std::chrono::seconds wake_limit{5};
constexpr std::chrono::seconds carrier_limit{30};

/// Two store objects on one place, and loong itself on the same.
class StoreChecks {
public:
    StoreChecks(const PluginCheckRequest& request, const CheckDirectory& directory,
                CheckTeller& teller)
        : request_(request),
          directory_(directory),
          teller_(teller) {}

    void run() {
        if (!make()) return;
        teller_.check("an empty store has nothing", [this] { return empty(); });
        teller_.check("a lease has one holder", [this] { return leases(); });
        teller_.begin("what is created is there for another object");
        const std::string why = create();
        why.empty() ? teller_.passed() : teller_.failed(why);
        if (!why.empty()) return;
        teller_.check("an append at another revision is refused", [this] { return conflict(); });
        teller_.check("a dedupe key is there once", [this] { return dedupe(); });
        teller_.check("secrets are kept and erased", [this] { return secrets(); });
        teller_.check("a session's directory is the user's alone", [this] { return directory(); });
        teller_.check("a watch wakes", [this] { return watch(); });
        teller_.check("what is removed is gone", [this] { return remove(); });
        teller_.begin("another process carries a task of this store", carrier_limit);
        const std::string alone = why_one_process();
        if (!alone.empty()) return teller_.skipped(alone);
        const std::string carried = carry();
        carried.empty() ? teller_.passed() : teller_.failed(carried);
    }

private:
    bool make() {
        teller_.begin("create() makes objects with these settings");
        for (PluginObject<Store>* store : {&first_, &second_}) {
            Result<PluginObject<Store>> made =
                load_store(request_.file, {}, {request_.settings, directory_.state(), &host_});
            if (!made) {
                teller_.failed(error_line(made.error()));
                return false;
            }
            *store = *std::move(made);
        }
        teller_.passed();
        return true;
    }

    std::string empty() {
        const auto page = first_->list({}, ListOrder::newest_first, {}, 10);
        if (!page) return error_line(page.error());
        const auto counts = first_->count({});
        if (!counts) return error_line(counts.error());
        const auto claimable = first_->claimable(Time::max(), 10);
        if (!claimable) return error_line(claimable.error());
        const auto due = first_->next_due({});
        if (!due) return error_line(due.error());
        const auto findings = first_->verify();
        if (!findings) return error_line(findings.error());
        const bool faulty = std::any_of(findings->begin(), findings->end(), [](const Finding& one) {
            return one.severity == Severity::error;
        });
        if (faulty) return "verify() finds an error";
        return page->tasks.empty() && claimable->empty() && !*due ? "" : "it has tasks";
    }

    std::string leases() {
        auto held = first_->take_lease("check");
        if (!held) return error_line(held.error());
        if (!*held) return "a free lease cannot be taken";
        const auto other = second_->take_lease("check");
        if (!other) return error_line(other.error());
        if (*other) return "two objects hold it at once";
        const auto status = second_->lease_status("check");
        if (!status) return error_line(status.error());
        if (status->state != LeaseState::held) return "it is not shown as held";
        if (status->holder && status->holder->pid != ::getpid()) return "another holder is shown";
        const std::uint64_t token = (*held)->token();
        held->reset();
        const auto again = second_->take_lease("check");
        if (!again) return error_line(again.error());
        if (!*again) return "it is not free after it was given back";
        return (*again)->token() > token ? "" : "its token does not grow";
    }

    std::string create() {
        Value config;
        config.set("store", plugin_entry(request_));
        Result<std::string> file = directory_.configure(config);
        if (!file) return error_line(file.error());
        OpenOptions options;
        options.config_file = *file;
        options.state_directory = directory_.state();
        options.session_id = std::string(default_session_id);
        Result<Tasks> tasks = Tasks::open(options);
        if (!tasks) return error_line(tasks.error());
        tasks_.emplace(*std::move(tasks));
        CreateRequest request;
        request.work.text = "true";
        request.hold = true;
        request.dedupe_key = "check";
        request.working_directory = directory_.path();
        Result<CreateResult> created = tasks_->create(request);
        if (!created) return error_line(created.error());
        task_id_ = created->task.row.task_id;
        session_id_ = created->task.row.summary.task_session_id;
        const auto row = first_->find(task_id_);
        if (!row) return error_line(row.error());
        if (!row->summary || row->summary->task_session_id != session_id_) {
            return "its summary is not what was given";
        }
        const auto events = second_->read_events(task_id_, 0, 100);
        if (!events) return error_line(events.error());
        if (events->revision != row->summary->revision || events->records.size() < 2) {
            return "its events are not what was given";
        }
        const auto ending = second_->resolve(task_id_.substr(task_id_.size() - 6), 10);
        if (!ending) return error_line(ending.error());
        return ending->size() == 1 ? "" : "its short ending does not resolve";
    }

    std::string conflict() {
        const auto revision = first_->revision(task_id_);
        if (!revision) return error_line(revision.error());
        const auto stored = first_->read(task_id_);
        if (!stored) return error_line(stored.error());
        const auto row = first_->find(task_id_);
        if (!row) return error_line(row.error());
        // The last record again: right but for the revision that it is said to follow.
        const auto done = second_->append(task_id_, *revision - 1, {stored->records.back()},
                                          *row->summary, nullptr);
        if (done) return "it is written";
        if (done.error().code != ErrorCode::conflict) return error_line(done.error());
        const auto after = first_->revision(task_id_);
        return after && *after == *revision ? "" : "the revision moved all the same";
    }

    std::string dedupe() {
        CreateRequest request;
        request.work.text = "false";
        request.hold = true;
        request.dedupe_key = "check";
        request.working_directory = directory_.path();
        const Result<CreateResult> again = tasks_->create(request);
        if (!again) return error_line(again.error());
        return again->existing && again->task.row.task_id == task_id_ ? "" : "there are two";
    }

    std::string secrets() {
        if (const auto kept = first_->write_secrets(task_id_, "s3cret"); !kept) {
            return error_line(kept.error());
        }
        const auto read = second_->read_secrets(task_id_);
        if (!read) return error_line(read.error());
        if (*read != "s3cret") return "they are not read back";
        if (const auto erased = second_->erase_secrets(task_id_); !erased) {
            return error_line(erased.error());
        }
        const auto after = first_->read_secrets(task_id_);
        if (!after) return error_line(after.error());
        return *after ? "they are still there" : "";
    }

    std::string directory() {
        const auto path = first_->session_directory(task_id_, session_id_);
        if (!path) return error_line(path.error());
        struct stat status {};
        if (::stat(path->c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
            return *path + " is no directory";
        }
        return (status.st_mode & 0777) == 0700
                   ? ""
                   : fmt::format("{} has mode {:04o}, not 0700", *path, status.st_mode & 07777);
    }

    std::string watch() {
        auto watch = second_->watch({{WatchTarget::Kind::task, task_id_}});
        if (!watch) return error_line(watch.error());
        const Result<std::vector<ActionResult>> cancelled = tasks_->cancel(task_id_, {});
        if (!cancelled) return error_line(cancelled.error());
        const auto woken = (*watch)->wait(wake_limit);
        if (!woken) return error_line(woken.error());
        return *woken ? "" : "nothing was reported within 5 s of an append";
    }

    std::string remove() {
        const Result<ActionResult> removed = tasks_->remove(task_id_, false);
        if (!removed) return error_line(removed.error());
        const auto found = second_->find(task_id_);
        if (found) return "it is still found";
        return found.error().code == ErrorCode::task_not_found ? "" : error_line(found.error());
    }

    /// The store says itself that there is no other process for it; else empty.
    std::string why_one_process() {
        const auto findings = first_->verify();
        if (!findings) return {};
        for (const Finding& one : *findings) {
            if (one.code == "one_process_only" && is_fact(one)) {
                return "the store says that there is none: " + one.cause;
            }
        }
        return {};
    }

    /// The whole of it: a worker is a program of its own, and has to find what is kept here.
    std::string carry() {
        CreateRequest request;
        request.work.text = "true";
        request.working_directory = directory_.path();
        const Result<CreateResult> created = tasks_->create(request);
        if (!created) return error_line(created.error());
        WaitRequest wait;
        wait.tasks = {created->task.row.task_id};
        wait.timeout = carrier_limit - std::chrono::seconds(5);
        const Result<WaitResult> waited = tasks_->wait(wait);
        if (!waited) return error_line(waited.error());
        const Result<TaskDetail> task = tasks_->status(wait.tasks.front());
        if (!task) return error_line(task.error());
        const TaskStatus& status = task->row.task_status;
        return status.status == Status::completed ? "" : status.display + ": " + status.reason;
    }

    const PluginCheckRequest& request_;
    const CheckDirectory& directory_;
    CheckTeller& teller_;
    CoreStoreHost host_;
    PluginObject<Store> first_;
    PluginObject<Store> second_;
    std::optional<Tasks> tasks_;
    std::string task_id_;
    std::string session_id_;
};

} // namespace

void check_store(const PluginCheckRequest& request, const CheckDirectory& directory,
                 CheckTeller& teller) {
    StoreChecks(request, directory, teller).run();
}

} // namespace loong
