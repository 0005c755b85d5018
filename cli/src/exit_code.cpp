#include "exit_code.hpp"

#include <algorithm>
#include <array>

namespace loong::cli {

ExitCode exit_code_of(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::task_not_found:
    case ErrorCode::session_not_found:
    case ErrorCode::request_not_found:
    case ErrorCode::visibility_denied: return ExitCode::not_found;
    case ErrorCode::conflict:
    case ErrorCode::not_cancellable:
    case ErrorCode::not_recoverable:
    case ErrorCode::request_already_resolved: return ExitCode::skipped;
    case ErrorCode::plugin_refused: return ExitCode::plugin_refused;
    default: return ExitCode::failure;
    }
}

ExitCode exit_code_of(ActionResultKind kind) noexcept {
    switch (kind) {
    case ActionResultKind::applied:
    case ActionResultKind::would_apply: return ExitCode::done;
    case ActionResultKind::skipped_not_visible: return ExitCode::not_found;
    case ActionResultKind::skipped_not_cancellable:
    case ActionResultKind::skipped_not_recoverable:
    case ActionResultKind::skipped_not_archivable:
    case ActionResultKind::skipped_state_changed: return ExitCode::skipped;
    }
    return ExitCode::failure;
}

ExitCode exit_code_of(const TaskStatus& status) noexcept {
    if (status.terminal && status.status != Status::completed) return ExitCode::task_not_completed;
    return status.needs_attention ? ExitCode::attention : ExitCode::done;
}

ExitCode first_that_applies(const std::vector<ExitCode>& codes) noexcept {
    constexpr std::array precedence = {
        ExitCode::interrupted,    ExitCode::failure,      ExitCode::not_found,
        ExitCode::plugin_refused, ExitCode::skipped,      ExitCode::task_not_completed,
        ExitCode::attention,      ExitCode::wait_timeout,
    };
    for (const ExitCode code : precedence) {
        if (std::find(codes.begin(), codes.end(), code) != codes.end()) return code;
    }
    return ExitCode::done;
}

} // namespace loong::cli
