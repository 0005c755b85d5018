#include "loong/ids.hpp"
#include "output_reader.hpp"
#include "session_reader.hpp"

#include <algorithm>
#include <utility>

namespace loong {

Result<SessionReader::Carried> SessionReader::carried(const std::string& session) {
    Result<std::string> session_id = resolve(session);
    if (!session_id) return std::move(session_id).error();
    if (!is_child_session_id(*session_id)) {
        return Error{ErrorCode::invalid_argument,
                     "session " + *session_id +
                         ": it is a root, and only sessions that carry tasks record anything",
                     "`loong sessions tree " + *session_id + "` shows those below it"};
    }
    Result<std::optional<std::string>> task_id = tasks_.store().task_of_session(*session_id);
    if (!task_id) return std::move(task_id).error();
    if (!*task_id) {
        return Error{ErrorCode::session_not_found, "session " + *session_id + ": it is gone",
                     "`loong sessions list` shows the sessions there are"};
    }
    Result<LoadedTask> task = load_task(tasks_.store(), **task_id);
    if (!task) return std::move(task).error();
    return Carried{*std::move(session_id), *std::move(task)};
}

Result<SessionEvents> SessionReader::events(const SessionEventsRequest& request) {
    Result<Carried> found = carried(request.session);
    if (!found) return std::move(found).error();
    SessionEvents result;
    result.session_id = found->session_id;
    result.task_id = found->task.document.task_id;
    std::vector<Event> own;
    for (Event& event : found->task.events) {
        if (event.session_id == found->session_id) own.push_back(std::move(event));
    }
    auto first = own.begin();
    if (request.after_id) {
        result.after_id = *request.after_id;
        first = std::find_if(own.begin(), own.end(),
                             [&](const Event& event) { return event.id > *request.after_id; });
    } else if (own.size() > request.limit) {
        first = own.end() - static_cast<std::ptrdiff_t>(request.limit);
        result.after_id = std::prev(first)->id;
    }
    const auto left = static_cast<std::size_t>(std::distance(first, own.end()));
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(left, request.limit));
    result.has_more = last != own.end();
    result.events.assign(std::make_move_iterator(first), std::make_move_iterator(last));
    result.next_after_id = result.events.empty() ? result.after_id : result.events.back().id;
    return result;
}

Result<std::string> SessionReader::history(const std::string& session, const HistorySink& sink) {
    Result<Carried> found = carried(session);
    if (!found) return std::move(found).error();
    const std::string& session_id = found->session_id;
    std::vector<const Event*> events;
    bool started = false;
    for (const Event& event : found->task.events) {
        if (event.session_id != session_id) continue;
        events.push_back(&event);
        started = started || event.kind == EventKind::delegate_started;
    }
    auto next = events.begin();
    const auto tell_events = [&](const std::optional<Time>& until) -> Result<void> {
        for (; next != events.end() && (!until || (*next)->at <= *until); ++next) {
            Result<void> told = sink({(*next)->at, *next, OutputStream::standard_output, {}});
            if (!told) return told;
        }
        return {};
    };
    // A session that never started has written nothing, and asking must not make it a place.
    if (started) {
        Result<std::string> directory =
            tasks_.store().session_directory(found->task.document.task_id, session_id);
        if (!directory) return std::move(directory).error();
        OutputReader reader(*directory, OutputChoice::both);
        Result<void> read = reader.read_pieces(
            [&](const std::optional<Time>& at, OutputStream stream, std::string_view bytes) {
                Result<void> told = tell_events(at);
                return told ? sink({at, nullptr, stream, bytes}) : told;
            });
        if (!read) return std::move(read).error();
    }
    Result<void> told = tell_events(std::nullopt);
    if (!told) return std::move(told).error();
    return session_id;
}

} // namespace loong
