#include "task_preparation.hpp"

#include "loong/ids.hpp"
#include "record.hpp"
#include "session_spec_of.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

constexpr std::size_t longest_label = 200;
constexpr std::size_t derived_label = 80;
constexpr std::size_t longest_text = std::size_t{8} << 20;
constexpr std::size_t longest_dedupe_key = 255;
constexpr int largest_priority = 1000;
constexpr int most_retries = 1000;
constexpr std::chrono::hours longest_duration{24 * 366 * 10};

Error invalid(std::string message, std::string hint) {
    return {ErrorCode::invalid_argument, std::move(message), std::move(hint)};
}

bool has_controls(std::string_view text) { return escape_controls(text) != text; }

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

Result<void> check_work(const Work& work) {
    if (work.kind == WorkKind::command) {
        if (work.arguments.empty() || work.arguments.front().empty()) {
            return invalid("command: there is none after '--'",
                           "write 'loong tasks create -- COMMAND ARG…'");
        }
        for (const std::string& argument : work.arguments) {
            if (argument.find('\0') != std::string::npos) {
                return invalid("command: an argument contains a NUL byte", "leave it out");
            }
        }
        return {};
    }
    const std::string what = work.kind == WorkKind::plan ? "plan " + work.source : "text";
    if (is_blank(work.text)) return invalid(what + ": it is empty", "say what is to be done");
    if (work.text.size() > longest_text) {
        return invalid(what + ": it is larger than 8 MiB", "put the material into a file");
    }
    if (work.text.find('\0') != std::string::npos) {
        return invalid(what + ": it contains a NUL byte", "leave it out");
    }
    if (!is_utf8(work.text)) return invalid(what + ": it is not UTF-8", "convert it to UTF-8");
    return {};
}

Result<std::string> label_of(const CreateRequest& request) {
    if (!request.label.empty()) {
        if (request.label.size() > longest_label || has_controls(request.label)) {
            return invalid("label " + shorten(escape_controls(request.label), derived_label) +
                               ": longer than 200 bytes, or with control characters or bytes that "
                               "are no UTF-8",
                           "choose a short plain label");
        }
        return request.label;
    }
    std::string text;
    if (request.work.kind == WorkKind::command) {
        for (const std::string& argument : request.work.arguments) {
            text += (text.empty() ? "" : " ") + shell_quote(argument);
            if (text.size() > longest_label) break;
        }
    } else if (request.work.kind == WorkKind::plan && !request.work.source.empty()) {
        text = request.work.source.substr(request.work.source.rfind('/') + 1);
    } else {
        const std::size_t start = request.work.text.find_first_not_of(" \t\r\n\v\f");
        text = request.work.text.substr(start == std::string::npos ? 0 : start, longest_label * 4);
        text = text.substr(0, text.find('\n'));
    }
    return shorten(escape_controls(text), derived_label);
}

Result<void> check_limits(const CreateRequest& request) {
    const auto in_range = [](const std::optional<Seconds>& duration) {
        return !duration || (*duration > Seconds(0) && *duration <= longest_duration);
    };
    if (!in_range(request.timeout) || !in_range(request.start_within)) {
        return invalid("timeout: it has to lie between a second and ten years",
                       "write --timeout 10m, for example");
    }
    if (request.grace && (*request.grace < Microseconds(0) || *request.grace > longest_duration)) {
        return invalid("grace: it has to lie between 0 and ten years", "write --grace 10s");
    }
    if (request.priority < -largest_priority || request.priority > largest_priority) {
        return invalid("priority " + std::to_string(request.priority) +
                           ": it has to lie between -1000 and 1000",
                       {});
    }
    if (request.retry < 0 || request.retry > most_retries) {
        return invalid(
            "retry " + std::to_string(request.retry) + ": it has to lie between 0 and 1000", {});
    }
    if (request.umask && *request.umask > 0777) {
        return invalid("umask: it has to lie between 0 and 0777", {});
    }
    if (request.dedupe_key.size() > longest_dedupe_key || has_controls(request.dedupe_key)) {
        return invalid("dedupe key: longer than 255 bytes, or with control characters",
                       "choose a short plain key");
    }
    return {};
}

