#include "installation.hpp"
#include "loong/ids.hpp"
#include "loong/tasks.hpp"
#include "plugin_check_steps.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

// A tenth of a second is promised; the rest is for a machine that has other things to do.
constexpr std::chrono::seconds check_limit{2};
constexpr std::chrono::seconds probe_limit{3};
constexpr std::chrono::seconds session_limit{30};
constexpr std::chrono::seconds grace{2};

SessionSpec sample_spec(const PluginCheckRequest& request, const CheckDirectory& directory) {
    SessionSpec spec;
    spec.task_id = std::string(task_id_prefix) + new_ulid(wall_now());
    spec.task_session_id = std::string(child_session_id_prefix) + new_ulid(wall_now());
    spec.owner_session_id = std::string(default_session_id);
    spec.scope_session_id = std::string(default_session_id);
    spec.label = "check";
    spec.work.text = request.text;
    spec.working_directory = directory.path();
    spec.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                        {"LOONG_TASK_ID", spec.task_id},
                        {"LOONG_TASK_SESSION_ID", spec.task_session_id}};
    spec.settings = request.settings;
    return spec;
}

/// Whether the text can be carried at all; tells so.
bool check_spec(Runtime& runtime, const SessionSpec& spec, CheckTeller& teller) {
    teller.begin("check() answers at once");
    const auto begun = Clock::now();
    const Result<void> checked = runtime.check(spec);
    if (Clock::now() - begun > check_limit) {
        teller.failed("it took longer than 2 s; at most 0.1 s is promised");
        return false;
    }
    if (!checked && checked.error().code == ErrorCode::plugin_fault) {
        teller.failed(checked.error().message);
        return false;
    }
    teller.passed(checked ? "it takes the text"
                          : "it refuses the text: " + error_line(checked.error()));
    return checked.has_value();
}

void check_durable(DurableRuntime& durable, const SessionSpec& spec,
                   const CheckDirectory& directory, CheckTeller& teller) {
    const LostSession lost{spec, directory.path(), {}};
    teller.check("probe() knows work without a handle as never started", [&]() -> std::string {
        const auto begun = Clock::now();
        const Result<Probe> probe = durable.probe(lost);
        if (!probe) return error_line(probe.error());
        if (Clock::now() - begun > probe_limit) return "it took longer than a second";
        if (probe->state == Probe::State::never_started) return {};
        return "it says something else" +
               (probe->message.empty() ? std::string() : ": " + probe->message);
    });
    teller.check("end() of work without a handle finds it gone", [&]() -> std::string {
        const Result<bool> ended = durable.end(lost, EndHow::forced);
        if (!ended) return error_line(ended.error());
        return *ended ? "" : "it says that it is not";
    });
}

class Sessions {
public:
    Sessions(const PluginCheckRequest& request, const CheckDirectory& directory)
        : request_(request),
          directory_(directory) {}

    Result<void> open() {
        Value config;
        Value runtimes;
        runtimes.set("checked", plugin_entry(request_));
        config.set("runtime", "checked");
        config.set("runtimes", std::move(runtimes));
        Result<std::string> file = directory_.configure(config);
        if (!file) return std::move(file).error();
        OpenOptions options;
        options.config_file = *file;
        options.state_directory = directory_.state();
        options.session_id = std::string(default_session_id);
        Result<Tasks> tasks = Tasks::open(options);
        if (!tasks) return std::move(tasks).error();
        tasks_.emplace(*std::move(tasks));
        return {};
    }

    /// Carries a session to its end, or to where it needs somebody. `cancel`: asks it to end first.
    Result<TaskDetail> carry(bool cancel) {
        CreateRequest create;
        create.work.text = request_.text;
        create.grace = grace;
        create.working_directory = directory_.path();
        Result<CreateResult> created = tasks_->create(create);
        if (!created) return std::move(created).error();
        const std::string id = created->task.row.task_id;
        if (cancel) {
            Result<std::vector<ActionResult>> asked = tasks_->cancel(id, {});
            if (!asked) return std::move(asked).error();
        }
        WaitRequest wait;
        wait.tasks = {id};
        wait.timeout = session_limit - std::chrono::seconds(5);
        Result<WaitResult> waited = tasks_->wait(wait);
        if (!waited) return std::move(waited).error();
        return tasks_->status(id);
    }

private:
    const PluginCheckRequest& request_;
    const CheckDirectory& directory_;
    std::optional<Tasks> tasks_;
};

std::string seen(const TaskDetail& task) {
    const TaskStatus& status = task.row.task_status;
    return status.display + (status.reason.empty() ? "" : ": " + status.reason);
}

std::string why_not_carried(const TaskDetail& task) {
    const TaskStatus& status = task.row.task_status;
    const bool fault = task.row.summary.message.starts_with("plugin_fault: ");
    const bool waits =
        status.status == Status::approval_pending || status.status == Status::blocked;
    if (fault || (!status.terminal && !waits)) return seen(task);
    const bool reasonless = status.status == Status::failed && task.row.summary.message.empty() &&
                            !task.row.summary.exit_code && !task.row.summary.signal;
    return reasonless ? "it failed without a message" : std::string();
}

void check_sessions(const PluginCheckRequest& request, const CheckDirectory& directory,
                    CheckTeller& teller) {
    Sessions sessions(request, directory);
    for (const bool cancel : {false, true}) {
        teller.begin(cancel ? "a session that is cancelled ends"
                            : "a worker carries a session to its outcome",
                     session_limit);
        const Result<void> opened = cancel ? Result<void>() : sessions.open();
        const Result<TaskDetail> task =
            opened ? sessions.carry(cancel) : Result<TaskDetail>(opened.error());
        if (!task) {
            teller.failed(error_line(task.error()));
            return;
        }
        std::string why = why_not_carried(*task);
        if (cancel && !task->row.task_status.terminal) why = seen(*task);
        why.empty() ? teller.passed(seen(*task)) : teller.failed(why);
    }
}

} // namespace

void check_runtime(const PluginCheckRequest& request, const CheckDirectory& directory,
                   CheckTeller& teller) {
    std::vector<PluginObject<Runtime>> made;
    teller.begin("create() makes objects with these settings");
    for (int i = 0; i < 2; ++i) {
        Result<PluginObject<Runtime>> runtime =
            load_runtime(request.file, {}, {"checked", request.settings, installed_keeper()});
        if (!runtime) {
            teller.failed(error_line(runtime.error()));
            return;
        }
        made.push_back(*std::move(runtime));
    }
    teller.passed();
    Runtime& runtime = *made.front();
    teller.check("an ability that nobody knows is none", [&] {
        const bool none = runtime.extension("loong.runtime.no-such-thing") == nullptr &&
                          runtime.extension("") == nullptr;
        return none ? "" : "extension() gives something for any name";
    });
    const SessionSpec spec = sample_spec(request, directory);
    const bool takes_text = check_spec(runtime, spec, teller);
    if (DurableRuntime* able = durable(runtime); able != nullptr) {
        check_durable(*able, spec, directory, teller);
    }
    teller.check("destroy() ends an object", [&] {
        made.pop_back();
        return std::string();
    });
    if (takes_text) {
        check_sessions(request, directory, teller);
    } else {
        teller.begin("a worker carries a session to its outcome");
        teller.skipped("name a text that it takes with --text");
    }
}

} // namespace loong
