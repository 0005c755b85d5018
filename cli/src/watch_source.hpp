#pragma once
/// Where the live view gets its rows from, and where its actions go: the same calls as those of the
/// commands.

#include "loong/tasks.hpp"
#include "output_filter.hpp"
#include "output_reader.hpp"
#include "terminal.hpp"
#include "watch_model.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace loong::cli {

/// Which tasks the view is about, besides its own filter.
struct WatchScope {
    std::optional<Status> status;
    bool attention = false;
    bool include_archived = false;
};

class WatchSource {
public:
    WatchSource(Tasks& tasks, const WatchScope& scope) : tasks_(tasks), scope_(scope) {}

    /// Given the totals, how many rows are wanted.
    using Wanted = std::function<WatchLimits(const WatchLists& totals)>;

    /// A look at the tasks. Costs by the rows that are wanted; the totals come from the index.
    Result<WatchLists> look(const std::string& label_glob, const Wanted& wanted);

    /// A look at one task that is open. What it wrote is read on from where the last look stopped.
    Result<OpenedTask> look_at(const std::string& task_id);
    /// Readable when it wrote more; -1 where nothing is opened, or the system cannot tell.
    [[nodiscard]] int output_descriptor() const;
    void close_task();

    /// What is to be asked before the action is done: what it is about, and the whole question that
    /// it would answer.
    Result<WatchPrompt> prepare(const WatchAction& action);

    /// Does what was confirmed. One sentence, escaped.
    Result<std::string> perform(const WatchAction& action);

private:
    /// Ids of the tasks that one look has found so far.
    using Seen = std::unordered_set<std::string>;
    Result<void> add_rows(WatchLists& lists, Seen& seen, WatchSection section,
                          const ListRequest& request);
    Result<void> add_ended(WatchLists& lists, Seen& seen, const ListRequest& base,
                           std::size_t limit);
    void remember_ended(const Seen& seen);
    Result<void> read_output(const std::string& task_id);
    void show_output(std::string_view bytes);
    Result<WatchPrompt> prepare_answer(const WatchAction& action);
    Result<WatchPrompt> prepare_recover(const WatchAction& action);
    [[nodiscard]] bool wants(Status status) const;

    Tasks& tasks_;
    WatchScope scope_;
    /// Tasks that were seen before they ended: those may be older than all that the store lists
    /// first.
    std::deque<TaskRow> ended_;
    Seen unended_ids_;
    std::string unended_glob_;

    std::string opened_id_;
    std::vector<Event> events_;
    std::string output_session_id_;
    std::optional<OutputReader> reader_;
    std::optional<DirectoryWatch> directory_watch_;
    OutputFilter out_filter_;
    OutputFilter err_filter_;
    std::deque<std::string> output_;
    bool output_line_is_open_ = false;
};

} // namespace loong::cli
