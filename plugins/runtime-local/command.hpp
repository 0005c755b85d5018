#pragma once
/// A command as the operating system wants it, and whether it will take it.

#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong::local {

struct Command {
    /// What is executed; relative to `directory` unless absolute.
    std::string path;
    /// At least the program's name.
    std::vector<std::string> arguments;
    /// Absolute.
    std::string directory;
    /// `NAME=VALUE`.
    std::vector<std::string> environment;
    /// Absent: the worker's own.
    std::optional<std::uint32_t> umask;
};

/// A text longer than this does not fit into one argument and is run from a file. The kernel's
/// limit is 128 KiB with the final NUL.
inline constexpr std::size_t longest_argument = 128 * 1024 - 1;

/// The session's environment as a command gets it, `more` replacing what has the same name.
[[nodiscard]] std::vector<std::string>
make_environment(const SessionSpec& spec, const std::vector<EnvironmentVariable>& more);

/// The program that execvp(3) would run in that directory with that environment's PATH.
/// `invalid_argument`: there is none, or it may not be executed.
[[nodiscard]] Result<std::string> find_program(const std::string& name,
                                               const std::string& directory,
                                               const std::vector<std::string>& environment);

/// `invalid_argument` where it is not absolute, or no directory that one can enter.
[[nodiscard]] Result<void> check_directory(const std::string& directory);

/// `invalid_argument` where arguments and environment are more than the kernel takes, or hold a
/// NUL.
[[nodiscard]] Result<void> check_size(const Command& command);

} // namespace loong::local