Result<std::string> directory_of(const CreateRequest& request) {
    std::string directory = request.working_directory;
    if (directory.empty() || directory.front() != '/') {
        std::array<char, 4096> here{};
        if (::getcwd(here.data(), here.size()) == nullptr) {
            return invalid(std::string("current directory: it cannot be told: ") +
                               std::strerror(errno),
                           "name a directory with --cwd");
        }
        directory = directory.empty() ? here.data() : std::string(here.data()) + '/' + directory;
    }
    struct stat info {};
    if (::stat(directory.c_str(), &info) != 0) {
        return invalid("directory " + escape_controls(directory) + ": " + std::strerror(errno),
                       "name a directory that exists with --cwd");
    }
    if (!S_ISDIR(info.st_mode)) {
        return invalid("directory " + escape_controls(directory) + ": not a directory",
                       "name a directory with --cwd");
    }
    return directory;
}

Result<std::uint64_t> active_children(Store& store, const std::string& session_id) {
    TaskFilter filter;
    filter.owner_session_id = session_id;
    filter.states = {SessionState::ready, SessionState::running};
    filter.now = now();
    Result<std::vector<CountGroup>> groups = store.count(filter);
    if (!groups) return std::move(groups).error();
    std::uint64_t count = 0;
    for (const CountGroup& group : *groups) count += group.count;
    return count;
}

} // namespace

Result<Submission> begin_submission(Tasks::Implementation& tasks,
                                    const std::vector<CreateRequest>& requests) {
    Submission submission;
    submission.asks_store =
        std::any_of(requests.begin(), requests.end(), [](const CreateRequest& request) {
            return !request.after.empty() || !request.after_any.empty();
        });
    submission.own_environment = own_environment();
    submission.own_umask = own_umask();
    submission.visible_to = tasks.lineage();
    submission.scope_session_id = tasks.lineage().front();
    submission.depth = static_cast<int>(tasks.lineage().size()) - 1;
    const Config& config = tasks.config();
    submission.policy_base.name = "the configuration";
    submission.policy_base.policy.rules = resolve_rules(config.tool_policy);
    submission.places = find_places(tasks.workspace());
    if (submission.depth == 0) return submission;
    if (submission.depth > config.max_depth) {
        return Error{ErrorCode::delegate_depth_exceeded,
                     "session " + tasks.session_id() + ": it lies " +
                         std::to_string(submission.depth) + " levels below its root, and " +
                         std::to_string(config.max_depth) + " are allowed",
                     "raise delegation.max_depth in the configuration"};
    }
    Result<std::uint64_t> children = active_children(tasks.store(), tasks.session_id());
    if (!children) return std::move(children).error();
    if (*children + requests.size() > static_cast<std::uint64_t>(config.max_active_children)) {
        return Error{ErrorCode::delegate_active_children_exceeded,
                     "session " + tasks.session_id() + ": it has " + std::to_string(*children) +
                         " active tasks, and " + std::to_string(config.max_active_children) +
                         " are allowed",
                     "wait for some of them, or raise delegation.max_active_children"};
    }
    Result<std::optional<std::string>> parent = tasks.store().task_of_session(tasks.session_id());
    if (!parent) return std::move(parent).error();
    Result<ListedTask> row = tasks.store().find(parent->value_or(std::string()));
    if (!row) return std::move(row).error();
    if (row->summary && (row->summary->session_state != SessionState::running ||
                         row->summary->task_session_id != tasks.session_id())) {
        return Error{ErrorCode::conflict,
                     "session " + tasks.session_id() + ": it does not carry task " + **parent +
                         " any more, so it cannot own new tasks",
                     "create the task from a root session, with --session NAME"};
    }
    Result<LoadedTask> creator = load_task(tasks.store(), parent->value_or(std::string()));
    if (!creator) return std::move(creator).error();
    submission.policy_base.name = "task " + creator->document.task_id + ", which creates it,";
    submission.policy_base.policy = std::move(creator->document.tool_policy);
    if (tasks.creator_policy()) submission.policy_base.policy = *tasks.creator_policy();
    return submission;
}

