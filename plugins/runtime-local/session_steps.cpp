// The part of SessionRunner that talks with the session: reports, questions, what earlier sessions
// did.

#include "duration.hpp"
#include "session_runner.hpp"

namespace loong::local {
namespace {

/// A question's key. Its session makes it one question of one attempt: a retried task asks again,
/// a resumed one finds the answer.
std::string request_key(const Step& step, const std::string& session_id) {
    return "step " + step.name + "/" + session_id;
}

NewRequest request_of(const Step& step, const std::string& session_id) {
    NewRequest request;
    request.kind = step.kind == StepKind::ask ? RequestKind::input : RequestKind::approval;
    request.key = request_key(step, session_id);
    request.question = step.question;
    request.expires_after = step.timeout;
    return request;
}

bool is_resolved(RequestState state) {
    return state == RequestState::allowed || state == RequestState::denied ||
           state == RequestState::answered;
}

} // namespace

const StepRecord* SessionRunner::earlier(const Step& step) const {
    const std::vector<StepRecord>& records = context_.earlier_steps();
    for (auto record = records.rbegin(); record != records.rend(); ++record) {
        if (record->step == step.name) return &*record;
    }
    return nullptr;
}

bool SessionRunner::is_done(const Step& step) const {
    const StepRecord* record = plan_.has_steps ? earlier(step) : nullptr;
    if (record == nullptr) return false;
    return record->state == StepRecord::State::completed ||
           (record->state == StepRecord::State::failed && record->continued);
}

bool SessionRunner::may_start(const Step& step) const {
    const StepRecord* record = plan_.has_steps ? earlier(step) : nullptr;
    if (record == nullptr || record->state != StepRecord::State::started) return true;
    // Adopted: it is this session's own report.
    if (record->session_id == context_.spec().task_session_id) return true;
    return step.kind != StepKind::run || step.retry > 0 || context_.spec().rerun_started_steps;
}

Result<void> SessionRunner::recall_answer(const Step& step) {
    if (step.kind != StepKind::ask) return {};
    const StepRecord* record = earlier(step);
    const std::string session =
        record == nullptr ? context_.spec().task_session_id : record->session_id;
    auto status = context_.open_request(request_of(step, session));
    if (!status) return std::move(status).error();
    if (status->state == RequestState::answered) {
        answers_.push_back({answer_variable(step.name), status->text});
    } else if (status->state == RequestState::open) {
        return context_.withdraw_request(status->request_id, "the step is done already");
    }
    return {};
}

SessionRunner::StepEnd SessionRunner::perform_question(std::size_t index) {
    const Step& step = plan_.steps[index];
    auto reported = report(index, StepRecord::State::started, {});
    if (!reported) return std::move(reported).error();
    auto saved = context_.save_handle(handle_of(index, 1, std::nullopt));
    if (!saved) return std::move(saved).error();
    step_started_ = std::chrono::steady_clock::now();
    auto status = ask(step);
    if (!status) return std::move(status).error();
    return resolve(index, *status);
}

Result<RequestStatus> SessionRunner::ask(const Step& step) {
    const std::string& session = context_.spec().task_session_id;
    const StepRecord* record = earlier(step);
    if (record != nullptr && record->session_id != session) {
        // Asked by an earlier session, and perhaps answered while nobody listened.
        auto status = context_.open_request(request_of(step, record->session_id));
        if (!status || is_resolved(status->state)) return status;
        if (status->state == RequestState::open) {
            return context_.ask(request_of(step, record->session_id));
        }
    }
    return context_.ask(request_of(step, session));
}

SessionRunner::StepEnd SessionRunner::resolve(std::size_t index, const RequestStatus& status) {
    const Step& step = plan_.steps[index];
    Outcome outcome;
    const std::string note = status.text.empty() ? std::string() : ": " + status.text;
    switch (status.state) {
    case RequestState::open: {
        // Interrupted by something else than an answer.
        if (auto ended = told_to_end()) return ended;
        return std::optional(ended_by_signal(OutcomeKind::detached, {}));
    }
    case RequestState::answered:
        answers_.push_back({answer_variable(step.name), status.text});
        outcome.kind = OutcomeKind::completed;
        break;
    case RequestState::allowed: outcome.kind = OutcomeKind::completed; break;
    case RequestState::denied: outcome.message = "denied by the operator" + note; break;
    case RequestState::expired:
        outcome.message =
            "nobody answered" + (step.timeout ? " within " + format_duration(*step.timeout) : "");
        break;
    case RequestState::withdrawn: outcome.message = "the question was withdrawn"; break;
    }
    return finish_step(index, std::move(outcome));
}

Result<void> SessionRunner::report(std::size_t index, StepRecord::State state,
                                   const Outcome& outcome) {
    if (!plan_.has_steps) return {};
    const Step& step = plan_.steps[index];
    StepReport report;
    report.step = step.name;
    report.index = static_cast<int>(index);
    report.total = static_cast<int>(plan_.steps.size());
    report.state = state;
    report.exit_code = outcome.exit_code;
    report.signal = outcome.signal;
    report.message = outcome.message;
    const bool by_session =
        outcome.kind == OutcomeKind::cancelled || outcome.kind == OutcomeKind::timed_out;
    report.continued = state == StepRecord::State::failed && step.continue_on_error && !by_session;
    if (state != StepRecord::State::started && step_started_) {
        report.duration = std::chrono::duration_cast<Milliseconds>(
            std::chrono::steady_clock::now() - *step_started_);
    }
    return context_.report_step(report);
}

Result<void> SessionRunner::report_progress(std::size_t done, const std::string& note) {
    Progress progress;
    const std::size_t total = plan_.steps.size();
    progress.percent = static_cast<int>(done * 100 / total);
    progress.done = static_cast<std::int64_t>(done);
    progress.total = static_cast<std::int64_t>(total);
    progress.note = note;
    return context_.report_progress(progress);
}

std::string SessionRunner::handle_of(std::size_t index, int attempt,
                                     const std::optional<ProcessIdentity>& keeper) const {
    Handle handle;
    handle.boot_id = boot_id();
    if (keeper) {
        handle.command_id = command_id(index, attempt);
        handle.keeper = *keeper;
    }
    handle.step = static_cast<int>(index);
    handle.attempt = attempt;
    handle.started_at = boot_clock();
    return format_handle(handle);
}

} // namespace loong::local
