#include "wait_report.hpp"

#include "task_json.hpp"

#include <vector>

namespace loong::cli {

std::string wait_status(const WaitedTask& waited) {
    switch (waited.end) {
    case WaitEnd::reached: return std::string(to_string(waited.task.row.task_status.status));
    case WaitEnd::impossible: return "impossible";
    case WaitEnd::timeout: return "timeout";
    case WaitEnd::interrupted: return "interrupted";
    }
    return "timeout";
}

ExitCode exit_code_of(const WaitedTask& waited) noexcept {
    switch (waited.end) {
    case WaitEnd::reached: return exit_code_of(waited.task.row.task_status);
    case WaitEnd::impossible: return ExitCode::task_not_completed;
    case WaitEnd::timeout: return ExitCode::wait_timeout;
    case WaitEnd::interrupted: return ExitCode::interrupted;
    }
    return ExitCode::failure;
}

ExitCode exit_code_of(const WaitResult& result, bool any) noexcept {
    if (result.end == WaitEnd::interrupted) return ExitCode::interrupted;
    std::vector<ExitCode> codes;
    for (const Result<WaitedTask>& task : result.tasks) {
        if (!task) {
            codes.push_back(exit_code_of(task.error().code));
        } else if (!any || result.end != WaitEnd::reached || task->end == WaitEnd::reached) {
            codes.push_back(exit_code_of(*task));
        }
    }
    return first_that_applies(codes);
}

Value waited_value(const WaitedTask& waited) {
    Value value;
    value.set("task_id", waited.task_id);
    value.set("wait_status", wait_status(waited));
    value.set("after_id", waited.after_id);
    value.set("next_after_id", waited.next_after_id);
    value.set("events", events_value(waited.events));
    value.set("task", detail_value(waited.task));
    return value;
}

} // namespace loong::cli
