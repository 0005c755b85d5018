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

} // namespace loong
