#include "index.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "loong/ids.hpp"
#include "task_creation.hpp"

#include <algorithm>

namespace loong::store_files {

namespace {

/// Most indexes are made in less, and nobody then sees a part of one.
constexpr Milliseconds shortest_wait{200};

constexpr const char* clear_mark = "DELETE FROM pending WHERE id = ?";

} // namespace

Result<void> Index::run(Needs needs, const std::function<void(Database&)>& work) {
    for (int round = 0;; ++round) {
        auto begun = file_.begin();
        if (!begun) return std::move(begun).error();
        Database& database = **begun;
        if (needs != Needs::nothing) bring_up_to_date(database, needs);
        work(database);
        const bool failed = database.failure() != SQLITE_OK;
        const bool damaged = database.is_damaged();
        const Error error = failed ? file_.as_error(database) : Error{};
        database.clear_failure();
        file_.end();
        if (!failed) return {};
        if (!damaged || round > 0) return error;
        if (auto replaced = file_.replace(); !replaced) return replaced;
    }
}

// ---- writing ----------------------------------------------------------------------------------

Result<void> Index::mark(const std::vector<std::string>& task_ids) {
    return run(Needs::nothing, [&](Database& database) {
        std::optional<Transaction> transaction;
        if (task_ids.size() > 1) transaction.emplace(database, Transaction::Kind::write);
        for (const std::string& task_id : task_ids) write_mark(database, task_id);
        if (transaction) transaction->commit();
        // Who waits for the change waits for put() as well, and a new task is on its way to the disk.
        compile_writing(database);
    });
}

void Index::unmark(const std::vector<std::string>& task_ids) {
    static_cast<void>(run(Needs::nothing, [&](Database& database) {
        for (const std::string& task_id : task_ids) {
            database.prepare(clear_mark).bind(std::string_view(task_id)).run();
        }
    }));
}

void Index::compile_writing(Database& database) {
    IndexRows::compile(database);
    static_cast<void>(database.prepare(clear_mark));
}

IndexEntry Index::entry(const TaskSummary& summary, const FileStamp& stamp,
                        std::vector<std::string> sessions) const {
    return {summary.task_id, to_text(stamp), &summary, host_->encode(summary), std::move(sessions)};
}

IndexRows Index::rows_of(Database& database) const {
    return {database, SessionRows::not_the_neighbour,
            [this](std::string_view id) { return tasks_->stamp(id).has_value(); }};
}

void Index::put(const std::vector<IndexEntry>& entries) {
    static_cast<void>(run(Needs::nothing, [&](Database& database) {
        Transaction transaction(database, Transaction::Kind::write);
        IndexRows rows = rows_of(database);
        for (const IndexEntry& entry : entries) {
            rows.put(entry);
            database.prepare(clear_mark).bind(std::string_view(entry.task_id)).run();
        }
        rows.finish();
        transaction.commit();
    }));
}

void Index::remove(const std::string& task_id) {
    static_cast<void>(run(Needs::nothing, [&](Database& database) {
        Transaction transaction(database, Transaction::Kind::write);
        IndexRows rows = rows_of(database);
        rows.remove(task_id);
        rows.finish();
        database.prepare(clear_mark).bind(std::string_view(task_id)).run();
        transaction.commit();
    }));
}

// ---- keeping up with the files ----------------------------------------------------------------

Index::Derived Index::derive(std::string_view task_id) const {
    Derived derived;
    const std::optional<FileStamp> before = tasks_->stamp(task_id);
    auto text = tasks_->read(task_id);
    if (!text) {
        derived.absent = text.error().code == ErrorCode::task_not_found;
        derived.error = std::move(text).error();
        if (before) derived.stamp = *before;
        return derived;
    }
    derived.stamp = text->stamp;
    derived.in_use = text->in_use;
    auto summary = host_->summarize(task_id, text->document, text->records);
    if (summary) {
        derived.sessions = sessions_in(text->records, *summary);
        derived.summary = std::move(*summary);
    } else {
        derived.error = std::move(summary).error();
    }
    return derived;
}

void Index::put_derived(IndexRows& rows, const std::string& task_id, const Derived& derived) const {
    const std::optional<FileStamp> now = tasks_->stamp(task_id);
    if (derived.absent || !now) {
        if (!now) rows.remove(task_id);
        return;
    }
    if (derived.in_use || *now != derived.stamp) return;
    rows.put(row_of(task_id, derived));
}

IndexEntry Index::row_of(const std::string& task_id, const Derived& derived) const {
    IndexEntry entry{task_id, to_text(derived.stamp), nullptr, {}, derived.sessions};
    if (derived.summary) {
        entry.summary = &*derived.summary;
        entry.encoded = host_->encode(*derived.summary);
    }
    return entry;
}

void Index::bring_up_to_date(Database& database, Needs needs) {
    if (!file_.is_complete()) complete(database, needs);
    // Readers do not wait for a writer that has stopped in the middle of something.
    database.set_patience(Milliseconds(200));
    settle(database);
    database.set_patience(lock_limit);
    if (database.is_only_unwritable()) database.clear_failure();
}

void Index::settle(Database& database) {
    std::vector<Mark> marks;
    {
        Statement read = database.prepare("SELECT mark, id FROM pending ORDER BY mark");
        while (read.step()) marks.push_back({read.integer(0), std::string(read.text(1))});
    }
    for (const Mark& mark : marks) settle_one(database, mark);
}

void Index::settle_one(Database& database, const Mark& mark) {
    const TaskPresence presence = tasks_->presence(mark.task_id);
    if (presence == TaskPresence::in_use || presence == TaskPresence::being_made) return;
    // Its writer died: what it wrote counts if it is whole, and has to last then.
    if (presence == TaskPresence::at_rest && tasks_->sync_events(mark.task_id) == EIO) return;
    const Derived derived = derive(mark.task_id);
    if (derived.in_use) return;
    Transaction transaction(database, Transaction::Kind::write);
    Statement clear = database.prepare("DELETE FROM pending WHERE mark = ?");
    clear.bind(mark.number).run();
    // Somebody else has settled it, or is changing the task again.
    if (database.failure() != SQLITE_OK || database.changes() == 0) return;
    IndexRows rows = rows_of(database);
    put_derived(rows, mark.task_id, derived);
    rows.finish();
    transaction.commit();
}

void Index::complete(Database& database, Needs needs) {
    // Whoever holds the lock is completing the index already. Where that takes long, its rows are
    // used as far as they are there.
    const bool can_wait = needs == Needs::completeness;
    if (file_.lock_completion(can_wait ? lock_limit : shortest_wait) != 0) {
        tell_of_other(database);
        return;
    }
    if (!file_.is_complete()) fill(database);
    file_.unlock_completion();
}

void Index::tell_of_other(Database& database) const {
    std::uint64_t known = 0;
    Statement read = database.prepare("SELECT count(*) FROM tasks");
    if (read.step()) known = static_cast<std::uint64_t>(read.integer(0));
    std::uint64_t total = 0;
    const int failed = for_each_name(root_->tasks(), [&](const char* name) {
        if (is_task_id(name)) ++total;
        return true;
    });
    if (failed == 0) host_->tell_progress(known, std::max(known, total), true);
}

void Index::fill(Database& database) {
    if (file_.is_from_earlier_boot()) {
        // Nothing was synced, so a loss of power may have left anything.
        Statement check = database.prepare("PRAGMA integrity_check(1)");
        if (check.step() && check.text(0) != "ok") database.report_damage("it is inconsistent");
    }
    static_cast<void>(clear_leftovers(*root_));
    mark_tasks_in_the_making(database);
    std::vector<std::string> task_ids = out_of_date_rows(database, true);
    for (std::string& task_id : tasks_without_row(database)) task_ids.push_back(std::move(task_id));
    make_rows(database, task_ids,
              [&](std::size_t done) { host_->tell_progress(done, task_ids.size(), false); });
    settle(database);
    file_.set_complete();
}

std::vector<std::string> Index::out_of_date_rows(Database& database, bool all_open) {
    std::vector<std::string> found;
    Statement read = database.prepare("SELECT id, version, kind FROM tasks ORDER BY id");
    while (read.step()) {
        const TaskKind kind(read.integer(2));
        const bool open = kind.is_unreadable() || !is_terminal(kind.state());
        const std::optional<FileStamp> stamp = tasks_->stamp(read.text(0));
        if ((all_open && open) || !stamp || to_text(*stamp) != read.text(1))
            found.emplace_back(read.text(0));
    }
    return found;
}

std::vector<std::string> Index::tasks_without_row(Database& database) {
    std::vector<std::string> found;
    const int failed = for_each_name(root_->tasks(), [&](const char* name) {
        if (!is_task_id(name)) return true;
        Statement read = database.prepare("SELECT 1 FROM tasks WHERE id = ?");
        read.bind(std::string_view(name));
        if (!read.step()) found.emplace_back(name);
        return true;
    });
    if (failed != 0) database.report_io("the directory of all tasks cannot be read");
    std::sort(found.begin(), found.end());
    return found;
}

/// What has marked a task that is being changed may be lost with the index that this one replaces, and
/// whoever changes the task may die.
void Index::write_mark(Database& database, const std::string& task_id) {
    database.prepare("INSERT OR REPLACE INTO pending(id) VALUES(?)")
        .bind(std::string_view(task_id))
        .run();
}

void Index::mark_tasks_in_the_making(Database& database) {
    const int failed = for_each_name(root_->tasks(), [&](const char* name) {
        const std::string_view hidden(name);
        if (!hidden.starts_with(new_prefix)) return true;
        const std::string task_id(hidden.substr(new_prefix.size()));
        if (is_task_id(task_id)) write_mark(database, task_id);
        return true;
    });
    if (failed != 0) database.report_io("the directory of all tasks cannot be read");
}

void Index::make_row(Database& database, IndexRows& rows, const std::string& task_id,
                     const Derived& derived) const {
    const bool unborn = derived.absent && tasks_->stamp(task_id);
    if (!derived.in_use && !unborn) return put_derived(rows, task_id, derived);
    write_mark(database, task_id);
    if (unborn) return;
    Statement read = database.prepare("SELECT 1 FROM tasks WHERE id = ?");
    read.bind(std::string_view(task_id));
    // A row that is there may be newer already. Otherwise the task is shown as it is before the change.
    if (!read.step()) rows.put(row_of(task_id, derived));
}

void Index::make_rows(Database& database, const std::vector<std::string>& task_ids,
                      const std::function<void(std::size_t)>& told) {
    constexpr std::size_t at_once = 128;
    for (std::size_t first = 0; first < task_ids.size(); first += at_once) {
        const std::size_t count = std::min(at_once, task_ids.size() - first);
        std::vector<Derived> derived;
        for (std::size_t i = 0; i < count; ++i) derived.push_back(derive(task_ids[first + i]));
        Transaction transaction(database, Transaction::Kind::write);
        IndexRows rows = rows_of(database);
        for (std::size_t i = 0; i < count; ++i)
            make_row(database, rows, task_ids[first + i], derived[i]);
        rows.finish();
        transaction.commit();
        if (database.failure() != SQLITE_OK) return;
        told(first + count);
    }
}

} // namespace loong::store_files
