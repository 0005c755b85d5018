#pragma once
/// One JSON-RPC message, and how it is written. The two sides number their requests independently: an
/// id says nothing without knowing who asked.

#include "json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace loong::acp {

struct RpcError {
    std::int64_t code = 0;
    std::string message;
    /// What the agent adds in `data`, as far as it is text.
    std::string detail;
};

namespace rpc_code {
inline constexpr std::int64_t method_not_found = -32601;
inline constexpr std::int64_t invalid_params = -32602;
inline constexpr std::int64_t auth_required = -32000;
inline constexpr std::int64_t request_cancelled = -32800;
} // namespace rpc_code

struct Message {
    enum class Kind : std::uint8_t { request, notification, response };
    Kind kind = Kind::notification;
    /// As the agent wrote it, also where it is a text.
    json::value id;
    std::string method;
    json::value params;
    json::value result;
    std::optional<RpcError> error;
};

/// Absent where the line is no message; `why` says why not.
[[nodiscard]] std::optional<Message> read_message(std::string_view line, std::string& why);

/// One line each, with the newline.
[[nodiscard]] std::string write_request(std::int64_t id, std::string_view method,
                                        json::value params);
[[nodiscard]] std::string write_notification(std::string_view method, json::value params);
[[nodiscard]] std::string write_result(const json::value& id, json::value result);
[[nodiscard]] std::string write_error(const json::value& id, std::int64_t code,
                                      std::string_view message);

/// For the operator.
[[nodiscard]] std::string to_text(const RpcError& error);

} // namespace loong::acp
