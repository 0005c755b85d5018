/// Commands about what the operator is told.

#include "event_data.hpp"
#include "event_group.hpp"
#include "text.hpp"

namespace loong {

Decision decide_one(const TaskState& state, const command::NoticeAttention& notice,
                    const DecisionInput& input) {
    const TaskSummary& summary = state.summary;
    const bool is_so = summary.revision == notice.revision && !state.sessions.empty() &&
                       !is_terminal(summary.session_state);
    if (!is_so || !summary.notify_attention || summary.noticed == notice.status) {
        return std::vector<Event>();
    }
    Value data;
    data.set("status", kept_text(notice.status, limit::key));
    data.set("reason", kept_text(notice.reason, limit::message));
    EventGroup group(state, input);
    group.add(EventKind::attention_noticed, summary.task_session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::NoteDelivery& note,
                    const DecisionInput& input) {
    const NotificationFacts* facts = find_notification(state, note.event_id);
    if (facts == nullptr || facts->state == DeliveryState::delivered) return std::vector<Event>();
    if (note.failure && facts->state != DeliveryState::owed) return std::vector<Event>();
    const int attempt = facts->attempts + 1;
    Value data;
    data.set("event_id", note.event_id);
    data.set("attempt", attempt);
    if (note.failure) {
        data.set("message", kept_text(*note.failure, limit::line));
        if (attempt < most_notification_attempts) {
            const Time next = add_saturating(input.now, doubling_back_off(facts->attempts));
            data.set("next_at", format_time(next));
        }
    }
    EventGroup group(state, input);
    group.add(note.failure ? EventKind::notification_failed : EventKind::notification_delivered,
              state.summary.task_session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::ScheduleNotifications&,
                    const DecisionInput& input) {
    EventGroup group(state, input);
    for (const NotificationFacts& facts : state.notifications) {
        if (facts.state != DeliveryState::given_up) continue;
        Value data;
        data.set("event_id", facts.event_id);
        group.add(EventKind::notification_scheduled, state.summary.task_session_id,
                  std::move(data));
    }
    return group.take();
}

} // namespace loong
