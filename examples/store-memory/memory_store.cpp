#include "memory_store.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace store_memory {
namespace {

constexpr std::size_t max_record_bytes = std::size_t{1} << 20;
constexpr std::size_t max_document_bytes = std::size_t{16} << 20;

Error task_error(ErrorCode code, std::string_view task_id, const std::string& why) {
    return {code, "task " + std::string(task_id) + ": " + why, {}};
}

Error not_found(std::string_view task_id) {
    return task_error(ErrorCode::task_not_found, task_id, "there is no such task");
}

Error damaged(std::string_view task_id) {
    return task_error(ErrorCode::store_corrupt, task_id, "its events cannot be read");
}

bool too_long(const std::vector<std::string>& records) {
    return std::any_of(records.begin(), records.end(),
                       [](const std::string& one) { return one.size() > max_record_bytes; });
}

/// Makes a directory and those above it, for the user alone.
Result<std::string> make_directory(const std::filesystem::path& path,
                                   const std::filesystem::path& below) {
    std::error_code error;
    std::filesystem::path made = below;
    for (const auto& part : path.lexically_relative(below)) {
        made /= part;
        std::filesystem::create_directory(made, error);
        if (!error) {
            std::filesystem::permissions(made, std::filesystem::perms::owner_all, error);
        }
        if (error) {
            return Error{
                ErrorCode::store_io, "directory " + made.string() + ": " + error.message(), {}};
        }
    }
    return made.string();
}

} // namespace

std::shared_ptr<MemoryStoreState> MemoryStoreState::of(const std::string& directory) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<MemoryStoreState>> states;
    const std::lock_guard lock(mutex);
    std::shared_ptr<MemoryStoreState>& state = states[directory];
    if (!state) state = std::make_shared<MemoryStoreState>(directory);
    return state;
}

void MemoryStoreState::damage(std::string_view task_id) {
    const std::lock_guard lock(mutex_);
    const auto found = tasks_.find(task_id);
    if (found != tasks_.end()) found->second.damaged = true;
}

MemoryStore::Task* MemoryStore::find_task(std::string_view task_id) {
    const auto found = state_->tasks_.find(task_id);
    return found == state_->tasks_.end() ? nullptr : &found->second;
}

const std::string* MemoryStore::find_key(std::string_view key) const {
    for (const auto& [task_id, task] : state_->tasks_) {
        if (!key.empty() && task.summary.dedupe_key == key) return &task_id;
    }
    return nullptr;
}

Result<CreatedTask> MemoryStore::create_one(const NewTask& task) {
    if (find_task(task.task_id) != nullptr) {
        return task_error(ErrorCode::conflict, task.task_id, "it exists already");
    }
    if (task.document.size() > max_document_bytes || too_long(task.records)) {
        return task_error(ErrorCode::invalid_argument, task.task_id, "document or record too long");
    }
    if (const std::string* other = find_key(task.summary.dedupe_key)) {
        return CreatedTask{*other, false};
    }
    Task kept;
    kept.document = task.document;
    kept.records = task.records;
    kept.summary = task.summary;
    kept.sessions.insert(task.summary.task_session_id);
    if (!task.secrets.empty()) kept.secrets = task.secrets;
    state_->tasks_.emplace(task.task_id, std::move(kept));
    return CreatedTask{task.task_id, true};
}

Result<std::vector<Result<CreatedTask>>> MemoryStore::create(const std::vector<NewTask>& tasks) {
    std::vector<Result<CreatedTask>> results;
    {
        const std::lock_guard lock(state_->mutex_);
        for (const NewTask& task : tasks) results.push_back(create_one(task));
    }
    for (const Result<CreatedTask>& result : results) {
        if (result && result->created) state_->watches_->task_changed(result->task_id);
    }
    return results;
}

Result<void> MemoryStore::append(std::string_view task_id, std::uint64_t expected_revision,
                                 const std::vector<std::string>& records,
                                 const TaskSummary& summary, const Lease* lease) {
    {
        const std::lock_guard lock(state_->mutex_);
        Task* task = find_task(task_id);
        if (task == nullptr) return not_found(task_id);
        if (task->damaged) return damaged(task_id);
        if (task->records.size() != expected_revision) {
            return task_error(ErrorCode::conflict, task_id,
                              "expected revision " + std::to_string(expected_revision) +
                                  ", found " + std::to_string(task->records.size()));
        }
        if (lease != nullptr && !lease->is_held()) {
            return task_error(ErrorCode::conflict, task_id, "the lease is no longer held");
        }
        if (too_long(records)) {
            return task_error(ErrorCode::invalid_argument, task_id, "record too long");
        }
        task->records.insert(task->records.end(), records.begin(), records.end());
        task->summary = summary;
        task->sessions.insert(summary.task_session_id);
    }
    state_->watches_->task_changed(task_id);
    return {};
}

