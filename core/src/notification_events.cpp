#include "notification_events.hpp"

#include "event_data.hpp"
#include "loong/status.hpp"

#include <algorithm>
#include <utility>

namespace loong {
namespace {

bool says_blocked(const TaskState& state) {
    return state.summary.session_state == SessionState::running &&
           state.summary.progress.state == ProgressState::blocked;
}

NotificationFacts* find(TaskState& state, const Event& event) {
    const std::int64_t id = event.data.integer_or("event_id", 0);
    for (NotificationFacts& one : state.notifications) {
        if (id > 0 && one.event_id == static_cast<std::uint64_t>(id)) return &one;
    }
    return nullptr;
}

void owe(TaskState& state, const Event& event, NotifyOn on, std::string_view status,
         std::string request_id = {}) {
    NotificationFacts facts;
    facts.on = on;
    facts.status = std::string(status);
    facts.event_id = event.id;
    facts.since = event.at;
    facts.request_id = std::move(request_id);
    facts.next_at = clock_time(event);
    state.notifications.push_back(std::move(facts));
}

void notice(TaskState& state, const Event& event) {
    TaskSummary& summary = state.summary;
    std::string status = event.data.string_or("status", "");
    if (!summary.notify_attention || has_ended(state) || status.empty()) return;
    summary.noticed = std::move(status);
    owe(state, event, NotifyOn::attention, summary.noticed);
}

void deliver(TaskState& state, const Event& event) {
    NotificationFacts* facts = find(state, event);
    if (facts == nullptr || facts->state == DeliveryState::delivered) return;
    facts->state = DeliveryState::delivered;
    facts->attempts = optional_integer(event.data, "attempt").value_or(facts->attempts + 1);
    facts->delivered_at = event.at;
}

void fail(TaskState& state, const Event& event) {
    NotificationFacts* facts = find(state, event);
    if (facts == nullptr || facts->state != DeliveryState::owed) return;
    facts->attempts = optional_integer(event.data, "attempt").value_or(facts->attempts + 1);
    facts->last_error = event.data.string_or("message", "");
    const std::optional<Time> next = optional_time(event.data, "next_at");
    if (next) facts->next_at = *next;
    if (!next) facts->state = DeliveryState::given_up;
}

void schedule(TaskState& state, const Event& event) {
    NotificationFacts* facts = find(state, event);
    if (facts == nullptr || facts->state != DeliveryState::given_up) return;
    facts->state = DeliveryState::owed;
    facts->attempts = 0;
    facts->next_at = clock_time(event);
}

/// A request that this event opened.
const RequestFacts* opened_by(const TaskState& state, const Event& event) {
    if (event.kind != EventKind::approval_requested && event.kind != EventKind::input_requested) {
        return nullptr;
    }
    const RequestFacts* request = find_request(state, event.data.string_or("request_id", ""));
    const bool is_new = request != nullptr && request == &state.requests.back() &&
                        request->state == RequestState::open;
    return is_new ? request : nullptr;
}

void look_at_change(TaskState& state, const Event& event, const StandingBefore& before) {
    TaskSummary& summary = state.summary;
    if (has_ended(state)) {
        summary.noticed.clear();
        if (before.is_terminal) return;
        const std::string_view status = to_string(summary.session_state);
        if (state.notify_terminal) {
            owe(state, event, NotifyOn::terminal, status);
        } else if (summary.notify_attention && summary.attention) {
            owe(state, event, NotifyOn::attention, status);
        }
        return;
    }
    // A session that begins, or has a worker again, is no longer what was seen from outside.
    if (event.kind == EventKind::delegate_queued || event.kind == EventKind::delegate_started) {
        summary.noticed.clear();
    }
    if (!summary.notify_attention) return;
    if (const RequestFacts* request = opened_by(state, event)) {
        const bool approval = request->kind == RequestKind::approval;
        owe(state, event, NotifyOn::attention,
            to_string(approval ? Status::approval_pending : Status::blocked), request->request_id);
    } else if (says_blocked(state) && !before.says_blocked) {
        owe(state, event, NotifyOn::attention, to_string(Status::blocked));
    }
}

/// Whether the operator would be told of something that is not so any more.
bool is_pointless(const TaskState& state, const NotificationFacts& facts) {
    const TaskSummary& summary = state.summary;
    if (facts.on == NotifyOn::terminal) return !has_ended(state);
    if (summary.archived) return true;
    if (!facts.request_id.empty()) {
        const RequestFacts* request = find_request(state, facts.request_id);
        return request == nullptr || request->state != RequestState::open;
    }
    if (facts.status == to_string(summary.session_state)) return !has_ended(state);
    if (facts.status == summary.noticed) return false;
    return facts.status != to_string(Status::blocked) || !says_blocked(state);
}

void withdraw_pointless(TaskState& state) {
    for (NotificationFacts& facts : state.notifications) {
        const bool is_open =
            facts.state == DeliveryState::owed || facts.state == DeliveryState::given_up;
        if (is_open && is_pointless(state, facts)) facts.state = DeliveryState::withdrawn;
    }
}

} // namespace

StandingBefore standing_of(const TaskState& state) {
    return {has_ended(state), says_blocked(state)};
}

void fold_notification_event(TaskState& state, const Event& event, const StandingBefore& before) {
    TaskSummary& summary = state.summary;
    if (!state.notify_terminal && !summary.notify_attention) return;
    switch (event.kind) {
    case EventKind::attention_noticed: notice(state, event); break;
    case EventKind::notification_delivered: deliver(state, event); break;
    case EventKind::notification_failed: fail(state, event); break;
    case EventKind::notification_scheduled: schedule(state, event); break;
    default: look_at_change(state, event, before); break;
    }
    withdraw_pointless(state);
    summary.notify_at.reset();
    for (const NotificationFacts& facts : state.notifications) {
        if (facts.state != DeliveryState::owed) continue;
        summary.notify_at = std::min(summary.notify_at.value_or(facts.next_at), facts.next_at);
    }
}

const NotificationFacts* find_notification(const TaskState& state, std::uint64_t event_id) {
    const auto found = std::find_if(
        state.notifications.begin(), state.notifications.end(),
        [event_id](const NotificationFacts& facts) { return facts.event_id == event_id; });
    return found == state.notifications.end() ? nullptr : &*found;
}

} // namespace loong
