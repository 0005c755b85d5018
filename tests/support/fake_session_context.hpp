#pragma once
/// A session for a runtime under test: keeps what it is told, answers what it is asked, and gives
/// the signals that the test sets. [any-thread]

#include <loong/session_context.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace loong::test {

class FakeSessionContext : public SessionContext {
public:
    /// `directory` is there already.
    FakeSessionContext(SessionSpec spec, std::string directory, std::string keeper_path)
        : spec_(std::move(spec)),
          directory_(std::move(directory)),
          keeper_path_(std::move(keeper_path)),
          signal_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~FakeSessionContext() override { ::close(signal_); }

    // ---- what a test sets ---------------------------------------------------------------------

    /// To be changed before the session runs.
    SessionSpec& editable_spec() { return spec_; }
    std::vector<StepRecord>& editable_earlier_steps() { return earlier_steps_; }

    /// The signals that are set in `more` are given to the runtime.
    void signal(const SessionSignals& more) {
        const std::lock_guard guard(mutex_);
        signals_.cancel |= more.cancel;
        signals_.force |= more.force;
        signals_.timeout |= more.timeout;
        signals_.detach |= more.detach;
        signals_.answer |= more.answer;
        wake();
    }

    /// Resolves the request with that key, now or as soon as it is opened.
    void resolve(const std::string& key, RequestState state, std::string text = {}) {
        const std::lock_guard guard(mutex_);
        RequestStatus& status = request(key);
        status.state = state;
        status.text = std::move(text);
        signals_.answer = true;
        wake();
    }

    /// Called before a handle counts as saved; an error is passed on.
    std::function<Result<void>(std::string_view)> on_save_handle;
    /// Called for each step that is reported.
    std::function<void(const StepReport&)> on_step;
    /// Called when a request is opened for the first time, with its key.
    std::function<void(const NewRequest&)> on_request;

    // ---- what a test looks at -----------------------------------------------------------------

    [[nodiscard]] std::string handle() const {
        const std::lock_guard guard(mutex_);
        return handle_;
    }
    [[nodiscard]] std::vector<StepReport> steps() const {
        const std::lock_guard guard(mutex_);
        return steps_;
    }
    [[nodiscard]] std::vector<Progress> progress() const {
        const std::lock_guard guard(mutex_);
        return progress_;
    }
    [[nodiscard]] std::vector<std::string> log_lines() const {
        const std::lock_guard guard(mutex_);
        return log_;
    }
    [[nodiscard]] std::vector<NewRequest> requests() const {
        const std::lock_guard guard(mutex_);
        return opened_;
    }
    [[nodiscard]] std::string written(OutputStream stream) const {
        const std::lock_guard guard(mutex_);
        return output_[stream == OutputStream::standard_output ? 0 : 1];
    }

    // ---- SessionContext -----------------------------------------------------------------------

    [[nodiscard]] const SessionSpec& spec() const override { return spec_; }
    [[nodiscard]] const std::string& directory() const override { return directory_; }
    [[nodiscard]] const std::string& keeper_path() const override { return keeper_path_; }

    Result<void> write_output(OutputStream stream, std::string_view bytes) override {
        const std::lock_guard guard(mutex_);
        output_[stream == OutputStream::standard_output ? 0 : 1] += bytes;
        return {};
    }
    Result<std::uint64_t> output_size(OutputStream stream) override {
        return static_cast<std::uint64_t>(written(stream).size());
    }
    Result<void> report_progress(const Progress& progress) override {
        const std::lock_guard guard(mutex_);
        progress_.push_back(progress);
        return {};
    }
    void log(std::string_view line) override {
        const std::lock_guard guard(mutex_);
        log_.emplace_back(line);
    }
    Result<void> report_denied(std::string_view, std::string_view, std::string_view) override {
        return {};
    }
    Result<void> report_step(const StepReport& step) override {
        {
            const std::lock_guard guard(mutex_);
            steps_.push_back(step);
        }
        if (on_step) on_step(step);
        return {};
    }
    [[nodiscard]] const std::vector<StepRecord>& earlier_steps() const override {
        return earlier_steps_;
    }
    Result<std::string> open_channel(std::string_view name, const ToolPolicy&) override {
        std::string path = directory_ + "/loong-inside-" + std::string(name);
        static_cast<void>(::mkdir(path.c_str(), 0700));
        return path;
    }
    Result<void> save_handle(std::string_view handle) override {
        if (on_save_handle) {
            Result<void> saved = on_save_handle(handle);
            if (!saved) return saved;
        }
        const std::lock_guard guard(mutex_);
        handle_ = handle;
        return {};
    }
    Result<RequestStatus> open_request(const NewRequest& asked) override {
        bool fresh = false;
        {
            const std::lock_guard guard(mutex_);
            fresh = opened_keys_.emplace(asked.key, true).second;
            if (fresh) opened_.push_back(asked);
            request(asked.key);
        }
        if (fresh && on_request) on_request(asked);
        const std::lock_guard guard(mutex_);
        return request(asked.key);
    }
    Result<RequestStatus> request_status(std::string_view request_id) override {
        const std::lock_guard guard(mutex_);
        for (const auto& [key, status] : requests_) {
            if (status.request_id == request_id) return status;
        }
        return Error{ErrorCode::request_not_found, "request " + std::string(request_id), {}};
    }
    Result<void> withdraw_request(std::string_view request_id, std::string_view) override {
        const std::lock_guard guard(mutex_);
        for (auto& [key, status] : requests_) {
            if (status.request_id == request_id && status.state == RequestState::open) {
                status.state = RequestState::withdrawn;
            }
        }
        return {};
    }
    Result<RequestStatus> ask(const NewRequest& asked) override {
        Result<RequestStatus> status = open_request(asked);
        while (status && status->state == RequestState::open) {
            const SessionSignals signals = wait_signals(Milliseconds(60'000));
            status = open_request(asked);
            if (signals.cancel || signals.force || signals.timeout || signals.detach) break;
        }
        return status;
    }
    [[nodiscard]] int signal_descriptor() const override { return signal_; }
    SessionSignals take_signals() override {
        const std::lock_guard guard(mutex_);
        eventfd_t count = 0;
        static_cast<void>(::eventfd_read(signal_, &count));
        SessionSignals taken = signals_;
        signals_.answer = false;
        return taken;
    }
    SessionSignals wait_signals(Milliseconds limit) override {
        pollfd watched{signal_, POLLIN, 0};
        static_cast<void>(::poll(&watched, 1, static_cast<int>(limit.count())));
        return take_signals();
    }

private:
    RequestStatus& request(const std::string& key) {
        RequestStatus& status = requests_[key];
        if (status.request_id.empty()) {
            status.request_id = "r" + std::to_string(requests_.size());
        }
        return status;
    }
    void wake() { static_cast<void>(::eventfd_write(signal_, 1)); }

    SessionSpec spec_;
    std::string directory_;
    std::string keeper_path_;
    std::vector<StepRecord> earlier_steps_;
    int signal_;
    mutable std::mutex mutex_;
    SessionSignals signals_;
    std::string handle_;
    std::string output_[2];
    std::vector<StepReport> steps_;
    std::vector<Progress> progress_;
    std::vector<std::string> log_;
    std::map<std::string, RequestStatus> requests_;
    std::map<std::string, bool> opened_keys_;
    std::vector<NewRequest> opened_;
};

} // namespace loong::test
