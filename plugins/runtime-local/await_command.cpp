#include "await_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>

namespace loong::local {
namespace {

using Reason = CommandEnd::Reason;

class Waiting {
public:
    Waiting(KeptCommand& command, SessionContext& context, std::optional<Deadline> deadline)
        : command_(command),
          context_(context),
          deadline_(deadline) {}

    Result<CommandEnd> wait() {
        for (;;) {
            obey();
            if (detached_) return CommandEnd{Reason::detached, {}};
            std::array<pollfd, 2> watched{
                {{command_.descriptor(), POLLIN, 0}, {context_.signal_descriptor(), POLLIN, 0}}};
            if (::poll(watched.data(), watched.size(), limit()) < 0 && errno != EINTR) {
                return Error{ErrorCode::store_io, "waiting for the command: poll failed", {}};
            }
            if (watched[0].revents == 0) continue;
            auto collected = command_.collect();
            if (!collected) return std::move(collected).error();
            if (collected->done) return ended(std::move(collected->record));
        }
    }

private:
    void obey() {
        const SessionSignals signals = context_.take_signals();
        if (signals.cancel || signals.force) ask(Reason::cancelled);
        if (signals.timeout) ask(Reason::timed_out);
        if (signals.force && !forced_) {
            command_.force();
            forced_ = true;
        }
        if (deadline_ && std::chrono::steady_clock::now() >= *deadline_) {
            ask(Reason::step_timed_out);
            deadline_.reset();
        }
        detached_ = signals.detach && !asked_;
    }

    /// What came first is what ended it, except that a cancellation is never forgotten.
    void ask(Reason reason) {
        if (!asked_) command_.ask();
        if (!asked_ || reason == Reason::cancelled) reason_ = reason;
        asked_ = true;
    }

    [[nodiscard]] int limit() const {
        if (!deadline_) return -1;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            *deadline_ - std::chrono::steady_clock::now());
        return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, 3'600'000));
    }

    [[nodiscard]] CommandEnd ended(std::optional<ExitRecord> record) const {
        if (!record) return {Reason::keeper_lost, {}};
        // Where it had ended before the keeper was told, that is how it ended.
        const Reason reason = record->asked ? reason_ : Reason::itself;
        return {reason, std::move(record)};
    }

    KeptCommand& command_;
    SessionContext& context_;
    std::optional<Deadline> deadline_;
    Reason reason_ = Reason::itself;
    bool asked_ = false;
    bool forced_ = false;
    bool detached_ = false;
};

} // namespace

Result<CommandEnd> await_command(KeptCommand& command, SessionContext& context,
                                 std::optional<Deadline> step_deadline) {
    return Waiting(command, context, step_deadline).wait();
}

} // namespace loong::local
