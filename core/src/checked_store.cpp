#include "checked_store.hpp"

#include "loong/ids.hpp"
#include "plugin_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace loong {

namespace {

class CheckedLease : public Lease {
public:
    CheckedLease(std::unique_ptr<Lease> inner, std::string name, std::uint64_t token)
        : inner_(std::move(inner)),
          name_(std::move(name)),
          token_(token) {}

    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::uint64_t token() const override { return token_; }
    /// A lease that cannot say whether it is held is not to be relied on.
    [[nodiscard]] bool is_held() const override {
        return guarded_value([&] { return inner_->is_held(); }, false);
    }
    [[nodiscard]] const Lease* inner() const { return inner_.get(); }

private:
    std::unique_ptr<Lease> inner_;
    std::string name_;
    std::uint64_t token_;
};

class CheckedWatch : public Watch {
public:
    CheckedWatch(std::string plugin, std::unique_ptr<Watch> inner)
        : plugin_(std::move(plugin)),
          inner_(std::move(inner)) {}

    Result<bool> wait(Milliseconds limit) override {
        return guarded(plugin_, "wait", [&] { return inner_->wait(limit); });
    }
    [[nodiscard]] int descriptor() const override {
        return guarded_value([&] { return inner_->descriptor(); }, -1);
    }

private:
    std::string plugin_;
    std::unique_ptr<Watch> inner_;
};

/// The plugin knows its own leases only.
const Lease* unwrapped(const Lease* lease) {
    const auto* checked = dynamic_cast<const CheckedLease*>(lease);
    return checked == nullptr ? lease : checked->inner();
}

std::string why_too_many(std::size_t count, std::size_t limit) {
    return count <= limit ? std::string()
                          : fmt::format("gave {} where {} was the limit", count, limit);
}

std::string why_no_task_id(const std::string& id) {
    return is_task_id(id) ? std::string() : fmt::format("gave '{}', which is no task id", id);
}

std::string why_not_absolute(const std::string& path) {
    return path.starts_with('/') ? std::string()
                                 : fmt::format("gave '{}', which is no absolute path", path);
}

std::string why_no_task_ids(const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        if (!is_task_id(id)) return why_no_task_id(id);
    }
    return {};
}

/// Whoever asks for the next page would never come to an end.
std::string why_endless(bool has_more, bool is_empty) {
    return has_more && is_empty ? "gave nothing and said that there is more" : "";
}

std::string why_not_created(const std::vector<NewTask>& tasks,
                            const std::vector<Result<CreatedTask>>& results) {
    if (results.size() != tasks.size()) {
        return fmt::format("gave {} results for {} tasks", results.size(), tasks.size());
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (!results[i]) continue;
        const CreatedTask& made = *results[i];
        if (made.created ? made.task_id != tasks[i].task_id : !is_task_id(made.task_id)) {
            return fmt::format("gave '{}' for task {}", made.task_id, tasks[i].task_id);
        }
    }
    return {};
}

} // namespace

Result<std::vector<Result<CreatedTask>>> CheckedStore::create(const std::vector<NewTask>& tasks) {
    return guarded(
        plugin_, "create", [&] { return inner_->create(tasks); },
        [&](const auto& results) { return why_not_created(tasks, results); });
}

Result<void> CheckedStore::append(std::string_view task_id, std::uint64_t expected_revision,
                                  const std::vector<std::string>& records,
                                  const TaskSummary& summary, const Lease* lease) {
    return guarded(plugin_, "append", [&] {
        return inner_->append(task_id, expected_revision, records, summary, unwrapped(lease));
    });
}

