#pragma once
/// A StoreHost without core, for tests of stores. Every record that it makes carries the whole
/// summary that holds after it, so that a store which loses a summary can have it made again and
/// a test can tell whether what came back is what was given.

#include "summary_text.hpp"
#include "test_ids.hpp"
#include <loong/store.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong::test {

class TestStoreHost : public StoreHost {
public:
    Result<TaskSummary> summarize(std::string_view task_id, std::string_view document,
                                  const std::vector<std::string>& records) const override {
        ++summarized_;
        if (records.empty()) return corrupt(task_id, "it has no records");
        if (document.find(task_id) == std::string_view::npos) {
            return corrupt(task_id, "the document is not that of the task");
        }
        const std::string& last = records.back();
        constexpr std::string_view key = R"("summary":")";
        const std::size_t from = last.find(key);
        const std::size_t to = from == std::string::npos ? from : last.find('"', from + key.size());
        if (to == std::string::npos) return corrupt(task_id, "the last record has no summary");
        return decode(std::string_view(last).substr(from + key.size(), to - from - key.size()));
    }

    std::string encode(const TaskSummary& summary) const override {
        return write_summary_text(summary);
    }

    Result<TaskSummary> decode(std::string_view text) const override {
        TaskSummary summary;
        if (!read_summary_text(text, summary)) {
            return Error{ErrorCode::store_corrupt, "summary: not in the form of this host", {}};
        }
        return summary;
    }

    /// How often a whole task was folded: tells whether a listing opened events.
    [[nodiscard]] std::uint64_t summarized() const { return summarized_.load(); }

private:
    static Error corrupt(std::string_view task_id, const char* why) {
        return {ErrorCode::store_corrupt, "task " + std::string(task_id) + ": " + why, {}};
    }

    mutable std::atomic<std::uint64_t> summarized_{0};
};

/// Equal in every field.
[[nodiscard]] inline bool same_summary(const TaskSummary& left, const TaskSummary& right) {
    return write_summary_text(left) == write_summary_text(right);
}

/// One record; the last of its group says so. `padding` bytes make it longer.
[[nodiscard]] inline std::string make_record(std::uint64_t id, const TaskSummary& summary, bool end,
                                             std::size_t padding = 0) {
    std::string record = R"({"id":)" + std::to_string(id);
    record += R"(,"at":"2026-01-02T03:04:05.000006Z","kind":"task_progress","session_id":")";
    record += summary.task_session_id + R"(","actor_session_id":")" + summary.owner_session_id;
    record += R"(","data":{"summary":")" + write_summary_text(summary) + '"';
    if (padding > 0) record += R"(,"padding":")" + std::string(padding, 'p') + '"';
    return record + (end ? R"(},"end":true})" : "}}");
}

/// What an append takes.
struct Change {
    std::vector<std::string> records;
    TaskSummary summary;
};

/// `count` records that lead from the revision of `summary` to the next; its other fields are
/// those that hold afterwards.
[[nodiscard]] inline Change make_change(TaskSummary summary, std::size_t count = 1,
                                        std::size_t padding = 0) {
    Change change;
    const std::uint64_t before = summary.revision;
    summary.revision += count;
    for (std::size_t i = 1; i <= count; ++i) {
        change.records.push_back(make_record(before + i, summary, i == count, padding));
    }
    change.summary = std::move(summary);
    return change;
}

/// A summary of the task with that number (see test_ids.hpp): ready, of the root session `default`.
[[nodiscard]] inline TaskSummary make_summary(std::uint64_t number) {
    TaskSummary summary;
    summary.task_id = task_id_of(number);
    summary.task_session_id = session_id_of(number);
    summary.label = "task " + std::to_string(number);
    summary.runtime = "local";
    summary.owner_session_id = std::string(default_session_id);
    summary.scope_session_id = std::string(default_session_id);
    summary.visible_to = {std::string(default_session_id)};
    summary.created_at = test_time(number);
    summary.updated_at = summary.created_at;
    summary.state_since = summary.created_at;
    return summary;
}

/// A task whose first `count` records end in `summary` (whose revision is set to fit).
[[nodiscard]] inline NewTask make_task(TaskSummary summary, std::size_t count = 1) {
    summary.revision = 0;
    Change change = make_change(std::move(summary), count);
    NewTask task;
    task.task_id = change.summary.task_id;
    task.document = "task_id: " + task.task_id + "\nruntime: " + change.summary.runtime + "\n";
    task.records = std::move(change.records);
    task.summary = std::move(change.summary);
    return task;
}

[[nodiscard]] inline NewTask make_task(std::uint64_t number) {
    return make_task(make_summary(number));
}

} // namespace loong::test
