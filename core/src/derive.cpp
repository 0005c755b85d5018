#include "derivation.hpp"

#include <algorithm>

namespace loong {
namespace {

bool is_running(const Facts& facts) noexcept {
    return facts.session_state == SessionState::running;
}

bool is_ready(const Facts& facts) noexcept { return facts.session_state == SessionState::ready; }

/// Rows 7 to 13 speak of a running session only where its carrier is known to live.
bool is_steady(const Facts& facts) noexcept {
    return is_ready(facts) || (is_running(facts) && facts.carrier_lease == Held::held);
}

bool is_waiting(const Facts& facts) noexcept {
    return facts.held || facts.dependencies == DependencyState::pending || facts.retry_not_due ||
           facts.progress == ProgressState::waiting;
}

template <NextAction Action>
NextAction always(const Facts&) noexcept {
    return Action;
}

NextAction recover_or_events(const Facts& facts) noexcept {
    return facts.retry_possible ? NextAction::recover : NextAction::events;
}

NextAction release_or_wait(const Facts& facts) noexcept {
    return facts.held ? NextAction::release : NextAction::wait;
}

template <SessionState State>
bool has_state(const Facts& facts) noexcept {
    return facts.session_state == State;
}

bool carrier_is_lost(const Facts& facts) noexcept {
    return is_running(facts) && facts.carrier_lease == Held::free;
}
bool is_overdue(const Facts& facts) noexcept { return facts.overdue; }
bool is_being_cancelled(const Facts& facts) noexcept {
    return is_steady(facts) && facts.cancel_requested;
}
bool asks_for_approval(const Facts& facts) noexcept {
    return is_steady(facts) && facts.approval_open;
}
bool asks_for_input(const Facts& facts) noexcept { return is_steady(facts) && facts.input_open; }
bool says_blocked(const Facts& facts) noexcept {
    return is_steady(facts) && facts.progress == ProgressState::blocked;
}
bool dependency_has_failed(const Facts& facts) noexcept {
    return is_steady(facts) && facts.dependencies == DependencyState::failed;
}
bool waits(const Facts& facts) noexcept { return is_steady(facts) && is_waiting(facts); }
bool works(const Facts& facts) noexcept {
    return is_running(facts) && facts.carrier_lease == Held::held;
}
bool is_unserved(const Facts& facts) noexcept {
    return is_ready(facts) && facts.queue_served == Held::free;
}
bool anything(const Facts&) noexcept { return true; }

// clang-format off: a table is read as one.
constexpr std::array<DerivationRow, 16> table = {{
    // row, status, terminal, blocked, attention, when, next action
    {1, Status::completed, true, false, false, has_state<SessionState::completed>,
     always<NextAction::output>},
    {2, Status::failed, true, false, true, has_state<SessionState::failed>, recover_or_events},
    {3, Status::timed_out, true, false, true, has_state<SessionState::timed_out>,
     recover_or_events},
    {4, Status::cancelled, true, false, false, has_state<SessionState::cancelled>,
     always<NextAction::events>},
    {5, Status::recoverable, false, true, true, carrier_is_lost, always<NextAction::recover>},
    {6, Status::overdue, false, true, true, is_overdue, always<NextAction::recover>},
    {7, Status::cancel_requested, false, false, false, is_being_cancelled,
     always<NextAction::wait>},
    {8, Status::approval_pending, false, true, true, asks_for_approval,
     always<NextAction::approve>},
    {9, Status::blocked, false, true, true, asks_for_input, always<NextAction::answer>},
    {10, Status::blocked, false, true, true, says_blocked, always<NextAction::output>},
    {11, Status::blocked, false, true, true, dependency_has_failed, always<NextAction::cancel>},
    {12, Status::waiting, false, false, false, waits, release_or_wait},
    {13, Status::running, false, false, false, works, always<NextAction::wait>},
    {14, Status::recoverable, false, true, true, is_unserved, always<NextAction::recover>},
    {15, Status::queued, false, false, false, is_ready, always<NextAction::wait>},
    {16, Status::unknown, false, false, true, anything, always<NextAction::doctor>},
}};
// clang-format on

std::vector<Signal> signals_of(const Facts& facts, bool terminal) {
    const bool is_lost = carrier_is_lost(facts);
    const bool can_start =
        is_ready(facts) && !facts.held && facts.dependencies != DependencyState::failed;
    const std::array<std::pair<Signal, bool>, 15> all = {{
        {Signal::approval_pending, facts.approval_open},
        {Signal::input_required, facts.input_open},
        {Signal::overdue, facts.overdue},
        {Signal::carrier_lost, is_lost},
        {Signal::work_alive, is_lost && facts.work == Held::held},
        {Signal::no_worker, can_start && facts.queue_served == Held::free},
        {Signal::cancel_requested, facts.cancel_requested},
        {Signal::recovered, facts.recovered},
        {Signal::retrying, facts.retried && !terminal},
        {Signal::held, facts.held},
        {Signal::tool_narrowing_active, facts.narrowing_active},
        {Signal::progress_blocked, facts.progress == ProgressState::blocked},
        {Signal::dependency_failed, facts.dependencies == DependencyState::failed},
        {Signal::terminal, terminal},
        {Signal::archived, facts.archived},
    }};
    std::vector<Signal> signals;
    for (const auto& [signal, is_set] : all) {
        if (is_set) signals.push_back(signal);
    }
    return signals;
}

} // namespace

const DerivationRow& derivation_row(const Facts& facts) noexcept {
    const auto* const row =
        std::find_if(table.begin(), table.end(),
                     [&facts](const DerivationRow& one) { return one.matches(facts); });
    return row == table.end() ? table.back() : *row;
}

TaskStatus derive(const Facts& facts, const FactDetails& details) {
    const DerivationRow& row = derivation_row(facts);
    TaskStatus status;
    status.status = row.status;
    status.display = std::string(to_string(row.status)) + (facts.recovered ? " (recovered)" : "");
    status.reason = derivation_reason(row, facts, details);
    status.blocked = row.blocked;
    status.terminal = row.terminal;
    status.needs_attention = row.needs_attention && !facts.archived;
    status.next_action = row.next_action(facts);
    status.next_commands = derivation_commands(row, facts, details);
    status.next_command = status.next_commands.front();
    status.recovered = facts.recovered;
    status.tool_narrowing_active = facts.narrowing_active;
    status.signals = signals_of(facts, row.terminal);
    return status;
}

Status derive_status(const Facts& facts) noexcept { return derivation_row(facts).status; }

bool derive_needs_attention(const Facts& facts) noexcept {
    return derivation_row(facts).needs_attention && !facts.archived;
}

Facts facts_of(const TaskSummary& summary, DependencyState dependencies, Time now) {
    Facts facts;
    facts.session_state = summary.session_state;
    const bool ready = summary.session_state == SessionState::ready;
    facts.overdue = summary.overdue_at && *summary.overdue_at <= now;
    facts.held = summary.held;
    facts.cancel_requested = summary.cancel_requested_at.has_value();
    facts.approval_open = summary.open_approvals > 0;
    facts.input_open = summary.open_inputs > 0;
    // What the work said last counts while it works.
    const bool running = summary.session_state == SessionState::running;
    facts.progress = running ? summary.progress.state : ProgressState::none;
    // Once a session has started, what it waited for is of no interest any more.
    facts.dependencies = ready ? dependencies : DependencyState::met;
    facts.retry_not_due = ready && summary.not_before && *summary.not_before > now;
    facts.retried = summary.attempt > 1;
    facts.retry_possible = summary.retry_possible;
    facts.recovered = summary.recovered;
    facts.narrowing_active = summary.tool_narrowing_active;
    facts.archived = summary.archived;
    return facts;
}

FactDetails details_of(const TaskSummary& summary, const std::string& dependency_task_id,
                       Time now) {
    FactDetails details;
    details.task_id = summary.task_id;
    details.task_session_id = summary.task_session_id;
    details.now = now;
    details.state_since = summary.state_since;
    details.overdue_at = summary.overdue_at;
    details.not_before = summary.not_before;
    details.cancel_requested_at = summary.cancel_requested_at;
    details.request = summary.oldest_request;
    details.open_requests = summary.open_approvals + summary.open_inputs;
    details.dependency_task_id = dependency_task_id;
    details.progress_note = summary.progress.note;
    details.outcome_message = summary.message;
    details.exit_code = summary.exit_code;
    details.signal = summary.signal;
    return details;
}

} // namespace loong
