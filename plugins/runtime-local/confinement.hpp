#pragma once
/// Everything that holds one command to a policy, made ready before its keeper is started.

#include "descriptor.hpp"
#include "kernel_abilities.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace loong::local {

struct Confinement {
    Descriptor ruleset;
    std::vector<std::uint64_t> filter;
    /// Of keeper/protocol.hpp.
    std::uint32_t flags = 0;
};

/// What a command may use besides what its policy says.
struct OwnPlaces {
    /// Read and written.
    std::vector<std::string> directories;
    /// Read and executed.
    std::vector<std::string> files;
};

/// `unsupported`: the kernel cannot. `invalid_argument`: a directory is not what it was, or the work
/// could write a protected place. `store_io`.
[[nodiscard]] Result<Confinement>
confine(const ToolPolicy& policy, const KernelAbilities& abilities, const OwnPlaces& places);

/// The session's private temporary directory, made where it is not there. `store_io`.
[[nodiscard]] Result<std::string> make_temporary_directory(const std::string& session_directory);
void remove_temporary_directory(const std::string& session_directory);

} // namespace loong::local
