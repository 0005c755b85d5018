#pragma once
/// Looks at tasks that are made by hand, for the tests of the live view.

#include "sample_task.hpp"
#include "watch_model.hpp"

namespace loong::cli {

inline TaskRow watch_row(const std::string& id_end, Status status, const std::string& label,
                         std::vector<std::string> verbs = {}) {
    TaskRow row = sample_row(id_end, status, label);
    row.summary.state_since = sample_time(0);
    for (const std::string& verb : verbs) {
        row.task_status.next_commands.push_back("loong tasks " + verb + " " + row.task_id);
    }
    if (!verbs.empty()) row.task_status.next_command = row.task_status.next_commands.front();
    return row;
}

inline void add(WatchLists& lists, WatchSection section, TaskRow row) {
    lists.at(section).rows.push_back(std::move(row));
    ++lists.at(section).total;
}

/// A task in each section; the first asks for an approval.
inline WatchLists watch_lists() {
    WatchLists lists;
    TaskRow asks =
        watch_row("asking", Status::approval_pending, "release", {"approve", "deny", "cancel"});
    asks.task_status.next_action = NextAction::approve;
    asks.task_status.needs_attention = true;
    asks.task_status.reason = "request r1 asks for approval: \"Publish?\"";
    add(lists, WatchSection::attention, asks);
    TaskRow runs = watch_row("runner", Status::running, "make", {"wait", "output", "cancel"});
    runs.summary.progress.percent = 50;
    runs.summary.progress.note = "linking";
    add(lists, WatchSection::running, runs);
    add(lists, WatchSection::queued, watch_row("waiter", Status::queued, "later", {"wait"}));
    TaskRow ended = watch_row("ender0", Status::completed, "done", {"output"});
    ended.task_status.terminal = true;
    add(lists, WatchSection::ended, ended);
    lists.counts = {{Status::completed, 1},
                    {Status::approval_pending, 1},
                    {Status::running, 1},
                    {Status::queued, 1}};
    lists.needs_attention_count = 1;
    return lists;
}

inline Key letter(const std::string& text) { return {KeyKind::character, text}; }

} // namespace loong::cli
