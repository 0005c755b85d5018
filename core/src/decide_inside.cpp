/// Commands that come from inside a running session.

#include "event_data.hpp"
#include "event_group.hpp"
#include "text.hpp"
#include "words.hpp"

namespace loong {
namespace {

Error invalid(const TaskState& state, const std::string& why, std::string hint = {}) {
    return refuse(state, ErrorCode::invalid_argument, why, std::move(hint));
}

EventKind step_kind(StepRecord::State step) {
    switch (step) {
    case StepRecord::State::started: return EventKind::step_started;
    case StepRecord::State::completed: return EventKind::step_completed;
    case StepRecord::State::failed: break;
    }
    return EventKind::step_failed;
}

} // namespace

Decision decide_one(const TaskState& state, const command::Report& report,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, report.session_id)) return *error;
    const Progress& progress = report.progress;
    if (progress.percent && (*progress.percent < 0 || *progress.percent > 100)) {
        return invalid(state, "progress of " + std::to_string(*progress.percent) + " % is reported",
                       "it goes from 0 to 100");
    }
    Value data = Value::Object{};
    if (progress.state != ProgressState::none) data.set("state", to_string(progress.state));
    if (progress.percent) data.set("percent", *progress.percent);
    if (!progress.note.empty()) data.set("note", kept_text(progress.note, limit::line));
    if (progress.done) data.set("done", *progress.done);
    if (progress.total) data.set("total", *progress.total);
    EventGroup group(state, input);
    group.add(EventKind::task_progress, report.session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::ReportStep& report,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, report.session_id)) return *error;
    const StepReport& step = report.step;
    if (step.step.empty()) return invalid(state, "a step without a name is reported");
    Value data;
    data.set("step", kept_text(step.step, limit::line));
    data.set("index", step.index);
    data.set("total", step.total);
    if (step.state != StepRecord::State::started) {
        if (step.exit_code) data.set("exit_code", *step.exit_code);
        if (step.state == StepRecord::State::failed) {
            if (step.signal) data.set("signal", *step.signal);
            data.set("message", kept_text(step.message, limit::message));
        }
        data.set("duration_ms", static_cast<std::int64_t>(step.duration.count()));
        if (step.state == StepRecord::State::failed) data.set("continued", step.continued);
    }
    EventGroup group(state, input);
    group.add(step_kind(step.state), report.session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::ReportDenied& denied,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, denied.session_id)) return *error;
    Value data;
    data.set("tool", kept_text(denied.tool, limit::key));
    data.set("detail", kept_text(denied.detail, limit::message));
    data.set("rule", kept_text(denied.rule, limit::message));
    EventGroup group(state, input);
    group.add(EventKind::tool_denied, denied.session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::AwaitSlot& awaited,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, awaited.session_id)) return *error;
    EventGroup group(state, input);
    if (!state.awaits_slot) group.add(EventKind::delegate_slot_awaited, awaited.session_id);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::TakeSlot& taken,
                    const DecisionInput& input) {
    if (const auto error = check_carries(state, taken.session_id)) return *error;
    EventGroup group(state, input);
    if (state.awaits_slot) group.add(EventKind::delegate_slot_taken, taken.session_id);
    return group.take();
}

} // namespace loong
