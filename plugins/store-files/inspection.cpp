#include "inspection.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "loong/ids.hpp"
#include "modes.hpp"
#include "record_text.hpp"
#include "task_creation.hpp"
#include "task_lock.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace loong::store_files {

namespace {

const std::vector<std::string> root_names = {".",
                                             "store.yaml",
                                             "boot.json",
                                             "bell",
                                             "index.lock",
                                             "clock",
                                             "workers",
                                             "tasks",
                                             "index.sqlite",
                                             "index.sqlite-wal",
                                             "index.sqlite-shm",
                                             "leases"};
const std::vector<std::string> task_names = {".", "task.yaml", "events.yaml", "secrets",
                                             "sessions"};

Finding torn_tail(const std::string& task_id) {
    return {"torn_tail",
            Severity::note,
            task_id,
            "events.yaml ends in a record that was not written to its end; its writer died, or the "
            "machine did",
            "cut it off; the next change of the task would do the same",
            true};
}

} // namespace

Result<std::vector<Finding>> Inspection::verify() {
    findings_.clear();
    look_at_modes(root_->root(), root_names, {});
    std::vector<std::string> names;
    const int failed = for_each_name(root_->tasks(), [&](const char* name) {
        names.emplace_back(name);
        return true;
    });
    if (failed != 0) return io_error("read", root_->path() + "/tasks", failed);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) look_at_entry(name);
    if (auto done = look_at_index(); !done) return std::move(done).error();
    if (auto done = look_at_leases(); !done) return std::move(done).error();
    return std::move(findings_);
}

void Inspection::look_at_entry(const std::string& name) {
    if (is_task_id(name)) return look_at_task(name);
    const bool is_new = name.starts_with(new_prefix);
    if (is_new || name.starts_with(building_prefix)) {
        if (!is_abandoned(*root_, name)) return;
        findings_.push_back({"unfinished_task", Severity::note,
                             is_new ? name.substr(new_prefix.size()) : std::string(),
                             "the creation of a task never came to its end; it was never "
                             "acknowledged, and no reader sees it",
                             "remove what was made of it", true});
        return;
    }
    if (name.starts_with(gone_prefix)) {
        const std::string task_id = name.substr(gone_prefix.size());
        findings_.push_back({"unfinished_removal", Severity::note,
                             is_task_id(task_id) ? task_id : std::string(),
                             "a task is removed, but files of it are left", "remove them", true});
        return;
    }
    findings_.push_back({"foreign_entry",
                         Severity::note,
                         {},
                         "'" + name + "' in " + root_->path() + "/tasks is no task",
                         "move it elsewhere by hand; loong ignores it",
                         false});
}

void Inspection::look_at_task(const std::string& task_id) {
    Descriptor task;
    const int failed = open_below(root_->tasks(), task_id, O_RDONLY | O_DIRECTORY, task);
    if (failed == ENOENT) return;
    if (failed == 0) look_at_modes(task.get(), task_names, task_id);
    auto text = tasks_->read(task_id);
    if (!text) {
        const Error& error = text.error();
        if (error.code == ErrorCode::task_not_found) return;
        findings_.push_back({"damaged_task", Severity::error, task_id, error.message,
                             "put its files back from a copy, or remove " +
                                 tasks_->path(task_id, {}) + "; other tasks are not affected",
                             false});
        return;
    }
    if (!text->in_use &&
        static_cast<std::int64_t>(as_lines(text->records).size()) < text->stamp.size)
        findings_.push_back(torn_tail(task_id));
    auto found = index_->summary_error(task_id, *text);
    if (!found) return;
    const bool newer = found->code == ErrorCode::store_version;
    findings_.push_back({newer ? "newer_task" : "damaged_task", Severity::error, task_id,
                         found->message,
                         newer ? "use the loong that wrote it"
                               : "put its files back from a copy, or correct them by hand",
                         false});
}

void Inspection::look_at_modes(int directory, const std::vector<std::string>& names,
                               const std::string& task_id) {
    if (auto finding = find_open_modes(directory, names, task_id))
        findings_.push_back(std::move(*finding));
}

