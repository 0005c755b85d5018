#include "plugin_guard.hpp"

#include <fmt/format.h>

namespace loong {

Error plugin_fault(const std::string& plugin, std::string_view method, std::string_view what) {
    return {ErrorCode::plugin_fault, fmt::format("plugin {}: {}: {}", plugin, method, what),
            "this is a mistake in the plugin; tell its author"};
}

Error checked_error(const std::string& plugin, std::string_view method, Error error) {
    if (error.code > last_error_code) {
        return plugin_fault(plugin, method,
                            fmt::format("failed with the unknown code {}: {}",
                                        static_cast<unsigned>(error.code), error.message));
    }
    if (error.message.empty()) {
        error.message = fmt::format("plugin {}: {}: failed without saying why", plugin, method);
    }
    return error;
}

std::string why_no_findings(const std::vector<Finding>& findings) {
    constexpr std::string_view code_characters = "abcdefghijklmnopqrstuvwxyz0123456789_";
    for (const Finding& finding : findings) {
        if (finding.severity > last_severity) return "gave a finding of an unknown severity";
        if (finding.code.empty() ||
            finding.code.find_first_not_of(code_characters) != std::string::npos) {
            return fmt::format("gave a finding with the code '{}'", finding.code);
        }
        if (finding.cause.empty()) {
            return fmt::format("gave the finding {} without a cause", finding.code);
        }
    }
    return {};
}

} // namespace loong
