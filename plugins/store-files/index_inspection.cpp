#include "errors.hpp"
#include "index.hpp"

#include <algorithm>

namespace loong::store_files {

std::optional<Error> Index::summary_error(std::string_view task_id, const TaskText& text) const {
    auto summary = host_->summarize(task_id, text.document, text.records);
    if (summary) return {};
    return std::move(summary).error();
}

Result<std::string> Index::check_file() {
    std::string damage;
    const auto look = [&](Database& database) {
        Statement check = database.prepare("PRAGMA integrity_check(1)");
        if (check.step() && check.text(0) != "ok") damage = check.text(0);
        if (damage.empty()) damage = selection_damage(database);
    };
    auto begun = file_.begin();
    if (!begun) return std::move(begun).error();
    Database& database = **begun;
    look(database);
    if (database.is_damaged()) damage = database.failure_text();
    std::optional<Error> error;
    if (database.failure() != SQLITE_OK && damage.empty()) error = file_.as_error(database);
    // A damaged file stays open as it is: whoever needs it next replaces it.
    if (damage.empty()) database.clear_failure();
    file_.end();
    if (error) return *error;
    return damage;
}

std::optional<std::string> Index::kept_summary(Database& database,
                                               const std::string& task_id) const {
    Statement read = database.prepare("SELECT summary FROM tasks WHERE id = ?");
    read.bind(std::string_view(task_id));
    if (!read.step()) return {};
    if (read.is_null(0)) return std::string();
    // What an older loong has left may say the same in other words, and is no damage.
    const auto summary = host_->decode(read.text(0));
    return summary ? host_->encode(*summary) : std::string(read.text(0));
}

bool Index::differs(Database& database, const std::string& task_id) const {
    constexpr int most_looks = 5;
    for (int look = 0; look < most_looks; ++look) {
        const Derived before = derive(task_id);
        // Who changes a task writes its row before letting go of it: a row that is read now is as
        // new as what was just derived, or newer.
        if (before.in_use) return false;
        // It is being created: absent for readers until its maker lets go.
        if (before.absent && tasks_->stamp(task_id)) return false;
        const std::optional<std::string> kept = kept_summary(database, task_id);
        const std::string told = before.summary ? host_->encode(*before.summary) : "";
        if (before.absent ? !kept : kept == told) return false;
        const Derived after = derive(task_id);
        if (after.in_use) return false;
        if (after.absent == before.absent && after.stamp == before.stamp) return true;
    }
    return false;
}

Result<std::vector<std::string>> Index::find_differences() {
    std::vector<std::string> found;
    auto done = run(Needs::completeness, [&](Database& database) {
        std::vector<std::string> candidates = tasks_without_row(database);
        {
            Statement read = database.prepare("SELECT id FROM tasks ORDER BY id");
            while (read.step()) candidates.emplace_back(read.text(0));
        }
        found.clear();
        for (const std::string& task_id : candidates) {
            if (differs(database, task_id)) found.push_back(task_id);
        }
    });
    if (!done) return std::move(done).error();
    std::sort(found.begin(), found.end());
    return found;
}

Result<void> Index::make_again(const std::vector<std::string>& task_ids) {
    return run(Needs::nothing,
               [&](Database& database) { make_rows(database, task_ids, [](std::size_t) {}); });
}

Result<void> Index::make_all_again() {
    if (auto damage = check_file(); damage && damage->empty()) return {};
    if (auto replaced = file_.replace(); !replaced) return replaced;
    return run(Needs::completeness, [](Database&) {});
}

} // namespace loong::store_files