Result<void> MemoryStore::write_secrets(std::string_view task_id, std::string_view secrets) {
    const std::lock_guard lock(state_->mutex_);
    Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    task->secrets.reset();
    if (!secrets.empty()) task->secrets.emplace(secrets);
    return {};
}

Result<void> MemoryStore::erase_secrets(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    task->secrets.reset();
    return {};
}

Result<void> MemoryStore::remove(std::string_view task_id, std::uint64_t expected_revision) {
    std::set<std::string, std::less<>> sessions;
    {
        const std::lock_guard lock(state_->mutex_);
        const auto found = state_->tasks_.find(task_id);
        if (found == state_->tasks_.end()) return not_found(task_id);
        if (found->second.records.size() != expected_revision) {
            return task_error(ErrorCode::conflict, task_id, "its revision moved");
        }
        sessions = found->second.sessions;
        state_->tasks_.erase(found);
    }
    for (const std::string& session : sessions) state_->leases_->lose(session);
    std::error_code ignored;
    std::filesystem::remove_all(std::filesystem::path(state_->directory_) / task_id, ignored);
    state_->watches_->task_changed(task_id);
    return {};
}

Result<StoredTask> MemoryStore::read(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    const Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    if (task->damaged) return damaged(task_id);
    return StoredTask{task->document, task->records};
}

Result<EventRecords> MemoryStore::read_events(std::string_view task_id, std::uint64_t after_id,
                                              std::size_t limit) {
    const std::lock_guard lock(state_->mutex_);
    const Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    if (task->damaged) return damaged(task_id);
    EventRecords result;
    result.revision = task->records.size();
    for (std::uint64_t i = after_id; i < result.revision; ++i) {
        if (result.records.size() == limit) {
            result.has_more = true;
            break;
        }
        result.records.push_back(task->records[i]);
    }
    return result;
}

Result<std::uint64_t> MemoryStore::revision(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    const Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    if (task->damaged) return damaged(task_id);
    return std::uint64_t{task->records.size()};
}

Result<std::optional<std::string>> MemoryStore::read_secrets(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    const Task* task = find_task(task_id);
    if (task == nullptr) return not_found(task_id);
    return task->secrets;
}

Result<std::unique_ptr<Lease>> MemoryStore::take_lease(std::string_view name) {
    return state_->leases_->take(name, Milliseconds(0));
}

Result<std::unique_ptr<Lease>> MemoryStore::wait_for_lease(std::string_view name,
                                                           Milliseconds limit) {
    return state_->leases_->take(name, limit);
}

Result<LeaseStatus> MemoryStore::lease_status(std::string_view name) {
    return state_->leases_->status(name);
}

Result<std::unique_ptr<Watch>> MemoryStore::watch(const std::vector<WatchTarget>& targets) {
    return state_->watches_->add(targets);
}

Result<std::string> MemoryStore::session_directory(std::string_view task_id,
                                                   std::string_view session_id) {
    const std::lock_guard lock(state_->mutex_);
    if (find_task(task_id) == nullptr) return not_found(task_id);
    const std::filesystem::path root(state_->directory_);
    return make_directory(root / task_id / "sessions" / session_id, root);
}

Result<std::string> MemoryStore::task_directory(std::string_view task_id) {
    const std::lock_guard lock(state_->mutex_);
    if (find_task(task_id) == nullptr) return not_found(task_id);
    const std::filesystem::path root(state_->directory_);
    return make_directory(root / task_id, root);
}

Result<std::vector<Finding>> MemoryStore::verify() {
    const std::lock_guard lock(state_->mutex_);
    std::vector<Finding> findings;
    findings.push_back({"one_process_only",
                        Severity::note,
                        {},
                        "what is kept in memory ends with its process, and no other sees it",
                        {},
                        false});
    for (const auto& [task_id, task] : state_->tasks_) {
        if (!task.damaged) continue;
        findings.push_back({"damaged_events", Severity::error, task_id, "its events were damaged",
                            "nothing can be done", false});
    }
    return findings;
}

Result<void> MemoryStore::repair(const Finding& finding) {
    if (finding.repairable) return {};
    return Error{ErrorCode::unsupported, "finding " + finding.code + ": it cannot be repaired", {}};
}

} // namespace store_memory
