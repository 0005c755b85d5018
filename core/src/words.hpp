#pragma once
/// The words in which documents and events write what is an enumeration in code, and back.

#include "loong/outcome.hpp"
#include "loong/session_context.hpp"
#include "loong/session_spec.hpp"
#include "loong/summary.hpp"

#include <optional>
#include <string_view>

namespace loong {

[[nodiscard]] constexpr std::string_view to_string(WorkKind kind) noexcept {
    switch (kind) {
    case WorkKind::text: return "text";
    case WorkKind::command: return "command";
    case WorkKind::plan: return "plan";
    }
    return "text";
}

[[nodiscard]] constexpr std::string_view to_string(ToolDecision decision) noexcept {
    switch (decision) {
    case ToolDecision::allow: return "allow";
    case ToolDecision::ask: return "ask";
    case ToolDecision::deny: return "deny";
    }
    return "deny";
}

[[nodiscard]] constexpr std::string_view to_string(RequestOption::Kind kind) noexcept {
    switch (kind) {
    case RequestOption::Kind::allow_once: return "allow_once";
    case RequestOption::Kind::allow_always: return "allow_always";
    case RequestOption::Kind::deny_once: return "deny_once";
    case RequestOption::Kind::deny_always: return "deny_always";
    }
    return "deny_once";
}

[[nodiscard]] constexpr std::string_view to_string(RequestKind kind) noexcept {
    return kind == RequestKind::approval ? "approval" : "input";
}

[[nodiscard]] constexpr std::string_view to_string(RequestState state) noexcept {
    switch (state) {
    case RequestState::open: return "open";
    case RequestState::allowed: return "allowed";
    case RequestState::denied: return "denied";
    case RequestState::answered: return "answered";
    case RequestState::expired: return "expired";
    case RequestState::withdrawn: return "withdrawn";
    }
    return "withdrawn";
}

/// The value of an enumeration that is written so, from its first one to `last`.
template <typename Enumeration>
[[nodiscard]] constexpr std::optional<Enumeration> enumeration_of(std::string_view word,
                                                                  Enumeration last) noexcept {
    for (int at = 0; at <= static_cast<int>(last); ++at) {
        const auto value = static_cast<Enumeration>(at);
        if (to_string(value) == word) return value;
    }
    return std::nullopt;
}

} // namespace loong
