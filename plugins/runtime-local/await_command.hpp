#pragma once
#include "end_work.hpp"
#include "kept_command.hpp"
#include <loong/session_context.hpp>

#include <optional>

namespace loong::local {

/// How waiting for a command ended.
struct CommandEnd {
    enum class Reason : std::uint8_t {
        /// The command ended without anyone's doing.
        itself,
        cancelled,
        /// The session's timeout, and the step's own.
        timed_out,
        step_timed_out,
        /// The command goes on; nothing was recorded.
        detached,
        /// The keeper was killed.
        keeper_lost,
    };
    Reason reason = Reason::itself;
    /// Absent for the last two.
    std::optional<ExitRecord> record;
};

/// Waits for the command, and obeys what the session is told meanwhile.
[[nodiscard]] Result<CommandEnd> await_command(KeptCommand& command, SessionContext& context,
                                               std::optional<Deadline> step_deadline);

} // namespace loong::local