Result<void> Inspection::look_at_index() {
    auto damage = index_->check_file();
    if (!damage) return std::move(damage).error();
    if (!damage->empty()) {
        findings_.push_back({"damaged_index",
                             Severity::warning,
                             {},
                             "the index is damaged: " + *damage,
                             "make it again from the tasks; nothing is lost",
                             true});
        return {};
    }
    auto differences = index_->find_differences();
    if (!differences) return std::move(differences).error();
    for (const std::string& task_id : *differences) {
        findings_.push_back({"index_differs", Severity::warning, task_id,
                             "the index says something else of this task than its files",
                             "write its row again", true});
    }
    return {};
}

Result<std::vector<std::string>> Inspection::stray_leases() {
    std::vector<std::string> names;
    const int failed = for_each_name(root_->leases(), [&](const char* name) {
        if (is_child_session_id(name)) names.emplace_back(name);
        return true;
    });
    if (failed != 0) return io_error("read", root_->path() + "/leases", failed);
    // Asked after the names were read: a session is there before anybody takes its lease.
    std::vector<std::string> stray;
    for (std::string& name : names) {
        auto task = index_->task_of_session(name);
        if (!task) return std::move(task).error();
        if (!*task) stray.push_back(std::move(name));
    }
    std::sort(stray.begin(), stray.end());
    return stray;
}

Result<void> Inspection::look_at_leases() {
    // Whose leases they are cannot be told while a task cannot be read.
    const bool is_told = std::none_of(findings_.begin(), findings_.end(), [](const Finding& one) {
        return one.severity == Severity::error || one.code == "damaged_index";
    });
    if (!is_told) return {};
    auto stray = stray_leases();
    if (!stray) return std::move(stray).error();
    std::vector<std::string> free;
    for (const std::string& name : *stray) {
        const LeaseStatus status = leases_->status(name);
        if (status.state == LeaseState::free) {
            free.push_back(name);
            continue;
        }
        std::string cause = "the lease ";
        cause.append(name).append(" is held");
        if (status.holder) cause.append(" by process ").append(std::to_string(status.holder->pid));
        cause.append(", and there is no task with this session");
        findings_.push_back({"lease_without_session",
                             Severity::warning,
                             {},
                             std::move(cause),
                             "wait for that process to end; it carries what was removed",
                             false});
    }
    if (free.empty()) return {};
    findings_.push_back({"lease_without_session",
                         Severity::note,
                         {},
                         std::to_string(free.size()) +
                             (free.size() == 1 ? " lease is" : " leases are") +
                             " left of sessions that no task has: " + free.front() +
                             (free.size() == 1 ? "" : ", …"),
                         "remove the files; nobody holds them",
                         true});
    return {};
}

Result<void> Inspection::remove_stray_leases() {
    auto stray = stray_leases();
    if (!stray) return std::move(stray).error();
    for (const std::string& name : *stray) leases_->remove(name);
    return {};
}

Result<void> Inspection::repair(const Finding& finding) {
    if (finding.code == "permissions") {
        if (finding.task_id.empty()) return repair_modes(root_->files(), root_->root(), root_names);
        Descriptor task;
        const int failed =
            open_below(root_->tasks(), finding.task_id, O_RDONLY | O_DIRECTORY, task);
        if (failed == ENOENT) return {};
        if (failed != 0) return io_error("open", tasks_->path(finding.task_id, {}), failed);
        return repair_modes(root_->files(), task.get(), task_names);
    }
    if (finding.code == "torn_tail") {
        auto lock = TaskLock::take(*root_, finding.task_id);
        if (lock) return lock->cut_torn();
        if (lock.error().code == ErrorCode::task_not_found) return {};
        return std::move(lock).error();
    }
    if (finding.code == "unfinished_task" || finding.code == "unfinished_removal") {
        const int failed = clear_leftovers(*root_);
        if (failed != 0) return io_error("clear", root_->path() + "/tasks", failed);
        return {};
    }
    if (finding.code == "lease_without_session" && finding.repairable) return remove_stray_leases();
    if (finding.code == "damaged_index") return index_->make_all_again();
    if (finding.code == "index_differs") return index_->make_again({finding.task_id});
    return Error{ErrorCode::unsupported,
                 "finding " + finding.code + ": there is no repair that a program could do",
                 finding.fix};
}

} // namespace loong::store_files
