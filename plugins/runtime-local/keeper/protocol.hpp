#pragma once
/// What passes between loong-keeper and the worker that starts it. Both sides include this file;
/// the README beside it tells the whole story.

#include <cstddef>
#include <cstdint>

namespace loong::keeper {

/// First argument of the program. A keeper that is given another one refuses to start.
inline constexpr const char* protocol_number = "3";

/// Descriptors that the keeper finds open. It closes nothing below `first_other_descriptor` but the
/// standard streams, which become /dev/null.
enum : int {
    /// A memory file with a SpecHeader and the strings that it counts.
    spec_descriptor = 3,
    /// One end of a Unix socket of packets. The other end is the worker's.
    control_descriptor = 4,
    /// The work lock, taken by the worker. Its open file description holds the lock.
    lock_descriptor = 5,
    /// The session's directory.
    directory_descriptor = 6,
    /// A Landlock ruleset; only where the command is narrowed.
    ruleset_descriptor = 7,
    /// The command's standard streams; only where they are given.
    given_input_descriptor = 8,
    given_output_descriptor = 9,
    given_errors_descriptor = 10,
    first_other_descriptor = 11,
};

inline constexpr std::uint32_t spec_magic = 0x324b4c4cU;

/// How the command is started and narrowed, besides the ruleset.
enum : std::uint32_t {
    /// It is narrowed. Without this the namespaces mean nothing.
    narrowed_flag = 1,
    /// It gets a network namespace of its own, with nothing but a loopback device.
    network_namespace_flag = 2,
    /// And a user namespace, because the user may not make the other one without it.
    user_namespace_flag = 4,
    /// The command talks with its starter: it gets the streams that are given, and nothing of them is
    /// copied.
    given_streams_flag = 8,
    /// When the starter is gone the command is ended as if it had been asked for.
    end_with_starter_flag = 16,
};

/// The system call filter follows the header: `filter_size` instructions of 8 bytes each. After it,
/// each ended by a NUL: command id, session id, path of the program, working
/// directory, the arguments (the program's name first), the environment.
struct SpecHeader {
    std::uint32_t magic = spec_magic;
    std::uint32_t argument_count = 0;
    std::uint32_t environment_count = 0;
    std::uint32_t flags = 0;
    std::uint64_t text_size = 0;
    std::uint64_t max_output_bytes = 0;
    std::uint64_t grace_microseconds = 0;
    std::uint64_t filter_size = 0;
    /// The command's umask; `own_umask`: that of the keeper.
    std::uint32_t umask = 0;
    std::uint32_t reserved = 0;
};

inline constexpr std::uint32_t own_umask = 0xffffffffU;

inline constexpr std::size_t filter_instruction_size = 8;

/// Packets to the keeper: one byte each. End of file before `go` means: exit, nothing happened.
/// End of file after it means: go on alone, or end the command (`end_with_starter_flag`).
inline constexpr char go_packet = 'g';
inline constexpr char end_packet = 'e';
inline constexpr char force_packet = 'k';

/// Packets from the keeper: this byte and a line of text. `record` has the exit record, `failure`
/// tells why nothing was started; either is the last one.
inline constexpr char record_packet = 'r';
inline constexpr char failure_packet = 'f';

inline constexpr std::size_t packet_limit = 1024;

/// The lock file's content: the id of the command that was started last, filled up with newlines
/// to this size, so that one write replaces it. Written just before the command is started.
inline constexpr std::size_t started_mark_size = 32;

inline constexpr const char* lock_file_name = "work.lock";
inline constexpr const char* unfinished_record_file_name = "exit.new";

/// A process with this variable in its environment, or with another session's id in
/// `LOONG_TASK_SESSION_ID`, is not part of the work although it was started by it: it carries
/// other tasks, which outlive this one.
inline constexpr const char* worker_variable = "LOONG_WORKER";
inline constexpr const char* session_variable = "LOONG_TASK_SESSION_ID";

} // namespace loong::keeper
