#include "endings.hpp"

#include "system.hpp"

#include <algorithm>

namespace loong::local {
namespace {

std::string how_it_ended(const ExitRecord& record) {
    if (record.not_started == "working_directory") {
        return "could not be started: working directory: " + error_text(record.error_number);
    }
    if (record.not_started == "narrowing") {
        return "could not be started: narrowing it failed: " + error_text(record.error_number);
    }
    if (!record.not_started.empty()) {
        return "could not be started: " + error_text(record.error_number);
    }
    if (record.asked) return "was ended by a signal to its keeper";
    if (record.signal) return "ended by " + signal_name(*record.signal);
    if (record.exit_code && *record.exit_code != 0) {
        return "exit code " + std::to_string(*record.exit_code);
    }
    return {};
}

void also(std::string& message, const std::string& more) {
    if (!message.empty()) message += "; ";
    message += more;
}

} // namespace

Outcome outcome_of(const ExitRecord& record) {
    Outcome outcome;
    outcome.exit_code = record.exit_code;
    outcome.signal = record.signal;
    const bool well = record.exit_code == 0 && !record.asked;
    outcome.kind = well ? OutcomeKind::completed : OutcomeKind::failed;
    outcome.message = how_it_ended(record);
    if (record.output_error != 0) {
        also(outcome.message, "some of its output was lost: " + error_text(record.output_error));
    }
    if (record.left_behind != 0) {
        also(outcome.message, std::to_string(record.left_behind) +
                                  " of its processes belong to another user and live on");
    }
    if (record.not_started.empty()) {
        outcome.started_at = record.started_at;
        outcome.ended_at = record.ended_at;
        outcome.resource_use = record.use;
    }
    return outcome;
}

void add_use(Outcome& total, const Outcome& part) {
    if (!total.started_at) total.started_at = part.started_at;
    if (part.ended_at) total.ended_at = part.ended_at;
    if (!part.resource_use) return;
    if (!total.resource_use) total.resource_use.emplace();
    total.resource_use->user_cpu += part.resource_use->user_cpu;
    total.resource_use->system_cpu += part.resource_use->system_cpu;
    total.resource_use->max_resident_bytes =
        std::max(total.resource_use->max_resident_bytes, part.resource_use->max_resident_bytes);
}

Next next_after(const Plan& plan, const Step& step, int attempt, const Outcome& outcome) {
    const bool failed = outcome.kind != OutcomeKind::completed;
    if (failed && attempt <= step.retry) return Next::attempt;
    if (failed && !step.continue_on_error) return Next::end;
    return &step == &plan.steps.back() ? Next::end : Next::step;
}

std::string step_message(const Plan& plan, const Step& step, const std::string& message) {
    return plan.has_steps && !message.empty() ? "step " + step.name + ": " + message : message;
}

} // namespace loong::local
