#include "task_json.hpp"

#include "loong/tool_policy.hpp"
#include "text.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace loong::cli {

Value or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }
Value or_null(const std::optional<int>& number) { return number ? Value(*number) : Value(); }
Value or_null(const std::optional<std::int64_t>& number) {
    return number ? Value(*number) : Value();
}
Value or_null(const std::optional<Time>& time) { return time ? time_value(*time) : Value(); }

Value strings(const std::vector<std::string>& items) {
    return {Value::Array(items.begin(), items.end())};
}

namespace {

Value milliseconds(Microseconds duration) {
    return {static_cast<std::int64_t>(std::chrono::duration_cast<Milliseconds>(duration).count())};
}

Value progress_value(const Progress& progress) {
    const bool nothing = progress.state == ProgressState::none && !progress.percent &&
                         !progress.done && !progress.total && progress.note.empty();
    if (nothing) return {};
    Value value;
    value.set("state",
              progress.state == ProgressState::none ? Value() : Value(to_string(progress.state)));
    value.set("percent", or_null(progress.percent));
    value.set("done", or_null(progress.done));
    value.set("total", or_null(progress.total));
    value.set("note", or_null(progress.note));
    value.set("at", or_null(progress.at));
    return value;
}

Value work_value(const TaskDetail& detail) {
    const Work& work = detail.work;
    Value value;
    switch (work.kind) {
    case WorkKind::text: value.set("kind", "text"); break;
    case WorkKind::command: value.set("kind", "command"); break;
    case WorkKind::plan: value.set("kind", "plan"); break;
    }
    const bool command = work.kind == WorkKind::command;
    value.set("text", command ? Value() : Value(work.text));
    value.set("arguments", command ? strings(work.arguments) : Value());
    value.set("source", or_null(work.source));
    value.set("working_directory", or_null(detail.working_directory));
    return value;
}

std::string_view to_string(RequestOption::Kind kind) {
    switch (kind) {
    case RequestOption::Kind::allow_once: return "allow_once";
    case RequestOption::Kind::allow_always: return "allow_always";
    case RequestOption::Kind::deny_once: return "deny_once";
    case RequestOption::Kind::deny_always: return "deny_always";
    }
    return "deny_once";
}

void set_request(Value& value, const RequestView& request) {
    Value::Array options;
    for (const RequestOption& option : request.options) {
        Value item;
        item.set("id", option.id);
        item.set("label", option.label);
        item.set("kind", to_string(option.kind));
        options.push_back(std::move(item));
    }
    value.set("request_id", request.request_id);
    value.set("kind", request.kind == RequestKind::approval ? "approval" : "input");
    value.set("state", request_state_word(request.state));
    value.set("session_id", request.session_id);
    value.set("tool", or_null(request.tool));
    value.set("rule", or_null(request.rule));
    value.set("question", request.question);
    value.set("detail", or_null(request.detail));
    value.set("options", std::move(options));
    value.set("since", time_value(request.since));
    value.set("expires_at", or_null(request.expires_at));
    value.set("resolved_at", or_null(request.resolved_at));
    value.set("resolved_by", or_null(request.resolved_by));
    value.set("option_id", or_null(request.option_id));
    value.set("answer", or_null(request.answer));
    value.set("always", request.always);
    value.set("because_of", or_null(request.because_of));
}

Value approval_value(const std::vector<RequestView>& requests) {
    Value::Array items;
    int open = 0;
    for (const RequestView& request : requests) {
        if (request.state == RequestState::open) ++open;
        Value item;
        set_request(item, request);
        items.push_back(std::move(item));
    }
    Value value;
    value.set("open_count", open);
    value.set("requests", std::move(items));
    return value;
}

Value tool_policy_value(const ToolPolicy& policy) {
    Value narrowing;
    if (policy.narrowed) {
        Value::Array rules;
        for (const ToolRule& rule : policy.rules) rules.emplace_back(to_text(rule));
        narrowing.set("read_directories",
                      policy.read_directories ? strings(*policy.read_directories) : Value());
        narrowing.set("write_directories",
                      policy.write_directories ? strings(*policy.write_directories) : Value());
        narrowing.set("network", policy.network);
        narrowing.set("rules", std::move(rules));
    }
    Value value;
    value.set("base_tool_ids", strings(policy.base_tool_ids));
    value.set("requested_tool_ids", strings(policy.requested_tool_ids));
    value.set("effective_tool_ids", strings(policy.effective_tool_ids));
    value.set("effective_runtime_narrowing", std::move(narrowing));
    value.set("enforced_by", policy.narrowed ? strings(policy.enforced_by) : Value());
    return value;
}

void set_outcome(Value& value, const Outcome& outcome) {
    value.set("status", to_string(outcome.kind));
    value.set("exit_code", or_null(outcome.exit_code));
    value.set("signal", or_null(outcome.signal));
    value.set("message", or_null(outcome.message));
    value.set("result", or_null(outcome.result));
    value.set("started_at", or_null(outcome.started_at));
    value.set("ended_at", or_null(outcome.ended_at));
    const bool whole = outcome.started_at && outcome.ended_at;
    value.set("duration_ms",
              whole ? milliseconds(*outcome.ended_at - *outcome.started_at) : Value());
    Value use;
    if (outcome.resource_use) {
        use.set("user_cpu_ms", milliseconds(outcome.resource_use->user_cpu));
        use.set("system_cpu_ms", milliseconds(outcome.resource_use->system_cpu));
        use.set("max_resident_bytes", outcome.resource_use->max_resident_bytes);
    }
    value.set("resource_use", std::move(use));
}

Value terminal_outcome_value(const std::optional<TerminalOutcome>& terminal) {
    Value value;
    if (!terminal) return value;
    set_outcome(value, terminal->outcome);
    value.set("recorded_at", time_value(terminal->recorded_at));
    value.set("recorded_by", terminal->recorded_by_carrier ? "carrier" : "recovery");
    return value;
}

Value lineage_value(const std::vector<SessionView>& sessions) {
    Value::Array items;
    for (const SessionView& session : sessions) items.push_back(session_value(session, true));
    return {std::move(items)};
}

Value recovery_value(const std::optional<RecoveryView>& recovery) {
    Value value;
    if (!recovery) return value;
    value.set("action", recovery->action);
    value.set("message", recovery->message);
    value.set("at", time_value(recovery->at));
    value.set("from_session_id", or_null(recovery->from_session_id));
    return value;
}

Value unreadable_row(const TaskRow& row) {
    Value value;
    value.set("task_id", row.task_id);
    for (const char* key :
         {"label", "task_session_id", "owner_session_id", "scope_session_id", "runtime",
          "session_state", "created_at", "updated_at", "archived", "progress", "open_requests"}) {
        value.set(key, Value());
    }
    value.set("task_status", task_status_value(row.task_status));
    return value;
}

} // namespace

