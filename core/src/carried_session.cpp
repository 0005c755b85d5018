#include "carried_session.hpp"

#include "event_data.hpp"
#include "request_events.hpp"
#include "session_files.hpp"
#include "task_clock.hpp"
#include "text.hpp"

#include <algorithm>
#include <poll.h>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

// An answer is told at once; this is for when telling does not work.
constexpr std::chrono::seconds ask_again_after{10};

bool any(const SessionSignals& signals) {
    return signals.cancel || signals.force || signals.timeout || signals.detach;
}

std::size_t count_resolved(const TaskState& state) {
    return static_cast<std::size_t>(
        std::count_if(state.requests.begin(), state.requests.end(),
                      [](const auto& request) { return request.state != RequestState::open; }));
}

} // namespace

CarriedSession::CarriedSession(Setup setup)
    : spec_(std::move(setup.spec)),
      directory_(std::move(setup.directory)),
      keeper_path_(std::move(setup.keeper_path)),
      earlier_steps_(loong::earlier_steps(setup.task.state)),
      output_(directory_, spec_.limits.max_output_bytes),
      store_(setup.store),
      lease_(std::move(setup.lease)),
      slot_(*setup.store, *setup.config, setup.task.state.summary.runtime, std::move(setup.slots)),
      task_(std::move(setup.task)),
      start_(std::move(setup.start)),
      resolved_requests_(count_resolved(task_.state)) {
    if (!start_) start_clock_locked();
}

void CarriedSession::start_clock_locked() {
    const std::optional<Microseconds> left = timeout_left(task_.state, now());
    if (!left) return;
    left_ = std::chrono::duration_cast<Clock::duration>(*left);
    if (!task_.state.paused_since) clock_started_ = Clock::now();
}

Result<std::shared_ptr<CarriedSession>> CarriedSession::make(Setup& setup) {
    Result<Bell> bell = Bell::make("session " + setup.spec.task_session_id);
    if (!bell) return std::move(bell).error();
    std::shared_ptr<CarriedSession> session(new CarriedSession(std::move(setup)));
    session->signal_ = *std::move(bell);
    return session;
}

Result<void> CarriedSession::record_start_locked(std::string_view handle,
                                                 const std::function<void()>& durable) {
    if (!start_) return {};
    command::Start start = *start_;
    start.handle = handle;
    Result<std::vector<Event>> started =
        apply(*store_, task_, start, spec_.task_session_id, lease_.get(), durable);
    if (!started) {
        start_failure_ = started.error();
        return std::move(started).error();
    }
    start_.reset();
    start_failure_.reset();
    start_clock_locked();
    return {};
}

Result<void> CarriedSession::record_start() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return record_start_locked();
}

std::optional<Error> CarriedSession::start_failure() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return start_failure_;
}

Result<std::vector<Event>> CarriedSession::apply_locked(const Command& command) {
    if (!lease_ || !lease_->is_held()) {
        return Error{ErrorCode::conflict,
                     "session " + spec_.task_session_id +
                         ": this worker does not carry it any more",
                     "end the work and return"};
    }
    Result<void> started = record_start_locked();
    if (!started) return std::move(started).error();
    return apply(*store_, task_, command, spec_.task_session_id, lease_.get());
}

Result<std::vector<Event>> CarriedSession::apply_command(const Command& command) {
    const std::lock_guard<std::mutex> guard(mutex_);
    return apply_locked(command);
}

Result<void> CarriedSession::refresh_locked() {
    Result<std::uint64_t> revision = store_->revision(spec_.task_id);
    if (!revision) return std::move(revision).error();
    if (*revision == task_.state.summary.revision) return {};
    Result<LoadedTask> again = load_task(*store_, spec_.task_id);
    if (!again) return std::move(again).error();
    task_ = *std::move(again);
    return {};
}

Result<void> CarriedSession::write_output(OutputStream stream, std::string_view bytes) {
    return output_.write(stream, bytes);
}

Result<std::uint64_t> CarriedSession::output_size(OutputStream stream) {
    return output_.size(stream);
}

