#pragma once
/// The specification of the command to keep, as the worker wrote it.

#include <cstddef>
#include <cstdint>

namespace loong::keeper {

struct Spec {
    const char* command_id = nullptr;
    const char* session_id = nullptr;
    const char* path = nullptr;
    const char* directory = nullptr;
    char** arguments = nullptr;
    char** environment = nullptr;
    std::uint64_t max_output_bytes = 0;
    std::uint64_t grace_microseconds = 0;
    /// Of protocol.hpp.
    std::uint32_t flags = 0;
    std::uint32_t umask = 0;
    const void* filter = nullptr;
    std::uint16_t filter_size = 0;
    /// Where everything above is, and where it is let go.
    void* memory = nullptr;
    std::size_t memory_size = 0;
    void* vectors = nullptr;
    std::size_t vectors_size = 0;
};

/// Maps and checks the specification. Returns 0 or an error number. `command_id` and `session_id`
/// are copied and outlive release_spec().
int read_spec(int descriptor, Spec& spec);

/// Gives back the memory of arguments and environment, which may be megabytes.
void release_spec(Spec& spec);

} // namespace loong::keeper