std::string_view request_state_word(RequestState state) noexcept {
    switch (state) {
    case RequestState::open: return "open";
    case RequestState::allowed: return "allowed";
    case RequestState::denied: return "denied";
    case RequestState::answered: return "answered";
    case RequestState::expired: return "expired";
    case RequestState::withdrawn: return "withdrawn";
    }
    return "open";
}

Value request_row_value(const RequestRow& row, Time now) {
    Value value;
    value.set("task_id", row.task_id);
    value.set("label", row.label);
    set_request(value, row.request);
    value.set("age_ms", milliseconds(now - row.request.since));
    value.set("self_approval_possible", row.self_approval_possible);
    Value::Array answers;
    for (const RequestRow::Answer& answer : row.answers) {
        Value item;
        item.set("command", answer.command);
        item.set("follows", answer.follows);
        answers.push_back(std::move(item));
    }
    value.set("answers", std::move(answers));
    value.set("if_unanswered", or_null(row.if_unanswered));
    value.set("task_status", task_status_value(row.task_status));
    return value;
}

std::string_view to_string(Held held) noexcept {
    switch (held) {
    case Held::free: return "free";
    case Held::held: return "held";
    case Held::unknown: return "unknown";
    }
    return "unknown";
}

Value request_value(const RequestView& request) {
    Value value;
    set_request(value, request);
    return value;
}

Value session_value(const SessionView& session, bool with_outcome) {
    Value value;
    value.set("session_id", session.session_id);
    value.set("attempt", session.attempt);
    value.set("state", to_string(session.state));
    value.set("lease", to_string(session.lease));
    value.set("host", or_null(session.host));
    value.set("pid", session.pid == 0 ? Value() : Value(session.pid));
    value.set("queued_at", time_value(session.queued_at));
    value.set("started_at", or_null(session.started_at));
    value.set("ended_at", or_null(session.ended_at));
    value.set("cancel_requested_at", or_null(session.cancel_requested_at));
    value.set("cancel_acknowledged_at", or_null(session.cancel_acknowledged_at));
    if (!with_outcome) return value;
    Value outcome;
    if (session.outcome) set_outcome(outcome, *session.outcome);
    value.set("outcome", std::move(outcome));
    return value;
}

