#pragma once
/// What the parts of decide() share: the group of events in the making, and its usual pieces.

#include "decide.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace loong {

using Decision = Result<std::vector<Event>>;

/// The events that one command gives, with ids that continue the state's revision.
class EventGroup {
public:
    EventGroup(const TaskState& state, const DecisionInput& input) : state_(state), input_(input) {}

    void add(EventKind kind, std::string_view session_id, Value data = Value::Object{});

    void add_carrier_lost(std::string_view found, std::string_view message);
    void add_recovery(std::string_view action, std::string_view message);
    /// The event that ends the current session so, and the withdrawals of its open requests.
    void add_end(const Outcome& outcome, std::string_view reason);
    /// Makes `input.new_session_id` ready: a next attempt, or the continuation of the current one.
    void add_next_session(std::string_view reason, std::optional<Time> not_before,
                          bool rerun_started_steps = false);
    /// A next attempt from the start, with the event that announces it.
    void add_retry(bool automatic, std::optional<Time> not_before);

    [[nodiscard]] std::vector<Event> take() { return std::move(events_); }

private:
    const TaskState& state_;
    const DecisionInput& input_;
    std::vector<Event> events_;
};

/// `task X: <why>`.
[[nodiscard]] Error refuse(const TaskState& state, ErrorCode code, std::string_view why,
                           std::string hint = {});

/// `loong tasks VERB X`, in the quotes of a hint.
[[nodiscard]] std::string hint_command(const TaskState& state, std::string_view verb);

/// What the current session's state is called in a sentence: `it is running`, `it has failed`.
[[nodiscard]] std::string_view state_sentence(const TaskState& state);

[[nodiscard]] Time add_saturating(Time time, Microseconds by);

/// Null where `session_id` is the current session and running; else the `conflict`.
[[nodiscard]] std::optional<Error> check_carries(const TaskState& state,
                                                 std::string_view session_id);

[[nodiscard]] Decision decide_one(const TaskState&, const command::Create&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Start&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Adopt&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Finish&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::SpawnFailed&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Cancel&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::AcknowledgeCancel&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::EndCancelled&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Release&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Archive&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::MarkEnded&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Retry&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Supersede&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::Report&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::ReportStep&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::ReportDenied&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::AwaitSlot&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::TakeSlot&, const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::OpenRequest&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::ResolveRequest&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::WithdrawRequest&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::ForgetRequest&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::NoticeAttention&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::NoteDelivery&,
                                  const DecisionInput&);
[[nodiscard]] Decision decide_one(const TaskState&, const command::ScheduleNotifications&,
                                  const DecisionInput&);

/// 1 s, doubled for each of `earlier`, at most 5 min.
[[nodiscard]] Microseconds doubling_back_off(int earlier);

} // namespace loong
