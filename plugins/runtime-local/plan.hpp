#pragma once
/// What a session does, step by step. A text or a command is a plan of one step without a name.

#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace loong::local {

enum class StepKind : std::uint8_t { run, ask, approve };

struct Step {
    std::string name;
    StepKind kind = StepKind::run;
    /// Steps that run: a text for the shell, or an argument vector.
    std::variant<std::string, std::vector<std::string>> run;
    /// The others: what the operator is asked.
    std::string question;
    /// Of each attempt; for a question, how long it stays open.
    std::optional<Seconds> timeout;
    bool continue_on_error = false;
    /// How many more attempts there are after the first.
    int retry = 0;
    std::vector<EnvironmentVariable> environment;
    /// Absolute or relative to the session's; empty: the session's.
    std::string directory;
    /// Steps that run: by how much less than the task the step may do. Directories as written.
    ToolNarrowing narrowing;
    bool narrows = false;
};

struct Plan {
    std::string name;
    /// At least one.
    std::vector<Step> steps;
    /// The steps are the operator's, and are reported; false for a text or a command.
    bool has_steps = false;
};

/// `invalid_plan`: `<source>:<line>:<column>: <what is wrong>`.
[[nodiscard]] Result<Plan> parse_plan(const std::string& yaml, const std::string& source);

/// The plan of any kind of work.
[[nodiscard]] Result<Plan> plan_of(const Work& work);

/// The variable in which later steps find the answer to a question.
[[nodiscard]] std::string answer_variable(std::string_view step_name);

} // namespace loong::local