Value time_value(Time time) { return {format_time(time)}; }

Value task_status_value(const TaskStatus& status) {
    Value::Array signals;
    for (const Signal signal : status.signals) signals.emplace_back(to_string(signal));
    Value value;
    value.set("status", to_string(status.status));
    value.set("display", status.display);
    value.set("reason", status.reason);
    value.set("blocked", status.blocked);
    value.set("terminal", status.terminal);
    value.set("needs_attention", status.needs_attention);
    value.set("next_action", to_string(status.next_action));
    value.set("next_command", or_null(status.next_command));
    value.set("next_commands", strings(status.next_commands));
    value.set("recovered", status.recovered);
    value.set("tool_narrowing_active", status.tool_narrowing_active);
    value.set("signals", std::move(signals));
    return value;
}

Value event_value(const Event& event) {
    Value value;
    value.set("id", event.id);
    value.set("at", time_value(event.at));
    value.set("kind", event.kind == EventKind::unknown ? Value(event.kind_name)
                                                       : Value(to_string(event.kind)));
    value.set("session_id", or_null(event.session_id));
    value.set("actor_session_id", or_null(event.actor_session_id));
    value.set("data", event.data);
    return value;
}

Value events_value(const std::vector<Event>& events) {
    Value::Array items;
    items.reserve(events.size());
    for (const Event& event : events) items.push_back(event_value(event));
    return {std::move(items)};
}

Value row_value(const TaskRow& row) {
    if (row.unreadable) return unreadable_row(row);
    const TaskSummary& summary = row.summary;
    Value value;
    value.set("task_id", row.task_id);
    value.set("label", summary.label);
    value.set("task_session_id", summary.task_session_id);
    value.set("owner_session_id", summary.owner_session_id);
    value.set("scope_session_id", summary.scope_session_id);
    value.set("runtime", summary.runtime);
    value.set("session_state", to_string(summary.session_state));
    value.set("created_at", time_value(summary.created_at));
    value.set("updated_at", time_value(summary.updated_at));
    value.set("archived", summary.archived);
    value.set("progress", progress_value(summary.progress));
    value.set("open_requests", summary.open_approvals + summary.open_inputs);
    value.set("task_status", task_status_value(row.task_status));
    return value;
}

Value notification_value(const NotificationView& notification) {
    Value value;
    value.set("on", to_string(notification.on));
    value.set("status", notification.status);
    value.set("event_id", notification.event_id);
    value.set("state", to_string(notification.state));
    value.set("since", time_value(notification.since));
    value.set("attempts", notification.attempts);
    value.set("delivered_at", or_null(notification.delivered_at));
    value.set("next_attempt_at", or_null(notification.next_attempt_at));
    value.set("last_error", or_null(notification.last_error));
    return value;
}

Value detail_value(const TaskDetail& detail) {
    Value value = row_value(detail.row);
    value.set("work", work_value(detail));
    value.set("phase", detail.phase);
    value.set("attempt", detail.session.attempt);
    value.set("timeout_seconds",
              detail.timeout ? Value(static_cast<std::int64_t>(detail.timeout->count())) : Value());
    value.set("deadline_at", or_null(detail.deadline_at));
    value.set("last_error", or_null(detail.last_error));
    value.set("approval", approval_value(detail.requests));
    value.set("tool_policy", tool_policy_value(detail.tool_policy));
    value.set("session", session_value(detail.session, false));
    value.set("lineage", lineage_value(detail.lineage));
    value.set("terminal_outcome", terminal_outcome_value(detail.terminal_outcome));
    value.set("recovery", recovery_value(detail.recovery));
    value.set("recent_events", events_value(detail.recent_events));
    Value paths;
    paths.set("directory", or_null(detail.paths.directory));
    paths.set("stdout", or_null(detail.paths.standard_output));
    paths.set("stderr", or_null(detail.paths.standard_error));
    value.set("paths", std::move(paths));
    Value::Array notifications;
    for (const NotificationView& one : detail.notifications) {
        notifications.push_back(notification_value(one));
    }
    value.set("notifications", std::move(notifications));
    return value;
}

Value counts_value(const ListResult& list) {
    Value value = Value::Object{};
    for (const auto& [status, count] : list.counts) value.set(to_string(status), count);
    value.set("needs_attention", list.needs_attention_count);
    return value;
}

} // namespace loong::cli
