#pragma once
/// The keeper's exit record, read.

#include <loong/error.hpp>
#include <loong/outcome.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loong::local {

struct ExitRecord {
    std::string command_id;
    std::optional<int> exit_code;
    std::optional<int> signal;
    /// `working_directory`, `program` or `process` where the command could not be started.
    std::string not_started;
    int error_number = 0;
    Time started_at{};
    Time ended_at{};
    /// The keeper had been told to end the command before the command ended.
    bool asked = false;
    bool forced = false;
    ResourceUse use;
    std::uint64_t dropped_bytes = 0;
    /// Why output was lost; 0 where none was.
    int output_error = 0;
    int left_behind = 0;
};

/// Absent where the text is no exit record.
[[nodiscard]] std::optional<ExitRecord> parse_exit_record(std::string_view text);

/// The record of that command in a session's directory; absent where there is none, or only an
/// earlier command's.
[[nodiscard]] Result<std::optional<ExitRecord>> read_exit_record(const std::string& directory,
                                                                 std::string_view command_id);

} // namespace loong::local
