#include "loong/diagnosis.hpp"

#include "control_group.hpp"
#include "finding_codes.hpp"
#include "loong/ids.hpp"
#include "machine_findings.hpp"
#include "plugin_findings.hpp"
#include "session_reader.hpp"
#include "task_findings.hpp"
#include "tasks_implementation.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace loong {

namespace {

const char* code_for_store(ErrorCode code) {
    switch (code) {
    case ErrorCode::store_version: return finding_code::store_newer;
    case ErrorCode::store_corrupt: return finding_code::store_damaged;
    case ErrorCode::not_on_this_host: return finding_code::store_elsewhere;
    case ErrorCode::plugin_refused: return finding_code::plugin_refused;
    case ErrorCode::plugin_fault:
    case ErrorCode::invalid_config: return finding_code::plugin_fails;
    default: return finding_code::store_unusable;
    }
}

void add(Diagnosis& diagnosis, std::vector<Diagnosed> findings) {
    for (Diagnosed& diagnosed : findings) {
        auto& place = is_fact(diagnosed.finding) ? diagnosis.facts : diagnosis.findings;
        place.push_back(std::move(diagnosed));
    }
}

void add_error(Diagnosis& diagnosis, const char* code, const std::string& subject,
               const Error& error, const char* fix) {
    Diagnosed diagnosed;
    diagnosed.finding = {code,
                         Severity::error,
                         {},
                         error.message,
                         error.hint.empty() ? std::string(fix) : error.hint,
                         false};
    diagnosed.subject = subject;
    diagnosis.findings.push_back(std::move(diagnosed));
}

template <typename Repair>
void repair(Diagnosed& diagnosed, Repair&& how) {
    Result<void> done = std::forward<Repair>(how)();
    diagnosed.repair = done ? RepairState::repaired : RepairState::failed;
    if (!done) diagnosed.error = std::move(done).error();
}

/// What the store finds by itself. Repaired first: the rest is read through it.
Result<std::set<std::string>> inspect_store(Diagnosis& diagnosis, Tasks::Implementation& tasks,
                                            TaskInspection& inspection, bool apply) {
    std::set<std::string> unreadable;
    Result<std::vector<Finding>> found = tasks.store().verify();
    if (!found) {
        add_error(diagnosis, code_for_store(found.error().code), "store", found.error(),
                  "do as its message says");
        return unreadable;
    }
    for (Finding& finding : *found) {
        if (!diagnosis.session_id.empty()) {
            if (finding.task_id.empty()) continue;
            Result<bool> in_scope = inspection.is_in_scope(finding.task_id);
            if (!in_scope) return std::move(in_scope).error();
            if (!*in_scope) continue;
        }
        if (finding.severity == Severity::error) unreadable.insert(finding.task_id);
        Diagnosed diagnosed;
        diagnosed.finding = std::move(finding);
        diagnosed.subject = "store";
        if (apply && diagnosed.finding.repairable) {
            repair(diagnosed, [&] { return tasks.store().repair(diagnosed.finding); });
        }
        add(diagnosis, {std::move(diagnosed)});
    }
    return unreadable;
}

Result<void> inspect_tasks(Diagnosis& diagnosis, Tasks::Implementation& tasks, bool apply) {
    TaskInspection inspection(tasks, diagnosis.session_id);
    Result<std::set<std::string>> unreadable = inspect_store(diagnosis, tasks, inspection, apply);
    if (!unreadable) return std::move(unreadable).error();
    Result<std::vector<Diagnosed>> found = inspection.find(*unreadable);
    if (!found) return std::move(found).error();
    for (Diagnosed& diagnosed : *found) {
        if (!apply || !diagnosed.finding.repairable) continue;
        repair(diagnosed, [&] { return inspection.repair(diagnosed); });
    }
    add(diagnosis, *std::move(found));
    // Counted by whoever lists them, so that the two cannot disagree.
    ListRequest request;
    request.limit = 1;
    request.include_archived = true;
    Result<ListResult> counts = tasks.list_below(diagnosis.session_id, request);
    if (!counts) return std::move(counts).error();
    diagnosis.task_count = counts->matched_count;
    diagnosis.needs_attention_count = counts->needs_attention_count;
    return {};
}

void sort_by_severity(Diagnosis& diagnosis) {
    std::stable_sort(diagnosis.findings.begin(), diagnosis.findings.end(),
                     [](const Diagnosed& left, const Diagnosed& right) {
                         return left.finding.severity > right.finding.severity;
                     });
}

bool has(const Diagnosis& diagnosis, const char* code) {
    return std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(),
                       [&](const Diagnosed& one) { return one.finding.code == code; });
}

