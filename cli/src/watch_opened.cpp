#include "status_style.hpp"
#include "text.hpp"
#include "watch_source.hpp"

#include <utility>

namespace loong::cli {
namespace {

constexpr std::size_t most_events = 500;
constexpr std::size_t first_events = 200;
constexpr std::size_t most_output_lines = 2000;
constexpr std::size_t first_output_lines = 500;

} // namespace

void WatchSource::close_task() {
    opened_id_.clear();
    events_.clear();
    output_session_id_.clear();
    reader_.reset();
    directory_watch_.reset();
    output_.clear();
    output_line_is_open_ = false;
    out_filter_ = OutputFilter();
    err_filter_ = OutputFilter();
}

int WatchSource::output_descriptor() const {
    return directory_watch_ ? directory_watch_->descriptor() : -1;
}

Result<OpenedTask> WatchSource::look_at(const std::string& task_id) {
    if (opened_id_ != task_id) {
        close_task();
        opened_id_ = task_id;
    }
    Result<TaskDetail> detail = tasks_.status(task_id);
    if (!detail) return std::move(detail).error();
    EventsRequest request;
    request.task = task_id;
    request.limit = first_events;
    if (!events_.empty()) request.after_id = events_.back().id;
    while (true) {
        Result<EventsResult> found = tasks_.events(request);
        if (!found) return std::move(found).error();
        const bool has_more = request.after_id && found->has_more;
        std::move(found->events.begin(), found->events.end(), std::back_inserter(events_));
        if (!has_more) break;
        request.after_id = found->next_after_id;
    }
    if (events_.size() > most_events) {
        events_.erase(events_.begin(), events_.end() - static_cast<std::ptrdiff_t>(most_events));
    }
    if (Result<void> read = read_output(task_id); !read) return std::move(read).error();
    OpenedTask opened;
    opened.detail = std::move(*detail);
    opened.events = events_;
    opened.output.assign(output_.begin(), output_.end());
    return opened;
}

// The state is read before the files: what a session wrote is there before its end is recorded.
Result<void> WatchSource::read_output(const std::string& task_id) {
    Result<std::vector<Tasks::SessionDirectory>> sessions = tasks_.session_directories(task_id);
    if (!sessions) return std::move(sessions).error();
    const Tasks::SessionDirectory* last = nullptr;
    for (const Tasks::SessionDirectory& session : *sessions) {
        if (!session.directory.empty()) last = &session;
    }
    if (last == nullptr) return {};
    const bool is_new = last->session_id != output_session_id_;
    if (is_new) {
        if (!output_session_id_.empty()) {
            if (output_line_is_open_) show_output("\n");
            show_output("--- session " + std::string(short_id(last->session_id)) +
                        " goes on from here ---\n");
        }
        output_session_id_ = last->session_id;
        out_filter_ = OutputFilter();
        err_filter_ = OutputFilter();
        // Watched before it is read, so that nothing falls between the two.
        directory_watch_.emplace(last->directory);
        reader_.emplace(last->directory, OutputChoice::both);
        if (Result<void> skipped = reader_->skip_to_tail(first_output_lines); !skipped) {
            return skipped;
        }
    }
    directory_watch_->clear();
    const auto sink = [this](OutputStream stream, std::string_view bytes) -> Result<void> {
        const bool out = stream == OutputStream::standard_output;
        show_output((out ? out_filter_ : err_filter_).pass(bytes));
        return {};
    };
    return reader_->read(sink, is_terminal(last->state));
}

void WatchSource::show_output(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const bool is_whole = end != std::string_view::npos;
        const std::string_view line = bytes.substr(0, end);
        if (output_line_is_open_) {
            output_.back() += line;
        } else {
            output_.emplace_back(line);
        }
        output_line_is_open_ = !is_whole;
        bytes.remove_prefix(is_whole ? end + 1 : bytes.size());
    }
    while (output_.size() > most_output_lines) output_.pop_front();
}

} // namespace loong::cli
