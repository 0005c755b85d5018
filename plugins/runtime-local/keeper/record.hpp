#pragma once
/// The exit record: how the command ended, in one line of JSON. The README has its form.

#include "text.hpp"

#include <cstdint>

namespace loong::keeper {

struct Stream;

/// How far starting the command got.
enum class StartStage : int { done, working_directory, program, process, narrowing };

struct Ending {
    const char* command_id = nullptr;
    /// As waitpid(2) tells it; only where `start` is `done`.
    int wait_status = 0;
    StartStage start = StartStage::done;
    int start_error = 0;
    std::int64_t started_at = 0;
    std::int64_t ended_at = 0;
    /// The keeper had been told to end the command before it ended.
    bool asked = false;
    bool forced = false;
    /// Processes of other users that could not be ended.
    int left_behind = 0;
    int output_error = 0;
    const Stream* streams = nullptr;
};

/// The record as a line, the packet byte before it.
Text describe(const Ending& ending);

/// Makes the record's file under another name and with its room reserved, so that a disk that is
/// full by then does not lose the outcome. Returns the descriptor or -1.
int reserve_record(int directory);

/// Writes the record and gives it its name. With `sync` it is durable on return. Returns 0 or an
/// error number.
int publish_record(int directory, int file, const Text& packet, bool sync);

} // namespace loong::keeper
