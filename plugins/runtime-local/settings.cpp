#include "settings.hpp"

#include "system.hpp"

#include <array>
#include <string_view>
#include <unistd.h>

namespace loong::local {
namespace {

constexpr std::array<std::string_view, 3> known_keys{"shell", "max_parallel", "plugin"};

Error bad_setting(const Settings& settings, const std::string& key, const Value& value,
                  const std::string& why, std::string hint = {}) {
    std::string where = settings.file;
    if (value.place().line != 0) where += ":" + std::to_string(value.place().line);
    return {ErrorCode::invalid_config,
            (where.empty() ? "" : where + ": ") + "setting " + key + " of runtime-local: " + why,
            std::move(hint)};
}

} // namespace

Result<LocalSettings> read_settings(const Settings& settings) {
    LocalSettings result;
    const Value::Object* members = settings.values.as_object();
    if (members == nullptr) return result;
    for (const auto& [key, value] : *members) {
        if (key == "shell") {
            const std::string* shell = value.as_string();
            if (shell == nullptr || shell->empty() || shell->front() != '/') {
                return bad_setting(settings, key, value, "must be an absolute path",
                                   "for example: shell: /bin/sh");
            }
            if (::access(shell->c_str(), X_OK) != 0) {
                return bad_setting(settings, key, value, "there is no program " + *shell);
            }
            result.shell = *shell;
        } else if (key != "max_parallel" && key != "plugin") {
            const std::string nearest = nearest_word(key, known_keys);
            return bad_setting(settings, key, value, "is not known",
                               nearest.empty() ? "it knows: shell, max_parallel"
                                               : "did you mean " + nearest + "?");
        }
    }
    return result;
}

} // namespace loong::local
