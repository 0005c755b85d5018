#include "environment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <unistd.h>

namespace loong {

namespace {

// What the shell and loong set anew for every process says nothing about the work.
constexpr std::array<std::string_view, 11> never_passed = {"_",
                                                           "SHLVL",
                                                           "OLDPWD",
                                                           "PWD",
                                                           "LOONG_TASK_ID",
                                                           "LOONG_TASK_SESSION_ID",
                                                           "LOONG_SESSION_ID",
                                                           "LOONG_HOME",
                                                           "LOONG_CONFIG",
                                                           "LOONG_CHANNEL",
                                                           "INVOCATION_ID"};

constexpr std::array<std::string_view, 14> secret_words = {
    "TOKEN",   "SECRET",     "PASSWORD",    "PASSWD", "PASSPHRASE", "CREDENTIAL",  "APIKEY",
    "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "AUTH",   "COOKIE",     "SESSION_KEY", "DATABASE_URL"};

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_variable_name(std::string_view name) {
    return !name.empty() && name.find('=') == std::string_view::npos &&
           name.find('\0') == std::string_view::npos;
}

void set(std::vector<EnvironmentVariable>& variables, EnvironmentVariable variable) {
    for (EnvironmentVariable& existing : variables) {
        if (existing.name == variable.name) {
            existing = std::move(variable);
            return;
        }
    }
    variables.push_back(std::move(variable));
}

} // namespace

bool looks_like_secret(std::string_view name) {
    // These hold the way to an agent that keeps the secret, not the secret.
    if (name == "SSH_AUTH_SOCK" || name == "XAUTHORITY") return false;
    std::string upper(name);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (const std::string_view word : secret_words) {
        if (upper.find(word) != std::string::npos) return true;
    }
    return upper == "PAT" || upper.ends_with("_PAT") || upper.ends_with("_KEY") ||
           upper.ends_with("_PASS") || upper.ends_with("_PWD");
}

Result<SelectedEnvironment> select_environment(const std::vector<EnvironmentVariable>& submitter,
                                               const std::vector<std::string>& requested,
                                               const std::vector<std::string>& pass) {
    SelectedEnvironment selected;
    std::vector<std::string> named = pass;
    std::vector<EnvironmentVariable> given;
    for (const std::string& request : requested) {
        const std::size_t equals = request.find('=');
        const std::string name = request.substr(0, equals);
        if (!is_variable_name(name)) {
            return Error{ErrorCode::invalid_argument,
                         "--env " + request + ": not the name of a variable",
                         "write --env KEY to pass a variable on, or --env KEY=VALUE to set one"};
        }
        if (equals != std::string::npos) {
            set(given, {name, request.substr(equals + 1)});
            continue;
        }
        const bool there = std::any_of(submitter.begin(), submitter.end(),
                                       [&](const auto& variable) { return variable.name == name; });
        if (!there) {
            return Error{ErrorCode::invalid_argument,
                         "--env " + name + ": the variable is not set here",
                         "set it, or write --env " + name + "=VALUE"};
        }
        named.push_back(name);
    }
    for (const EnvironmentVariable& variable : submitter) {
        if (std::find(never_passed.begin(), never_passed.end(), variable.name) !=
            never_passed.end()) {
            continue;
        }
        const bool secret = looks_like_secret(variable.name);
        if (secret && !contains(named, variable.name)) {
            const bool replaced = std::any_of(given.begin(), given.end(), [&](const auto& other) {
                return other.name == variable.name;
            });
            if (!replaced) selected.withheld.push_back(variable.name);
            continue;
        }
        set(secret ? selected.secret : selected.plain, variable);
    }
    for (EnvironmentVariable& variable : given) {
        set(looks_like_secret(variable.name) ? selected.secret : selected.plain,
            std::move(variable));
    }
    std::sort(selected.withheld.begin(), selected.withheld.end());
    return selected;
}

std::vector<EnvironmentVariable> own_environment() {
    std::vector<EnvironmentVariable> variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        const std::size_t equals = variable.find('=');
        if (equals == 0 || equals == std::string_view::npos) continue;
        variables.push_back(
            {std::string(variable.substr(0, equals)), std::string(variable.substr(equals + 1))});
    }
    return variables;
}

std::optional<std::uint32_t> own_umask() {
    std::ifstream status("/proc/self/status");
    constexpr std::string_view key = "Umask:";
    constexpr int octal = 8;
    for (std::string line; std::getline(status, line);) {
        if (!line.starts_with(key)) continue;
        const std::size_t digits = line.find_first_of("01234567", key.size());
        if (digits == std::string::npos) break;
        std::uint32_t mask = 0;
        const auto [end, error] =
            std::from_chars(line.data() + digits, line.data() + line.size(), mask, octal);
        if (error != std::errc()) break;
        return mask;
    }
    return std::nullopt;
}

} // namespace loong
