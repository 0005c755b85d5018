#pragma once
/// What an exit record means for a step and for a session.

#include "exit_record.hpp"
#include "plan.hpp"
#include <loong/outcome.hpp>

#include <string>

namespace loong::local {

/// The outcome as the command's own exit tells it.
[[nodiscard]] Outcome outcome_of(const ExitRecord& record);

/// Adds what a further command used and when it ran.
void add_use(Outcome& total, const Outcome& part);

/// What a plan does after one of its commands ended so.
enum class Next : std::uint8_t { step, attempt, end };

[[nodiscard]] Next next_after(const Plan& plan, const Step& step, int attempt,
                              const Outcome& outcome);

/// The message with the step's name before it, where it has one.
[[nodiscard]] std::string step_message(const Plan& plan, const Step& step,
                                       const std::string& message);

} // namespace loong::local
