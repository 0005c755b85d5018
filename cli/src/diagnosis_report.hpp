#pragma once
/// What `doctor` and `sessions heal` found, as text and as JSON.

#include "exit_code.hpp"
#include "loong/diagnosis.hpp"
#include "loong/value.hpp"
#include "terminal.hpp"

#include <string>

namespace loong::cli {

/// `repair_command` is what repairs what can be repaired, `attention_command` what lists the tasks
/// that need the operator.
struct DiagnosisCommands {
    std::string repair_command;
    std::string attention_command;
};

/// Each finding with cause and fix, then what can be done about them together, then the tasks that
/// need the operator. Control characters escaped.
[[nodiscard]] std::string diagnosis_text(const Diagnosis& diagnosis,
                                         const DiagnosisCommands& commands,
                                         const Terminal& terminal);

/// Adds the keys from `state_directory` on; see cli/README.md.
void set_diagnosis(Value& answer, const Diagnosis& diagnosis, bool applied);

/// 0 nothing is left to be done, 2 a repair failed, 3 there are findings.
[[nodiscard]] ExitCode exit_code_of(const Diagnosis& diagnosis) noexcept;

} // namespace loong::cli