Result<void> CheckedStore::append_then(std::string_view task_id, std::uint64_t expected_revision,
                                       const std::vector<std::string>& records,
                                       const TaskSummary& summary, const Lease* lease,
                                       const std::function<void()>& durable) {
    bool told = false;
    const auto tell = [&] {
        if (!std::exchange(told, true)) durable();
    };
    Result<void> appended = guarded(plugin_, "append_then", [&] {
        return inner_->append_then(task_id, expected_revision, records, summary, unwrapped(lease),
                                   tell);
    });
    if (appended) tell();
    // What cannot be lost any more has been acted on, whatever went wrong afterwards.
    return told ? Result<void>() : appended;
}

Result<void> CheckedStore::write_secrets(std::string_view task_id, std::string_view secrets) {
    return guarded(plugin_, "write_secrets",
                   [&] { return inner_->write_secrets(task_id, secrets); });
}

Result<void> CheckedStore::erase_secrets(std::string_view task_id) {
    return guarded(plugin_, "erase_secrets", [&] { return inner_->erase_secrets(task_id); });
}

Result<void> CheckedStore::remove(std::string_view task_id, std::uint64_t expected_revision) {
    return guarded(plugin_, "remove", [&] { return inner_->remove(task_id, expected_revision); });
}

Result<StoredTask> CheckedStore::read(std::string_view task_id) {
    return guarded(plugin_, "read", [&] { return inner_->read(task_id); });
}

Result<EventRecords> CheckedStore::read_events(std::string_view task_id, std::uint64_t after_id,
                                               std::size_t limit) {
    return guarded(
        plugin_, "read_events", [&] { return inner_->read_events(task_id, after_id, limit); },
        [&](const EventRecords& events) {
            const std::string endless = why_endless(events.has_more, events.records.empty());
            return endless.empty() ? why_too_many(events.records.size(), limit) : endless;
        });
}

Result<std::uint64_t> CheckedStore::revision(std::string_view task_id) {
    return guarded(plugin_, "revision", [&] { return inner_->revision(task_id); });
}

Result<std::optional<std::string>> CheckedStore::read_secrets(std::string_view task_id) {
    return guarded(plugin_, "read_secrets", [&] { return inner_->read_secrets(task_id); });
}

Result<ListedTask> CheckedStore::find(std::string_view task_id) {
    return guarded(
        plugin_, "find", [&] { return inner_->find(task_id); },
        [&](const ListedTask& task) {
            return task.task_id == task_id ? std::string()
                                           : fmt::format("gave '{}' for {}", task.task_id, task_id);
        });
}

Result<ListPage> CheckedStore::list(const TaskFilter& filter, ListOrder order,
                                    std::string_view cursor, std::size_t limit) {
    return guarded(
        plugin_, "list", [&] { return inner_->list(filter, order, cursor, limit); },
        [&](const ListPage& page) {
            const std::string endless = why_endless(page.has_more, page.tasks.empty());
            return endless.empty() ? why_too_many(page.tasks.size(), limit) : endless;
        });
}

Result<std::vector<CountGroup>> CheckedStore::count(const TaskFilter& filter) {
    return guarded(plugin_, "count", [&] { return inner_->count(filter); });
}

Result<std::vector<ListedTask>> CheckedStore::claimable(Time now, std::size_t limit) {
    return guarded(
        plugin_, "claimable", [&] { return inner_->claimable(now, limit); },
        [&](const auto& tasks) { return why_too_many(tasks.size(), limit); });
}

Result<std::optional<Time>> CheckedStore::next_due(Time now) {
    return guarded(
        plugin_, "next_due", [&] { return inner_->next_due(now); },
        // A timekeeper that is told a time that has passed would never sleep.
        [&](const std::optional<Time>& due) {
            return due && *due <= now ? "gave a time that has passed" : "";
        });
}

Result<std::vector<std::string>> CheckedStore::dependents(std::string_view task_id) {
    return guarded(
        plugin_, "dependents", [&] { return inner_->dependents(task_id); }, why_no_task_ids);
}

Result<std::optional<std::string>> CheckedStore::find_dedupe_key(std::string_view key) {
    return guarded(
        plugin_, "find_dedupe_key", [&] { return inner_->find_dedupe_key(key); },
        [](const auto& id) { return id ? why_no_task_id(*id) : std::string(); });
}