Result<void> CarriedSession::report_progress(const Progress& progress) {
    Result<std::vector<Event>> done =
        apply_command(command::Report{spec_.task_session_id, progress});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

void CarriedSession::log(std::string_view line) {
    session_files::append_log(directory_, format_time(wall_now()) + ' ' + escape_controls(line));
}

Result<void> CarriedSession::report_denied(std::string_view tool, std::string_view detail,
                                           std::string_view rule) {
    Result<std::vector<Event>> done = apply_command(command::ReportDenied{
        spec_.task_session_id, std::string(tool), std::string(detail), std::string(rule)});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

Result<void> CarriedSession::report_step(const StepReport& step) {
    Result<std::vector<Event>> done =
        apply_command(command::ReportStep{spec_.task_session_id, step});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

Result<void> CarriedSession::save_handle(std::string_view handle) {
    return save_handle_then(handle, [] {});
}

Result<void> CarriedSession::save_handle_then(std::string_view handle,
                                              const std::function<void()>& saved) {
    if (handle.size() > 64 * 1024) {
        return Error{ErrorCode::invalid_argument,
                     "handle of session " + spec_.task_session_id + ": larger than 64 KiB",
                     "save what finds the work, not the work"};
    }
    {
        const std::lock_guard<std::mutex> guard(mutex_);
        // Nothing of the work has been started yet, so one record can tell both.
        if (start_ && kept_text(handle, limit::message) == handle) {
            return record_start_locked(handle, saved);
        }
        Result<void> started = record_start_locked();
        if (!started) return started;
        if (!directory_lasts_) {
            Result<std::string> made =
                store_->session_directory(spec_.task_id, spec_.task_session_id);
            if (!made) return std::move(made).error();
            directory_lasts_ = true;
        }
    }
    Result<void> done = session_files::save_handle(directory_, handle);
    if (done) saved();
    return done;
}

Result<RequestStatus> CarriedSession::find_request_locked(std::string_view request_id) const {
    for (const RequestFacts& request : task_.state.requests) {
        if (request.request_id == request_id) return told_locked(request);
    }
    return Error{ErrorCode::request_not_found,
                 "request " + std::string(request_id) + ": task " + spec_.task_id + " has none",
                 {}};
}

Result<RequestStatus> CarriedSession::open_request(const NewRequest& request) {
    const std::lock_guard<std::mutex> guard(mutex_);
    Result<std::vector<Event>> done =
        apply_locked(command::OpenRequest{spec_.task_session_id, request});
    if (!done) return std::move(done).error();
    if (const RequestFacts* facts = find_request_by_key(task_.state, request.key)) {
        run_clock_locked(Clock::now());
        return told_locked(*facts);
    }
    return Error{ErrorCode::request_not_found, "request " + request.key + ": it was not kept", {}};
}

Result<RequestStatus> CarriedSession::request_status(std::string_view request_id) {
    const std::lock_guard<std::mutex> guard(mutex_);
    Result<void> fresh = refresh_locked();
    if (!fresh) return std::move(fresh).error();
    return find_request_locked(request_id);
}

Result<void> CarriedSession::withdraw_request(std::string_view request_id,
                                              std::string_view reason) {
    Result<std::vector<Event>> done =
        apply_command(command::WithdrawRequest{std::string(request_id), std::string(reason)});
    return done ? Result<void>() : Result<void>(std::move(done).error());
}

Result<RequestStatus> CarriedSession::ask(const NewRequest& request) {
    Result<RequestStatus> status = open_request(request);
    Clock::time_point read_at = Clock::now();
    while (status && status->state == RequestState::open) {
        const SessionSignals signals = wait_signals(ask_again_after);
        Result<RequestStatus> fresh = request_status(status->request_id);
        if (fresh || any(signals) || Clock::now() - read_at >= longest_unread) {
            status = std::move(fresh);
            read_at = Clock::now();
        }
        if (any(signals)) break;
    }
    return status;
}

void CarriedSession::signal(const SessionSignals& signals) {
    {
        const std::lock_guard<std::mutex> guard(mutex_);
        signals_.cancel |= signals.cancel;
        signals_.force |= signals.force;
        signals_.timeout |= signals.timeout;
        signals_.answer |= signals.answer;
        signals_.detach |= signals.detach;
        for (const Bell* bell : answer_bells_) {
            if (signals.answer) bell->ring();
        }
    }
    signal_.ring();
}

void CarriedSession::ring_on_answer(const Bell& bell) {
    const std::lock_guard<std::mutex> guard(mutex_);
    answer_bells_.push_back(&bell);
}

void CarriedSession::stop_ringing(const Bell& bell) {
    const std::lock_guard<std::mutex> guard(mutex_);
    std::erase(answer_bells_, &bell);
}

Result<std::string> CarriedSession::open_channel(std::string_view name, const ToolPolicy& policy) {
    const std::string what = "channel " + shorten(escape_controls(name), 64);
    const bool is_name =
        !name.empty() && name.size() <= 64 &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
    if (!is_name) {
        return Error{ErrorCode::invalid_argument, what + ": no name for one",
                     "use at most 64 of a-z, 0-9 and -"};
    }
    if (!open_channel_) {
        return Error{ErrorCode::conflict, what + ": the session has ended", "end the work"};
    }
    return open_channel_(name, policy);
}

SessionSignals CarriedSession::take_signals() {
    // Emptied before the flags are read: a signal in between makes it readable once more.
    signal_.silence();
    const std::lock_guard<std::mutex> guard(mutex_);
    SessionSignals taken = signals_;
    signals_.answer = false;
    return taken;
}

SessionSignals CarriedSession::wait_signals(Milliseconds limit) {
    const Clock::time_point end = Clock::now() + limit;
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(end - Clock::now());
        if (left.count() <= 0) break;
        pollfd watched{signal_.descriptor(), POLLIN, 0};
        const int timeout = static_cast<int>(std::min<Milliseconds::rep>(left.count(), 1 << 30));
        if (::poll(&watched, 1, timeout) > 0) break;
    }
    return take_signals();
}

void CarriedSession::run_clock_locked(Clock::time_point at) {
    if (!left_) return;
    const TaskSummary& summary = task_.state.summary;
    const bool stopped = slot_.is_away() || summary.open_approvals + summary.open_inputs > 0;
    if (stopped && clock_started_) {
        *left_ -= at - *clock_started_;
        clock_started_.reset();
    } else if (!stopped && !clock_started_) {
        clock_started_ = at;
    }
}

Result<std::optional<Clock::time_point>> CarriedSession::follow() {
    SessionSignals news;
    std::optional<Clock::time_point> next;
    {
        const std::lock_guard<std::mutex> guard(mutex_);
        // Whoever changes a task that has not started yet keeps it from being started.
        if (!lease_ || start_) return next;
        Result<void> fresh = refresh_locked();
        if (!fresh) return std::move(fresh).error();
        const TaskState& state = task_.state;
        const bool ours = state.summary.session_state == SessionState::running &&
                          state.summary.task_session_id == spec_.task_session_id;
        news.cancel = !ours || state.summary.cancel_requested_at.has_value();
        news.force = !ours || state.force_cancel;
        // An answer is passed on once the session has its slot again.
        if (!slot_.is_away()) {
            const std::size_t resolved = count_resolved(state);
            news.answer = resolved != resolved_requests_;
            resolved_requests_ = resolved;
        }
        if (ours && news.cancel && !cancel_acknowledged_) {
            cancel_acknowledged_ = true;
            Result<std::vector<Event>> told =
                apply_locked(command::AcknowledgeCancel{spec_.task_session_id});
            if (!told) log("the cancel could not be acknowledged: " + told.error().message);
        }
        if (ours && state.awaits_slot && !slot_.is_away()) {
            Result<std::vector<Event>> told =
                apply_locked(command::TakeSlot{spec_.task_session_id});
            if (!told) log("that there is a slot again: " + told.error().message);
        }
        const Clock::time_point at = Clock::now();
        for (const RequestFacts& request : task_.state.requests) {
            if (request.state != RequestState::open || !request.expires_at) continue;
            const auto left =
                std::chrono::duration_cast<Clock::duration>(*request.expires_at - now());
            if (left <= Clock::duration::zero()) {
                command::ResolveRequest expired;
                expired.request_id = request.request_id;
                expired.state = RequestState::expired;
                Result<std::vector<Event>> done = apply_locked(expired);
                if (!done) return std::move(done).error();
                // The requests were read anew, so this loop must not go on with the old ones.
                return std::optional<Clock::time_point>(at);
            }
            next = std::min(next.value_or(at + left), at + left);
        }
        run_clock_locked(at);
        if (left_ && clock_started_) {
            const Clock::time_point end = *clock_started_ + *left_;
            news.timeout = at >= end;
            if (!news.timeout) next = std::min(next.value_or(end), end);
        }
        const bool unknown = (news.cancel && !signals_.cancel) || (news.force && !signals_.force) ||
                             (news.timeout && !signals_.timeout) || news.answer;
        if (!unknown) return next;
    }
    signal(news);
    return next;
}

bool CarriedSession::is_ending_locked() const {
    const TaskSummary& summary = task_.state.summary;
    const bool ours = summary.session_state == SessionState::running &&
                      summary.task_session_id == spec_.task_session_id;
    return ended_ || !ours || any(signals_) || summary.cancel_requested_at.has_value();
}

TaskState CarriedSession::state() {
    const std::lock_guard<std::mutex> guard(mutex_);
    return task_.state;
}

void CarriedSession::release() {
    const std::lock_guard<std::mutex> guard(mutex_);
    lease_.reset();
}

} // namespace loong