Result<PreparedTask> TaskPreparation::prepare(const CreateRequest& request) {
    PreparedTask prepared;
    Result<void> done = check_work(request.work);
    if (done) done = check_limits(request);
    if (done) done = set_identity(request, prepared.loaded.document);
    if (done) done = set_dependencies(request, prepared.loaded.document);
    if (done) done = set_environment(request, prepared);
    if (done) done = set_runtime(request, prepared);
    if (done) done = set_events(prepared);
    if (!done) return std::move(done).error();
    return prepared;
}

Result<void> TaskPreparation::set_identity(const CreateRequest& request, TaskDocument& document) {
    Result<std::string> label = label_of(request);
    if (!label) return std::move(label).error();
    Result<void> directory = find_directory(request);
    if (!directory) return directory;
    document.created_at = wall_now();
    document.task_id = std::string(task_id_prefix) + new_ulid(document.created_at);
    document.label = *std::move(label);
    document.owner_session_id = tasks_.session_id();
    document.scope_session_id = submission_.scope_session_id;
    document.visible_to = submission_.visible_to;
    document.depth = submission_.depth;
    document.dedupe_key = request.dedupe_key;
    document.hold = request.hold;
    document.priority = request.priority;
    document.retry_limit = request.retry;
    document.start_within = request.start_within;
    document.work = request.work;
    document.working_directory = directory_;
    document.limits.timeout = request.timeout;
    document.notify_attention = tells(tasks_.config(), NotifyOn::attention);
    document.notify_terminal = tells(tasks_.config(), NotifyOn::terminal);
    if (request.grace) document.limits.grace = *request.grace;
    if (request.max_output_bytes) document.limits.max_output_bytes = *request.max_output_bytes;
    return {};
}

Result<void> TaskPreparation::find_directory(const CreateRequest& request) {
    if (!directory_.empty() && request.working_directory == requested_directory_) return {};
    Result<std::string> directory = directory_of(request);
    if (!directory) return std::move(directory).error();
    directory_ = *std::move(directory);
    real_directory_ = real_path(directory_);
    requested_directory_ = request.working_directory;
    return {};
}

Result<void> TaskPreparation::set_dependencies(const CreateRequest& request,
                                               TaskDocument& document) {
    const auto add = [&](const std::vector<std::string>& tasks, bool any_end) -> Result<void> {
        for (const std::string& task : tasks) {
            Result<std::string> task_id = tasks_.resolve(task);
            if (!task_id) return std::move(task_id).error();
            document.dependencies.push_back({*std::move(task_id), any_end});
        }
        return {};
    };
    Result<void> added = add(request.after, false);
    return added ? add(request.after_any, true) : added;
}

Result<void> TaskPreparation::set_environment(const CreateRequest& request,
                                              PreparedTask& prepared) {
    const bool is_own = !request.submitter_environment && request.environment.empty();
    SelectedEnvironment environment;
    if (is_own && own_selected_) {
        environment = *own_selected_;
    } else {
        Result<SelectedEnvironment> selected =
            select_environment(request.submitter_environment ? *request.submitter_environment
                                                             : submission_.own_environment,
                               request.environment, tasks_.config().environment_pass);
        if (!selected) return std::move(selected).error();
        environment = *std::move(selected);
        if (is_own) own_selected_ = environment;
    }
    prepared.loaded.document.environment = std::move(environment.plain);
    prepared.loaded.document.umask = request.umask ? request.umask : submission_.own_umask;
    prepared.loaded.document.withheld_names = std::move(environment.withheld);
    prepared.secrets = std::move(environment.secret);
    for (const EnvironmentVariable& secret : prepared.secrets) {
        prepared.loaded.document.secret_names.push_back(secret.name);
    }
    return {};
}