Result<std::vector<std::string>> CheckedStore::resolve(std::string_view text, std::size_t limit) {
    return guarded(
        plugin_, "resolve", [&] { return inner_->resolve(text, limit); },
        [&](const std::vector<std::string>& ids) {
            const std::string many = why_too_many(ids.size(), limit);
            return many.empty() ? why_no_task_ids(ids) : many;
        });
}

Result<std::optional<std::string>> CheckedStore::task_of_session(std::string_view session_id) {
    return guarded(
        plugin_, "task_of_session", [&] { return inner_->task_of_session(session_id); },
        [](const auto& id) { return id ? why_no_task_id(*id) : std::string(); });
}

Result<std::unique_ptr<Lease>>
CheckedStore::checked_lease(std::string_view method, std::string_view name,
                            Result<std::unique_ptr<Lease>> taken) const {
    if (!taken || *taken == nullptr) return taken;
    return guarded(plugin_, method, [&]() -> Result<std::unique_ptr<Lease>> {
        std::unique_ptr<Lease> lease = *std::move(taken);
        const std::uint64_t token = lease->token();
        if (lease->name() != name) {
            return plugin_fault(plugin_, method,
                                fmt::format("gave '{}' for '{}'", lease->name(), name));
        }
        lease = std::make_unique<CheckedLease>(std::move(lease), std::string(name), token);
        return lease;
    });
}

Result<std::unique_ptr<Lease>> CheckedStore::take_lease(std::string_view name) {
    return checked_lease("take_lease", name,
                         guarded(plugin_, "take_lease", [&] { return inner_->take_lease(name); }));
}

Result<std::unique_ptr<Lease>> CheckedStore::wait_for_lease(std::string_view name,
                                                            Milliseconds limit) {
    return checked_lease("wait_for_lease", name, guarded(plugin_, "wait_for_lease", [&] {
                             return inner_->wait_for_lease(name, limit);
                         }));
}

Result<LeaseStatus> CheckedStore::lease_status(std::string_view name) {
    return guarded(plugin_, "lease_status", [&] { return inner_->lease_status(name); });
}

Result<std::unique_ptr<Watch>> CheckedStore::watch(const std::vector<WatchTarget>& targets) {
    Result<std::unique_ptr<Watch>> made = guarded(
        plugin_, "watch", [&] { return inner_->watch(targets); },
        [](const auto& watch) { return watch == nullptr ? "gave no watch" : ""; });
    if (!made) return made;
    std::unique_ptr<Watch> watch = std::make_unique<CheckedWatch>(plugin_, *std::move(made));
    return watch;
}

Result<std::string> CheckedStore::session_directory(std::string_view task_id,
                                                    std::string_view session_id) {
    return guarded(
        plugin_, "session_directory",
        [&] { return inner_->session_directory(task_id, session_id); }, why_not_absolute);
}

Result<std::string> CheckedStore::prepare_session_directory(std::string_view task_id,
                                                            std::string_view session_id) {
    return guarded(
        plugin_, "prepare_session_directory",
        [&] { return inner_->prepare_session_directory(task_id, session_id); }, why_not_absolute);
}

Result<std::string> CheckedStore::task_directory(std::string_view task_id) {
    return guarded(
        plugin_, "task_directory", [&] { return inner_->task_directory(task_id); },
        [](const std::string& path) {
            return path.empty() ? std::string() : why_not_absolute(path);
        });
}

Result<std::vector<Finding>> CheckedStore::verify() {
    return guarded(
        plugin_, "verify", [&] { return inner_->verify(); }, why_no_findings);
}

Result<void> CheckedStore::repair(const Finding& finding) {
    return guarded(plugin_, "repair", [&] { return inner_->repair(finding); });
}

} // namespace loong
