#pragma once
/// One session: an agent's process, its session, one turn. Everything happens in the thread that
/// carries it, in one loop around poll(2).

#include "approval.hpp"
#include "handle.hpp"
#include "narrator.hpp"
#include "peer.hpp"
#include "settings.hpp"
#include <loong/outcome.hpp>
#include <loong/session_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong::acp {

[[nodiscard]] inline Outcome failed(std::string message) {
    Outcome outcome;
    outcome.kind = OutcomeKind::failed;
    outcome.message = std::move(message);
    return outcome;
}

class AcpSession {
public:
    using Clock = std::chrono::steady_clock;

    AcpSession(SessionContext& context, AcpSettings settings, std::string program);

    /// From the start.
    Result<Outcome> run();

    /// Takes an agent's session up again. Its old process is surely gone.
    Result<Outcome> take_up(Handle handle);

private:
    /// Absent: go on.
    using Ended = Result<std::optional<Outcome>>;

    struct Reply {
        json::value result;
        std::optional<RpcError> error;
    };
    /// Why await() returned.
    enum class Came : std::uint8_t { answer, told, silence, late };

    /// A request of the agent's that is put to the operator.
    struct Waiting {
        json::value id;
        std::string request_id;
        std::string key;
        bool is_question = false;
        json::value params;
        std::vector<AgentOption> options;
        std::string tool;
        std::string rule;
    };

    // acp_session.cpp: from the beginning to the end.
    Result<Outcome> carry();
    Ended settle_policy();
    Ended start_agent();
    Ended ask_for_login();
    Result<Outcome> close(Outcome outcome);
    Result<void> save_handle();

    // session_open.cpp: until there is a session in the wanted mode.
    Ended initialize();
    Ended open_session();
    Ended open_new(json::value& opened);
    Ended open_earlier(json::value& opened);
    Ended refused(const std::string& what, const RpcError& error);
    Ended set_mode(const json::value& opened);
    Ended set_option(const json::value& opened, const std::string& id, const json::value& value);
    Result<void> wait_until_quiet();

    // session_turn.cpp: the prompt, and what comes until it is answered.
    Ended take_turn();
    Ended watch_turn(std::int64_t prompt);
    Ended stop_turn(std::int64_t prompt, Outcome outcome);
    [[nodiscard]] Outcome outcome_of(const Reply& reply);
    [[nodiscard]] Clock::time_point next_watch() const;
    [[nodiscard]] std::optional<Outcome> overdue() const;
    [[nodiscard]] Outcome lost_turn() const;

    // session_talk.cpp: messages, the operator's answers, signals.
    Result<Came> await(std::int64_t id, Clock::time_point until, Reply& reply);
    /// Nothing more will come; how it ended may be known in a moment.
    Result<void> wait_for_end();
    /// A request and its answer; an outcome where there is none.
    Ended call(std::string_view method, json::value params, Milliseconds limit, Reply& reply);
    Result<bool> handle_one(Message message, std::int64_t awaited, Reply& reply);
    Result<void> handle_notification(const Message& message);
    Result<void> handle_request(const Message& message);
    Result<void> open_permission(const Message& message);
    Result<void> open_question(const Message& message, const std::string& complaint);
    Result<void> put(Waiting waiting, NewRequest request, const std::string& fingerprint);
    Result<void> look_at_answers();
    Result<bool> deliver(const Waiting& waiting, const RequestStatus& status);
    Result<void> withdraw(const json::value& id);
    Result<void> withdraw_all(const std::string& reason);
    void look_at_signals();
    [[nodiscard]] bool is_told() const;
    [[nodiscard]] Outcome told_outcome() const;
    Result<void> end_process(bool politely);
    /// Where its keeper was killed; nothing otherwise.
    Result<void> end_leftovers();
    [[nodiscard]] std::string how_it_ended() const;
    [[nodiscard]] std::string who() const;

    SessionContext& context_;
    const AcpSettings settings_;
    const std::string program_;
    const std::string directory_;
    ToolPolicy policy_;
    Transcript transcript_;
    Narrator narrator_;
    std::unique_ptr<Peer> peer_;
    Handle handle_;
    bool taking_up_ = false;
    bool replaying_ = false;
    /// Nothing is put to the operator any more.
    bool ending_ = false;
    SessionSignals signals_;
    bool force_seen_ = false;
    json::value abilities_;
    json::value agent_info_;
    json::array login_methods_;
    bool needs_login_ = false;
    int logins_ = 0;
    std::vector<Waiting> waiting_;
    std::optional<Clock::time_point> turn_until_;
    Clock::time_point quiet_since_ = Clock::now();
    std::optional<Clock::time_point> paused_at_;
    /// The first error of writing what the agent's standard error gave.
    std::optional<Error> trouble_;
};

} // namespace loong::acp
