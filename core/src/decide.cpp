#include "decide.hpp"

#include "event_data.hpp"
#include "event_group.hpp"
#include "text.hpp"

namespace loong {
namespace {

Value start_data(const TaskState& state, std::uint64_t lease_token, const std::string& host,
                 std::int64_t pid) {
    Value worker;
    worker.set("host", kept_text(host, limit::line));
    worker.set("pid", pid);
    Value data;
    data.set("attempt", state.summary.attempt);
    data.set("lease_token", lease_token);
    data.set("worker", std::move(worker));
    return data;
}

bool is_in(const TaskState& state, SessionState wanted) {
    return !state.sessions.empty() && state.summary.session_state == wanted;
}

} // namespace

Decision decide_one(const TaskState& state, const command::Create& create,
                    const DecisionInput& input) {
    if (state.summary.revision != 0) {
        return refuse(state, ErrorCode::conflict, "it exists already");
    }
    if (input.new_session_id.empty()) {
        return refuse(state, ErrorCode::invalid_argument, "its first session has no id");
    }
    EventGroup group(state, input);
    Value data;
    data.set("label", kept_text(state.summary.label, limit::line));
    data.set("runtime", kept_text(state.summary.runtime, limit::line));
    group.add(EventKind::task_created, input.new_session_id, std::move(data));
    group.add_next_session("created", std::nullopt);
    if (create.hold) group.add(EventKind::task_held, input.new_session_id);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Start& start,
                    const DecisionInput& input) {
    if (!is_in(state, SessionState::ready)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) + ", and only a ready session can start");
    }
    if (state.summary.task_session_id != start.session_id) {
        return refuse(state, ErrorCode::conflict,
                      "its session is " + state.summary.task_session_id + ", not " +
                          kept_text(start.session_id, limit::key) + " any more");
    }
    if (state.summary.held) {
        return refuse(state, ErrorCode::conflict, "it is held",
                      hint_command(state, "release") + " lets it start");
    }
    const std::optional<Time>& not_before = state.summary.not_before;
    if (not_before && *not_before > input.now) {
        return refuse(state, ErrorCode::conflict,
                      "it may not start before " + format_time(*not_before));
    }
    EventGroup group(state, input);
    group.add(EventKind::delegate_started, state.summary.task_session_id,
              start_data(state, start.lease_token, start.host, start.pid));
    std::vector<Event> events = group.take();
    events.back().handle = start.handle;
    return events;
}

Decision decide_one(const TaskState& state, const command::Adopt& adopt,
                    const DecisionInput& input) {
    if (!is_in(state, SessionState::running)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) +
                          ", and only a running session can be taken over");
    }
    EventGroup group(state, input);
    group.add_carrier_lost("alive", adopt.message);
    group.add_recovery("adopted", adopt.message);
    Value data = start_data(state, adopt.lease_token, adopt.host, adopt.pid);
    data.set("adopted", true);
    group.add(EventKind::delegate_started, state.summary.task_session_id, std::move(data));
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Release&, const DecisionInput& input) {
    if (!is_in(state, SessionState::ready)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) + ", and only a held task can be released",
                      hint_command(state, "status") + " tells how it stands");
    }
    if (!state.summary.held) {
        return refuse(state, ErrorCode::conflict, "it is not held",
                      hint_command(state, "status") + " tells what it waits for");
    }
    EventGroup group(state, input);
    group.add(EventKind::task_released, state.summary.task_session_id);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::Archive&, const DecisionInput& input) {
    if (state.sessions.empty() || !is_terminal(state.summary.session_state)) {
        return refuse(state, ErrorCode::conflict,
                      std::string(state_sentence(state)) +
                          ", and only a task that has ended can be archived",
                      hint_command(state, "cancel") + " ends it");
    }
    EventGroup group(state, input);
    if (!state.summary.archived) group.add(EventKind::task_archived, state.summary.task_session_id);
    return group.take();
}

Decision decide_one(const TaskState& state, const command::ForgetRequest& forget,
                    const DecisionInput& input) {
    if (find_request(state, forget.request_id) != nullptr) {
        return refuse(state, ErrorCode::conflict,
                      "request " + forget.request_id + " is one of its own");
    }
    Value data;
    data.set("request_id", forget.request_id);
    data.set("reason", "no session of the task waits for it");
    EventGroup group(state, input);
    group.add(EventKind::request_withdrawn, forget.session_id, std::move(data));
    return group.take();
}

Result<std::vector<Event>> decide(const TaskState& state, const Command& command,
                                  const DecisionInput& input) {
    return std::visit([&](const auto& one) { return decide_one(state, one, input); }, command);
}

} // namespace loong
