#pragma once
/// What an agent asks for, as a request to the operator, and the operator's answer, as the agent wants
/// to hear it. Pure.

#include "ruling.hpp"
#include <loong/session_context.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace loong::acp {

/// An option of the agent's.
struct AgentOption {
    /// As the agent wrote it.
    std::string id;
    RequestOption shown;
};

/// The options that one can choose from; those of unknown kinds cannot.
[[nodiscard]] std::vector<AgentOption> read_options(const json::value& params);

/// The same question asked again, by another process perhaps, has the same.
[[nodiscard]] std::string fingerprint_of(const ToolCall& call);

/// Without the key.
[[nodiscard]] NewRequest request_for(const ToolCall& call, const Ruling& ruling,
                                     const std::vector<AgentOption>& options);

/// `selected` with an option's id, or `cancelled` where no option says what was answered. One that
/// holds for good only where the operator said so.
[[nodiscard]] json::object outcome_for(const RequestStatus& answer,
                                       const std::vector<AgentOption>& options);
[[nodiscard]] json::object cancelled_outcome();
/// The same for whichever was asked, a permission or a question.
[[nodiscard]] json::object cancelled_answer(bool is_question);

/// An elicitation by form, as an input request.
[[nodiscard]] NewRequest question_for(const json::value& params);
/// The operator's text as the content of the form. Absent where it does not fit; `why` says what is
/// wanted.
[[nodiscard]] std::optional<json::object> content_for(const json::value& params,
                                                      const std::string& text, std::string& why);

} // namespace loong::acp
