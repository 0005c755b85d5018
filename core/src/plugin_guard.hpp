#pragma once
/// What keeps a plugin's mistakes at the boundary: whatever escapes from a call becomes an error.

#include "loong/error.hpp"
#include "loong/finding.hpp"

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loong {

/// `plugin store-x: create: threw std::bad_alloc`
[[nodiscard]] Error plugin_fault(const std::string& plugin, std::string_view method,
                                 std::string_view what);

/// The error of a plugin's method, made whole: a code that does not exist, or no message, would
/// tell the operator nothing.
[[nodiscard]] Error checked_error(const std::string& plugin, std::string_view method, Error error);

/// What is wrong with findings of a plugin, or nothing.
[[nodiscard]] std::string why_no_findings(const std::vector<Finding>& findings);

/// Calls `call`, a plugin's method that returns a `Result`.
template <typename Call>
auto guarded(const std::string& plugin, std::string_view method, Call&& call) -> decltype(call()) {
    try {
        auto result = std::forward<Call>(call)();
        if (!result) return checked_error(plugin, method, std::move(result).error());
        return result;
    } catch (const std::exception& caught) {
        return plugin_fault(plugin, method, std::string("threw ") + caught.what());
    } catch (...) {
        return plugin_fault(plugin, method, "threw something that is no std::exception");
    }
}

/// The same with a look at the value: `why` says what is wrong with it, or nothing.
template <typename Call, typename Why>
auto guarded(const std::string& plugin, std::string_view method, Call&& call, Why&& why)
    -> decltype(call()) {
    auto result = guarded(plugin, method, std::forward<Call>(call));
    if (!result) return result;
    const std::string wrong = std::forward<Why>(why)(*result);
    if (!wrong.empty()) return plugin_fault(plugin, method, wrong);
    return result;
}

/// For a method that cannot fail: `otherwise` where it does.
template <typename Call, typename Value>
Value guarded_value(Call&& call, Value otherwise) noexcept {
    try {
        return std::forward<Call>(call)();
    } catch (...) {
        return otherwise;
    }
}

} // namespace loong
