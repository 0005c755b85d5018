// The part of AcpSession that ends the agent's process and all that it has started.

#include "acp_session.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

namespace loong::acp {
namespace {

constexpr Milliseconds close_patience{1'000};
/// How long an agent has to go by itself after its input was closed, and after KILL.
constexpr Milliseconds eof_patience{2'000};
constexpr Milliseconds kill_patience{6'000};

} // namespace

Result<void> AcpSession::end_leftovers() {
    const KeptEnd& end = *peer_->end();
    const bool keeper_lost = !end.exit_code && !end.signal && end.not_started.empty();
    if (!keeper_lost) return {};
    // Nobody keeps what it had kept.
    const LostSession lost{context_.spec(), context_.directory(), {}};
    Result<bool> gone = end_kept(context_.keeper_path(), lost, EndHow::forced);
    if (!gone) return std::move(gone).error();
    if (*gone) return {};
    return Error{ErrorCode::worker_unavailable, who() + ": its processes could not be ended", {}};
}

Result<void> AcpSession::end_process(bool politely) {
    if (!peer_) return {};
    if (peer_->end()) return end_leftovers();
    ending_ = true;
    const json::value* of_sessions = find(abilities_, "sessionCapabilities");
    const bool closes = of_sessions != nullptr && has_ability(*of_sessions, "close");
    Reply reply;
    if (politely && closes && !handle_.session_id.empty() && !peer_->is_silent()) {
        const std::int64_t id =
            peer_->request("session/close", json::object{{"sessionId", handle_.session_id}});
        Result<Came> came = await(id, Clock::now() + close_patience, reply);
        if (!came) return std::move(came).error();
    }
    peer_->close_input();
    enum class Stage : std::uint8_t { input_closed, asked, forced } stage = Stage::input_closed;
    Clock::time_point until = Clock::now() + (politely ? eof_patience : Milliseconds(0));
    while (!peer_->end()) {
        look_at_signals();
        if (stage != Stage::forced &&
            (signals_.force || (Clock::now() >= until && stage == Stage::asked))) {
            peer_->force();
            stage = Stage::forced;
            until = Clock::now() + kill_patience;
        } else if (stage == Stage::input_closed && Clock::now() >= until) {
            peer_->ask();
            stage = Stage::asked;
            until = Clock::now() +
                    std::min<Milliseconds>(kill_patience / 2, std::chrono::ceil<Milliseconds>(
                                                                  context_.spec().limits.grace));
        } else if (stage == Stage::forced && Clock::now() >= until) {
            return Error{
                ErrorCode::worker_unavailable, who() + ": its processes could not be ended", {}};
        }
        Result<void> waited = peer_->wait(context_.signal_descriptor(), until);
        if (!waited) return std::move(waited).error();
        // It may talk to the end; what it asks for is not given any more.
        while (std::optional<Message> message = peer_->take()) {
            Result<bool> handled = handle_one(*std::move(message), -1, reply);
            if (!handled) return std::move(handled).error();
        }
    }
    return end_leftovers();
}

std::string AcpSession::how_it_ended() const {
    const std::optional<KeptEnd>& end = peer_->end();
    if (!end) return "it closed its output";
    if (!end->not_started.empty()) {
        return "it could not be started (" + end->not_started +
               "): " + std::strerror(end->error_number);
    }
    if (end->exit_code) return "it ended with exit code " + std::to_string(*end->exit_code);
    if (end->signal) {
        const char* name = ::sigabbrev_np(*end->signal);
        return "it was ended by signal " +
               (name == nullptr ? std::to_string(*end->signal) : "SIG" + std::string(name));
    }
    return "it was ended, and how is not known";
}

} // namespace loong::acp
