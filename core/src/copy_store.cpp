#include "copy_store.hpp"

#include "copy_tree.hpp"
#include "lease_names.hpp"
#include "loong/tasks.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "text.hpp"
#include "workspace.hpp"

#include <algorithm>
#include <memory>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

constexpr std::size_t copied_at_once = 256;
/// How long others who are handing work over are waited for.
constexpr Milliseconds longest_hand_over{10'000};
/// Configurations differ in how many workers they allow; those of others count as well.
constexpr int slots_to_ask = 256;

Error conflict(std::string message, std::string hint) {
    return {ErrorCode::conflict, std::move(message), std::move(hint)};
}

/// One of the two, and the right to start workers on it.
struct Side {
    std::string config;
    std::unique_ptr<Workspace> workspace;
    std::unique_ptr<Lease> hand_over;

    [[nodiscard]] Store& store() const { return workspace->store(); }
};

class StoreCopy {
public:
    explicit StoreCopy(const std::function<void(const StoreCopyCounts&)>& progress)
        : progress_(progress) {}

    Result<StoreCopyReport> run(const std::string& from, const std::string& to);

private:
    static Result<Side> open(const std::string& config);
    Result<void> take_hand_over(Side& side);
    Result<void> check_idle(const Side& side) const;
    Result<void> check_target();
    Result<void> check_copy(const std::string& task_id);
    Result<void> copy_tasks();
    Result<void> copy_page(const std::vector<ListedTask>& page);
    Result<std::optional<StoredTask>> read_source(const std::string& task_id);
    Result<void> complete(const std::string& task_id, const StoredTask& source, std::uint64_t have);
    Result<void> copy_secrets(const std::string& task_id, const TaskSummary& summary);
    Result<void> copy_sessions(const std::string& task_id, const StoredTask& source);
    Result<void> check_unchanged();

    const std::function<void(const StoreCopyCounts&)>& progress_;
    CoreStoreHost host_;
    Side from_;
    Side to_;
    StoreCopyReport report_;
    std::vector<std::pair<std::string, std::uint64_t>> revisions_;
};

/// Calls `each` with every page of a store, the oldest tasks first.
template <typename Function>
Result<void> for_each_page(Store& store, const TaskFilter& filter, Function&& each) {
    std::string cursor;
    for (;;) {
        auto page = store.list(filter, ListOrder::oldest_first, cursor, copied_at_once);
        if (!page) return std::move(page).error();
        if (page->tasks.empty()) return {};
        if (Result<void> done = each(page->tasks); !done) return done;
        if (!page->has_more) return {};
        cursor = page->tasks.back().task_id;
    }
}

Result<Side> StoreCopy::open(const std::string& config) {
    OpenOptions options;
    options.config_file = config;
    auto workspace = Workspace::open(options);
    if (!workspace) return std::move(workspace).error();
    return Side{config, std::move(*workspace), nullptr};
}

Result<void> StoreCopy::take_hand_over(Side& side) {
    auto lease = side.store().wait_for_lease(lease_names::hand_over, longest_hand_over);
    if (!lease) return std::move(lease).error();
    if (!*lease) {
        return Error{ErrorCode::store_busy,
                     "the store of " + side.config +
                         ": another process is handing work over and does not come to an end",
                     "try again"};
    }
    side.hand_over = std::move(*lease);
    return {};
}

Result<void> StoreCopy::check_idle(const Side& side) const {
    for (int number = 0; number <= slots_to_ask; ++number) {
        const std::string name =
            number == slots_to_ask ? lease_names::timekeeper : lease_names::slot(number);
        auto status = side.store().lease_status(name);
        if (!status) return std::move(status).error();
        if (status->state != LeaseState::held) continue;
        const std::string who =
            status->holder ? " (process " + std::to_string(status->holder->pid) + ")" : "";
        return conflict("the store of " + side.config + ": a worker is at work on it" + who,
                        "wait until nothing runs there (`loong tasks wait`), or cancel what does");
    }
    TaskFilter running;
    running.states = {SessionState::running};
    return for_each_page(side.store(), running, [&](const std::vector<ListedTask>& tasks) {
        for (const ListedTask& task : tasks) {
            if (!task.summary || task.summary->session_state != SessionState::running) continue;
            return Result<void>(conflict(
                "task " + task.task_id + " in the store of " + side.config +
                    ": its session runs, or its worker was lost",
                "wait for it or cancel it, or run `loong --config " + shell_quote(side.config) +
                    " tasks recover " + task.task_id + "` first"));
        }
        return Result<void>();
    });
}

Result<StoreCopyReport> StoreCopy::run(const std::string& from, const std::string& to) {
    auto source = open(from);
    if (!source) return std::move(source).error();
    auto target = open(to);
    if (!target) return std::move(target).error();
    from_ = std::move(*source);
    to_ = std::move(*target);
    if (auto done = take_hand_over(from_); !done) return std::move(done).error();
    auto other = to_.store().lease_status(lease_names::hand_over);
    if (!other) return std::move(other).error();
    // This process holds the lease of the source, and nothing else of that name.
    if (other->state == LeaseState::held && other->holder && other->holder->pid == ::getpid()) {
        return Error{ErrorCode::invalid_argument,
                     from + " and " + to + ": both name the same store",
                     "give one of them another `store: {plugin: …, root: /…}`"};
    }
    if (auto done = take_hand_over(to_); !done) return std::move(done).error();
    for (const Side* side : {&from_, &to_}) {
        if (auto done = check_idle(*side); !done) return std::move(done).error();
    }
    auto groups = from_.store().count({});
    if (!groups) return std::move(groups).error();
    for (const CountGroup& group : *groups) report_.counts.tasks += group.count;
    if (auto done = check_target(); !done) return std::move(done).error();
    if (auto done = copy_tasks(); !done) return std::move(done).error();
    if (auto done = check_unchanged(); !done) return std::move(done).error();
    return std::move(report_);
}

Result<void> StoreCopy::check_target() {
    return for_each_page(to_.store(), {}, [&](const std::vector<ListedTask>& tasks) {
        for (const ListedTask& task : tasks) {
            if (auto done = check_copy(task.task_id); !done) return done;
        }
        return Result<void>();
    });
}

Result<void> StoreCopy::check_copy(const std::string& task_id) {
    const std::string hint = "copy into an empty store, or remove the task from that of " +
                             to_.config + "; nothing was changed";
    auto target = to_.store().read(task_id);
    if (!target) return std::move(target).error();
    auto source = from_.store().read(task_id);
    if (!source && source.error().code == ErrorCode::task_not_found) {
        return conflict("task " + task_id + ": it is in the store of " + to_.config +
                            " and not in that of " + from_.config,
                        hint);
    }
    if (!source) return std::move(source).error();
    const bool is_copy =
        target->document == source->document && target->records.size() <= source->records.size() &&
        std::equal(target->records.begin(), target->records.end(), source->records.begin());
    if (is_copy) return {};
    return conflict("task " + task_id + ": what the store of " + to_.config +
                        " has of it is no copy of what that of " + from_.config + " has",
                    hint);
}

Result<void> StoreCopy::copy_tasks() {
    return for_each_page(from_.store(), {}, [&](const std::vector<ListedTask>& tasks) {
        auto done = copy_page(tasks);
        if (done && progress_) progress_(report_.counts);
        return done;
    });
}

Result<std::optional<StoredTask>> StoreCopy::read_source(const std::string& task_id) {
    auto source = from_.store().read(task_id);
    if (source) {
        // What cannot be folded could not be shown in the target either.
        auto summary = host_.summarize(task_id, source->document, source->records);
        if (summary) return std::optional<StoredTask>(std::move(*source));
        source = std::move(summary).error();
    }
    const ErrorCode code = source.error().code;
    if (code != ErrorCode::store_corrupt && code != ErrorCode::store_version)
        return std::move(source).error();
    report_.skipped.push_back({task_id, std::move(source).error()});
    return std::optional<StoredTask>();
}

Result<void> StoreCopy::copy_page(const std::vector<ListedTask>& page) {
    std::vector<NewTask> missing;
    std::vector<std::pair<std::string, StoredTask>> read;
    for (const ListedTask& listed : page) {
        const std::string& task_id = listed.task_id;
        auto source = read_source(task_id);
        if (!source) return std::move(source).error();
        if (!*source) continue;
        read.emplace_back(task_id, std::move(**source));
        const StoredTask& task = read.back().second;
        revisions_.emplace_back(task_id, task.records.size());
        auto have = to_.store().revision(task_id);
        if (have) {
            if (auto done = complete(task_id, task, *have); !done) return done;
            continue;
        }
        if (have.error().code != ErrorCode::task_not_found) return std::move(have).error();
        auto summary = host_.summarize(task_id, task.document, task.records);
        if (!summary) return std::move(summary).error();
        missing.push_back({task_id, task.document, task.records, std::move(*summary), {}});
        auto secrets = from_.store().read_secrets(task_id);
        if (!secrets) return std::move(secrets).error();
        if (*secrets) missing.back().secrets = std::move(**secrets);
    }
    auto made = to_.store().create(missing);
    if (!made) return std::move(made).error();
    for (Result<CreatedTask>& task : *made) {
        if (!task) return std::move(task).error();
    }
    report_.counts.copied += missing.size();
    for (const auto& [task_id, task] : read) {
        if (auto done = copy_sessions(task_id, task); !done) return done;
    }
    return {};
}

Result<void> StoreCopy::complete(const std::string& task_id, const StoredTask& source,
                                 std::uint64_t have) {
    std::vector<std::string> known(source.records.begin(),
                                   source.records.begin() + static_cast<std::ptrdiff_t>(have));
    std::vector<std::string> group;
    for (std::size_t at = have; at < source.records.size(); ++at) {
        group.push_back(source.records[at]);
        known.push_back(source.records[at]);
        if (!ends_group(source.records[at])) continue;
        auto summary = host_.summarize(task_id, source.document, known);
        if (!summary) return std::move(summary).error();
        auto done =
            to_.store().append(task_id, known.size() - group.size(), group, *summary, nullptr);
        if (!done) return done;
        group.clear();
    }
    ++(have < source.records.size() ? report_.counts.copied : report_.counts.present);
    auto summary = host_.summarize(task_id, source.document, source.records);
    if (!summary) return std::move(summary).error();
    return copy_secrets(task_id, *summary);
}

Result<void> StoreCopy::copy_secrets(const std::string& task_id, const TaskSummary& summary) {
    auto secrets = from_.store().read_secrets(task_id);
    if (!secrets) return std::move(secrets).error();
    auto there = to_.store().read_secrets(task_id);
    if (!there) return std::move(there).error();
    if (*secrets == *there) return {};
    if (*secrets && !is_terminal(summary.session_state))
        return to_.store().write_secrets(task_id, **secrets);
    return *secrets ? Result<void>() : to_.store().erase_secrets(task_id);
}

Result<void> StoreCopy::copy_sessions(const std::string& task_id, const StoredTask& source) {
    auto task = fold_task(task_id, source.document, source.records);
    if (!task) return std::move(task).error();
    for (const SessionFacts& session : task->state.sessions) {
        // One that was never started has written nothing.
        if (!session.started_at) continue;
        auto from = from_.store().session_directory(task_id, session.session_id);
        if (!from) return std::move(from).error();
        auto to = to_.store().session_directory(task_id, session.session_id);
        if (!to) return std::move(to).error();
        auto copied = copy_tree(*from, *to);
        if (!copied) return std::move(copied).error();
        ++report_.counts.sessions;
        report_.counts.files += copied->files;
        report_.counts.bytes += copied->bytes;
    }
    return {};
}

Result<void> StoreCopy::check_unchanged() {
    for (const auto& [task_id, revision] : revisions_) {
        auto now = from_.store().revision(task_id);
        if (now && *now == revision) continue;
        if (!now && now.error().code != ErrorCode::task_not_found) return std::move(now).error();
        return conflict("task " + task_id + ": it was changed or removed while it was copied",
                        "run the copy again, and leave the store of " + from_.config +
                            " alone meanwhile");
    }
    return {};
}

} // namespace

Result<StoreCopyReport> copy_store(const std::string& from, const std::string& to,
                                   const std::function<void(const StoreCopyCounts&)>& progress) {
    return StoreCopy(progress).run(from, to);
}

} // namespace loong