Result<void> TaskPreparation::set_runtime(const CreateRequest& request, PreparedTask& prepared) {
    TaskDocument& document = prepared.loaded.document;
    Result<const RuntimeEntry*> entry = tasks_.workspace().runtime_entry(request.runtime);
    if (!entry) return std::move(entry).error();
    auto frozen = submission_.frozen_plugins.find((*entry)->name);
    if (frozen == submission_.frozen_plugins.end()) {
        Result<std::string> plugin = tasks_.workspace().frozen_plugin(**entry);
        if (!plugin) return std::move(plugin).error();
        frozen = submission_.frozen_plugins.emplace((*entry)->name, *std::move(plugin)).first;
    }
    document.runtime = (*entry)->name;
    document.runtime_plugin = frozen->second;
    document.runtime_settings = (*entry)->settings;
    Result<Runtime*> runtime = tasks_.workspace().runtime(document);
    if (!runtime) return std::move(runtime).error();
    Result<void> policy = set_tool_policy(request, document, policy_enforcer(**runtime));
    if (!policy) return policy;
    session_id_ = std::string(child_session_id_prefix) + new_ulid(document.created_at);
    const SessionSpec spec = session_spec_of(document, session_id_, 1, prepared.secrets,
                                             tasks_.workspace(), submission_.places);
    Result<void> checked = (*runtime)->check(spec);
    if (!checked || !document.tool_policy.narrowed) return checked;
    Result<std::vector<std::string>> enforced = policy_enforcer(**runtime)->enforcement(spec);
    if (!enforced) return std::move(enforced).error();
    document.tool_policy.enforced_by = *std::move(enforced);
    return {};
}

Result<void> TaskPreparation::set_tool_policy(const CreateRequest& request, TaskDocument& document,
                                              PolicyEnforcer* enforcer) {
    PolicyTarget target;
    target.working_directory = real_directory_;
    if (enforcer != nullptr) target.runtime_tools = enforcer->tools();
    const std::vector<std::string> known = known_tools(submission_.policy_base, target);
    for (const ToolRule& rule : request.tools.rules) {
        if (std::find(known.begin(), known.end(), rule.tool) != known.end()) continue;
        return invalid("tool policy: unknown tool " +
                           shorten(escape_controls(rule.tool), derived_label),
                       suggest(rule.tool, known));
    }
    Result<ToolNarrowing> wish = resolve_narrowing(request.tools, target.working_directory);
    if (!wish) return std::move(wish).error();
    Result<ToolPolicy> policy = narrow_policy(submission_.policy_base, *wish, target);
    if (!policy) return std::move(policy).error();
    document.tool_policy = *std::move(policy);
    if (document.tool_policy.narrowed && enforcer == nullptr) {
        return Error{ErrorCode::unsupported,
                     "runtime " + document.runtime + ": it cannot hold its work to a tool policy",
                     "leave the narrowing out, or use another runtime"};
    }
    return check_write_directories(document.tool_policy, tasks_.workspace());
}

Result<void> TaskPreparation::set_events(PreparedTask& prepared) {
    TaskDocument& document = prepared.loaded.document;
    const Microseconds skew = clock_skew();
    const DecisionInput input{document.created_at - skew, document.owner_session_id, session_id_,
                              skew};
    LoadedTask& loaded = prepared.loaded;
    loaded.state = initial_state(document);
    Result<std::vector<Event>> events = decide(loaded.state, command::Create{document.hold}, input);
    if (!events) return std::move(events).error();
    for (const Event& event : *events) loaded.state = evolve(std::move(loaded.state), event);
    loaded.events = *std::move(events);
    prepared.task.task_id = document.task_id;
    prepared.task.document = write_task_document(document);
    // It is in that text, nobody asks for it again here, and most of a large batch would be it.
    document.environment = {};
    prepared.task.records = write_records(loaded.events);
    prepared.task.summary = loaded.state.summary;
    if (!prepared.secrets.empty()) prepared.task.secrets = write_secrets(prepared.secrets);
    return {};
}

} // namespace loong
