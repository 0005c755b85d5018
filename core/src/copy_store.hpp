#pragma once
/// Copying everything from one store into another, whatever plugins keep them.
///
/// What has to hold: nothing is lost or made up when it is stopped at any moment, running it again
/// goes on where it stopped, and the records in the target are those of the source, byte by byte.
/// So that no work is done twice, only work is copied that nobody does: a task whose session runs is
/// refused, and no worker can be started on either store meanwhile.

#include "loong/error.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace loong {

struct StoreCopyCounts {
    /// Of the source.
    std::uint64_t tasks = 0;
    /// Those that were copied now, wholly or in part, and those that were there already.
    std::uint64_t copied = 0;
    std::uint64_t present = 0;
    std::uint64_t sessions = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// A task that could not be read.
struct SkippedTask {
    std::string task_id;
    Error error;
};

struct StoreCopyReport {
    StoreCopyCounts counts;
    std::vector<SkippedTask> skipped;
};

/// `from` and `to` are configuration files. `progress` is called after each page of tasks.
///
/// `invalid_argument`: both name the same store. `conflict`: a worker lives, or a session runs, in
/// one of them; the target holds what is no copy of the source (nothing was changed then); or a task
/// was changed meanwhile. A task that cannot be read is skipped and reported.
[[nodiscard]] Result<StoreCopyReport>
copy_store(const std::string& from, const std::string& to,
           const std::function<void(const StoreCopyCounts&)>& progress);

} // namespace loong
