#pragma once
/// What narrowed work and its worker write to each other: a JSON object each. What comes from the
/// work is not trusted: unknown members, wrong types and excessive sizes are refused.

#include "loong/error.hpp"
#include "loong/tasks.hpp"
#include "loong/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace loong::inside {

inline constexpr std::size_t longest_message = std::size_t{16} << 20;
/// Files in the channel's directory: a request, and its answer. The name in front is the message's.
inline constexpr std::string_view request_suffix = ".request";
inline constexpr std::string_view answer_suffix = ".answer";
/// The FIFO into which a byte is written when there is a new request.
inline constexpr const char* bell_name = "bell";

/// 16 to 32 hexadecimal digits.
[[nodiscard]] bool is_message_name(std::string_view name) noexcept;

using Request = std::variant<ReportRequest, AskRequest, CreateRequest>;

[[nodiscard]] std::string write_request(const Request& request);
/// `invalid_argument`.
[[nodiscard]] Result<Request> read_request(std::string_view text);

struct Answered {
    /// Of a question.
    RequestStatus request;
    /// Of a new task: what the work may know of it.
    std::optional<CreateResult> created;
};

[[nodiscard]] std::string write_answer(const Result<Answered>& answer);
[[nodiscard]] Result<Answered> read_answer(std::string_view text);

} // namespace loong::inside
