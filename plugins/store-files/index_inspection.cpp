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

Result<std::vector<std::string>> Index::find_differences() {
    std::vector<std::string> found;
    auto done = run(Needs::completeness, [&](Database& database) {
        found = tasks_without_row(database);
        std::vector<std::pair<std::string, std::string>> rows;
        {
            Statement read = database.prepare("SELECT id, summary FROM tasks ORDER BY id");
            while (read.step())
                rows.emplace_back(read.text(0), read.is_null(1) ? "" : std::string(read.text(1)));
        }
        for (const auto& [task_id, kept] : rows) {
            const Derived derived = derive(task_id);
            if (derived.in_use) continue;
            const std::string now = derived.summary ? host_->encode(*derived.summary) : "";
            const bool gone = derived.absent && !tasks_->stamp(task_id);
            if (gone || now != kept) found.push_back(task_id);
        }
    });
    if (!done) return std::move(done).error();
    std::sort(found.begin(), found.end());
    return found;
}

Result<void> Index::make_again(const std::vector<std::string>& task_ids) {
    return run(Needs::nothing, [&](Database& database) { make_rows(database, task_ids); });
}

Result<void> Index::make_all_again() {
    if (auto damage = check_file(); damage && damage->empty()) return {};
    if (auto replaced = file_.replace(); !replaced) return replaced;
    return run(Needs::completeness, [](Database&) {});
}

} // namespace loong::store_files
