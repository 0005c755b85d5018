#include "watch_source.hpp"

#include "status_style.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace loong::cli {
namespace {

constexpr std::size_t most_remembered = 32;
/// How many tasks that are no longer listed are looked up at once.
constexpr std::size_t most_looked_up = 16;

WatchSection section_of(Status status) {
    switch (status) {
    case Status::running:
    case Status::cancel_requested: return WatchSection::running;
    case Status::queued:
    case Status::waiting: return WatchSection::queued;
    default: return WatchSection::ended;
    }
}

/// All that needs the operator stands in the first section, whatever its status.
void set_totals(WatchLists& lists) {
    std::uint64_t all = 0;
    for (const auto& [status, count] : lists.counts) {
        all += count;
        const WatchSection section = section_of(status);
        if (section != WatchSection::ended) lists.at(section).total += count;
    }
    lists.at(WatchSection::attention).total = lists.needs_attention_count;
    for (const auto section :
         {WatchSection::attention, WatchSection::running, WatchSection::queued}) {
        all -= std::min(all, lists.at(section).total);
    }
    lists.at(WatchSection::ended).total = all;
}

} // namespace

bool WatchSource::wants(Status status) const {
    return !scope_.attention && (!scope_.status || *scope_.status == status);
}

Result<WatchLists> WatchSource::look(const std::string& label_glob, const Wanted& wanted) {
    if (std::exchange(unended_glob_, label_glob) != label_glob) {
        ended_.clear();
        unended_ids_.clear();
    }
    ListRequest request;
    request.label_glob = label_glob;
    request.include_archived = scope_.include_archived;
    request.status = scope_.status;
    request.attention = scope_.attention;
    request.limit = 1;
    Result<ListResult> counted = tasks_.list(request);
    if (!counted) return std::move(counted).error();
    WatchLists lists;
    lists.counts = std::move(counted->counts);
    lists.needs_attention_count = counted->needs_attention_count;
    set_totals(lists);
    const WatchLimits limits = wanted(lists);

    Seen seen;
    request.without_counts = true;
    request.oldest_first = true;
    const auto limit_of = [&](WatchSection section) {
        return limits[static_cast<std::size_t>(section)];
    };
    const auto add = [&](WatchSection section, std::optional<Status> status) -> Result<void> {
        const std::size_t there = lists.at(section).rows.size();
        if (there >= limit_of(section)) return {};
        request.limit = limit_of(section) - there;
        request.attention = !status;
        request.status = status ? status : scope_.status;
        return add_rows(lists, seen, section, request);
    };
    if (Result<void> done = add(WatchSection::attention, std::nullopt); !done) {
        return std::move(done).error();
    }
    for (const Status status :
         {Status::running, Status::cancel_requested, Status::queued, Status::waiting}) {
        if (!wants(status)) continue;
        if (Result<void> done = add(section_of(status), status); !done) {
            return std::move(done).error();
        }
    }
    remember_ended(seen);
    Result<void> done = add_ended(lists, seen, request, limit_of(WatchSection::ended));
    if (!done) return std::move(done).error();
    return lists;
}

Result<void> WatchSource::add_rows(WatchLists& lists, Seen& seen, WatchSection section,
                                   const ListRequest& request) {
    Result<ListResult> found = tasks_.list(request);
    if (!found) return std::move(found).error();
    for (TaskRow& row : found->tasks) {
        // What went on between two calls is shown where it was seen first; the next look is right.
        if (seen.insert(row.task_id).second) lists.at(section).rows.push_back(std::move(row));
    }
    return {};
}

Result<void> WatchSource::add_ended(WatchLists& lists, Seen& seen, const ListRequest& base,
                                    std::size_t limit) {
    if (limit == 0) return {};
    ListRequest request = base;
    request.oldest_first = false;
    request.attention = false;
    request.limit = limit;
    for (const Status status :
         {Status::completed, Status::cancelled, Status::failed, Status::timed_out}) {
        // Those that failed are in need of the operator until they are archived.
        const bool never =
            status != Status::completed && status != Status::cancelled && !scope_.include_archived;
        if (never || !wants(status)) continue;
        request.status = status;
        Result<void> done = add_rows(lists, seen, WatchSection::ended, request);
        if (!done) return done;
    }
    std::vector<TaskRow>& rows = lists.at(WatchSection::ended).rows;
    std::size_t looked_up = 0;
    for (auto remembered = ended_.begin();
         remembered != ended_.end() && looked_up < most_looked_up;) {
        if (seen.contains(remembered->task_id)) {
            ++remembered;
            continue;
        }
        // It may be archived or removed by now.
        ++looked_up;
        Result<TaskDetail> detail = tasks_.status(remembered->task_id);
        const bool is_there = detail && detail->row.task_status.terminal &&
                              !detail->row.task_status.needs_attention &&
                              (scope_.include_archived || !detail->row.summary.archived);
        if (is_there) rows.push_back(std::move(detail->row));
        remembered = is_there ? remembered + 1 : ended_.erase(remembered);
    }
    std::sort(rows.begin(), rows.end(), [](const TaskRow& left, const TaskRow& right) {
        return std::pair(left.summary.state_since, left.task_id) >
               std::pair(right.summary.state_since, right.task_id);
    });
    if (rows.size() > limit) {
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(limit), rows.end());
    }
    return {};
}

// The store lists by creation; what ran for long and has just ended may lie far back.
void WatchSource::remember_ended(const Seen& seen) {
    std::size_t looked_up = 0;
    for (const std::string& task_id : unended_ids_) {
        if (scope_.status || scope_.attention || seen.contains(task_id)) continue;
        if (looked_up++ == most_looked_up) break;
        Result<TaskDetail> detail = tasks_.status(task_id);
        if (!detail || !detail->row.task_status.terminal) continue;
        ended_.push_front(std::move(detail->row));
    }
    while (ended_.size() > most_remembered) ended_.pop_back();
    unended_ids_ = seen;
}

} // namespace loong::cli
