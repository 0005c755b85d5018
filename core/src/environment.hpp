#pragma once
/// Which of the submitter's variables the work gets.

#include "loong/error.hpp"
#include "loong/session_spec.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

struct SelectedEnvironment {
    /// Kept in the document.
    std::vector<EnvironmentVariable> plain;
    /// Look like secrets and were named: kept beside the document until the task ends.
    std::vector<EnvironmentVariable> secret;
    /// Names of those that look like secrets and were not named.
    std::vector<std::string> withheld;
};

/// True for names that commonly hold a token, a password or a key.
[[nodiscard]] bool looks_like_secret(std::string_view name);

/// `requested` are the `KEY` and `KEY=VALUE` of the command line, `pass` the names from the
/// configuration. `invalid_argument` for names that are none, or a `KEY` that is not set.
[[nodiscard]] Result<SelectedEnvironment>
select_environment(const std::vector<EnvironmentVariable>& submitter,
                   const std::vector<std::string>& requested, const std::vector<std::string>& pass);

/// This process's environment.
[[nodiscard]] std::vector<EnvironmentVariable> own_environment();

/// This process's umask; absent where the kernel does not tell. Asking for it otherwise means
/// setting it, for a moment, for all threads.
[[nodiscard]] std::optional<std::uint32_t> own_umask();

} // namespace loong
