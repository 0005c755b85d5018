#pragma once
/// How anything in loong fails: an `Error` with a code of the public contract, or a value.
///
/// Errors are values. No exception crosses a public function; what a plugin throws is turned into
/// `plugin_fault` at the boundary.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace loong {

/// The complete list of error codes. Names are public: they are printed, stored and documented.
enum class ErrorCode : std::uint16_t {
    task_not_found,
    session_not_found,
    ambiguous_id,
    visibility_denied,
    invalid_argument,
    invalid_config,
    invalid_plan,
    conflict,
    not_cancellable,
    not_recoverable,
    request_not_found,
    request_already_resolved,
    delegate_depth_exceeded,
    delegate_active_children_exceeded,
    worker_unavailable,
    not_on_this_host,
    store_corrupt,
    store_version,
    store_busy,
    store_io,
    plugin_not_found,
    plugin_refused,
    plugin_fault,
    unsupported,
};

inline constexpr ErrorCode last_error_code = ErrorCode::unsupported;

/// The code as it is printed, for example `task_not_found`.
[[nodiscard]] constexpr std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
    case ErrorCode::task_not_found: return "task_not_found";
    case ErrorCode::session_not_found: return "session_not_found";
    case ErrorCode::ambiguous_id: return "ambiguous_id";
    case ErrorCode::visibility_denied: return "visibility_denied";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::invalid_config: return "invalid_config";
    case ErrorCode::invalid_plan: return "invalid_plan";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::not_cancellable: return "not_cancellable";
    case ErrorCode::not_recoverable: return "not_recoverable";
    case ErrorCode::request_not_found: return "request_not_found";
    case ErrorCode::request_already_resolved: return "request_already_resolved";
    case ErrorCode::delegate_depth_exceeded: return "delegate_depth_exceeded";
    case ErrorCode::delegate_active_children_exceeded: return "delegate_active_children_exceeded";
    case ErrorCode::worker_unavailable: return "worker_unavailable";
    case ErrorCode::not_on_this_host: return "not_on_this_host";
    case ErrorCode::store_corrupt: return "store_corrupt";
    case ErrorCode::store_version: return "store_version";
    case ErrorCode::store_busy: return "store_busy";
    case ErrorCode::store_io: return "store_io";
    case ErrorCode::plugin_not_found: return "plugin_not_found";
    case ErrorCode::plugin_refused: return "plugin_refused";
    case ErrorCode::plugin_fault: return "plugin_fault";
    case ErrorCode::unsupported: return "unsupported";
    }
    return "unsupported";
}

/// True where the same call may succeed later with nothing changed by the caller.
[[nodiscard]] constexpr bool is_retryable(ErrorCode code) noexcept {
    return code == ErrorCode::conflict || code == ErrorCode::store_busy ||
           code == ErrorCode::worker_unavailable;
}

/// What failed. `message` is one sentence, `<what> <which>: <why>`; `hint` says what to do and may
/// be empty. Both are UTF-8 without a final full stop or newline; text that came from outside may
/// contain control characters, so whoever prints it on a terminal escapes it.
struct Error {
    ErrorCode code = ErrorCode::unsupported;
    std::string message;
    std::string hint;
};

/// Either a `T` or an `Error`. Absent is not failed: an operation that may find nothing returns
/// `Result<std::optional<T>>`.
template <typename T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. Requires has_value().
    [[nodiscard]] T& value() & { return std::get<0>(content_); }
    [[nodiscard]] const T& value() const& { return std::get<0>(content_); }
    [[nodiscard]] T&& value() && { return std::get<0>(std::move(content_)); }
    [[nodiscard]] T& operator*() & { return value(); }
    [[nodiscard]] const T& operator*() const& { return value(); }
    [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] T* operator->() { return &value(); }
    [[nodiscard]] const T* operator->() const { return &value(); }

    /// The error. Requires !has_value().
    [[nodiscard]] Error& error() & { return std::get<1>(content_); }
    [[nodiscard]] const Error& error() const& { return std::get<1>(content_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(content_)); }

private:
    std::variant<T, Error> content_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The error. Requires !has_value().
    [[nodiscard]] Error& error() & { return std::get<1>(content_); }
    [[nodiscard]] const Error& error() const& { return std::get<1>(content_); }
    [[nodiscard]] Error&& error() && { return std::get<1>(std::move(content_)); }

private:
    std::variant<std::monostate, Error> content_;
};

} // namespace loong
