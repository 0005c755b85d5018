#pragma once
/// What may be wrong with the machine, the installation and the places that loong uses.

#include "config.hpp"
#include "loong/diagnosis.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace loong {

/// What the system says of inotify.
struct FileWatchLimits {
    /// Why no instance could be had just now; 0 where one could.
    int error_number = 0;
    /// How many one user may have; absent where the system does not tell.
    std::optional<std::uint64_t> most_instances;
};

[[nodiscard]] FileWatchLimits look_at_file_watches();

/// `max_parallel` workers want some instances each, and so does everyone who waits.
[[nodiscard]] std::vector<Diagnosed> file_watch_findings(const FileWatchLimits& limits,
                                                         int max_parallel);

/// The programs that every task needs.
[[nodiscard]] std::vector<Diagnosed> program_findings(const std::string& worker_program,
                                                      const std::string& keeper_path);

/// Of the notify command, where there is one.
[[nodiscard]] std::vector<Diagnosed> notifier_findings(const Config& config);

/// Of control_group_warning(): whether work ends with whoever started it.
[[nodiscard]] std::vector<Diagnosed> control_group_findings(const std::string& warning);

/// Who else may write to the configuration (empty: none is used) and the state directory. What is
/// not there yet is in order.
[[nodiscard]] std::vector<Diagnosed> place_findings(const std::string& config_file,
                                                    const std::string& state_directory);

} // namespace loong