/// Where no store can be reached, what lies around it is looked at all the same.
void inspect_without_config(Diagnosis& diagnosis, const OpenOptions& options, const Error& error) {
    const std::string file = find_config(options.config_file).file;
    Result<std::string> state = options.state_directory.empty()
                                    ? find_state_directory()
                                    : Result<std::string>(options.state_directory);
    if (state) diagnosis.state_directory = *state;
    add(diagnosis, place_findings(file, diagnosis.state_directory));
    if (has(diagnosis, finding_code::config_permissions)) return;
    add_error(diagnosis, finding_code::config_invalid, file, error, "correct it");
}

void inspect_everything(Diagnosis& diagnosis, const OpenOptions& options, const Config& config,
                        bool apply) {
    diagnosis.config_file = config.file;
    diagnosis.state_directory =
        options.state_directory.empty() ? config.state_directory : options.state_directory;
    diagnosis.store_plugin = config.store_plugin;
    add(diagnosis, place_findings(config.file, diagnosis.state_directory));
    PluginDiagnosis plugins = diagnose_plugins(config);
    add(diagnosis, std::move(plugins.findings));
    OpenOptions everything = options;
    everything.session_id = default_session_id;
    everything.all_sessions = true;
    Result<std::unique_ptr<Tasks::Implementation>> tasks = Tasks::Implementation::open(everything);
    if (!tasks) {
        // Told already, and better: as what it follows from.
        const bool is_told =
            plugins.store_is_refused || has(diagnosis, finding_code::state_permissions);
        if (is_told) return;
        return add_error(diagnosis, code_for_store(tasks.error().code), "store", tasks.error(),
                         "do as its message says");
    }
    add(diagnosis, notifier_findings(config));
    add(diagnosis, program_findings((*tasks)->workspace().worker_program(),
                                    (*tasks)->workspace().keeper_path()));
    if (Result<void> done = inspect_tasks(diagnosis, **tasks, apply); !done) {
        add_error(diagnosis, code_for_store(done.error().code), "store", done.error(),
                  "call again; where it stays, do as its message says");
    }
}

} // namespace

Diagnosis diagnose(const OpenOptions& options, bool apply) {
    Diagnosis diagnosis;
    Result<Config> config = load_config(options.config_file);
    if (config) {
        inspect_everything(diagnosis, options, *config, apply);
    } else {
        inspect_without_config(diagnosis, options, config.error());
    }
    const int max_parallel = config ? config->max_parallel : Config().max_parallel;
    add(diagnosis, file_watch_findings(look_at_file_watches(), max_parallel));
    add(diagnosis, control_group_findings(control_group_warning()));
    sort_by_severity(diagnosis);
    return diagnosis;
}

Result<Diagnosis> Tasks::Implementation::heal(const std::string& session, bool apply) {
    Result<std::string> session_id = SessionReader(*this).resolve(session);
    if (!session_id) return std::move(session_id).error();
    Diagnosis diagnosis;
    diagnosis.config_file = config().file;
    diagnosis.state_directory = config().state_directory;
    diagnosis.store_plugin = config().store_plugin;
    diagnosis.session_id = *std::move(session_id);
    Result<void> done = inspect_tasks(diagnosis, *this, apply);
    if (!done) return std::move(done).error();
    sort_by_severity(diagnosis);
    return diagnosis;
}

} // namespace loong
