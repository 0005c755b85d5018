#pragma once
/// The specification of a command, as loong-keeper wants it.

#include "command.hpp"
#include "confinement.hpp"
#include "descriptor.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <cstdint>
#include <string>

namespace loong::local {

struct KeeperSpec {
    const std::string& command_id;
    const std::string& session_id;
    const SessionLimits& limits;
    const Command& command;
    const Confinement& confinement;
    /// Of keeper/protocol.hpp, besides those of the confinement.
    std::uint32_t flags = 0;
};

/// In a file that has no name: a command line or an environment of megabytes does not fit through a
/// pipe without someone to read it at the same time. `store_io`.
[[nodiscard]] Result<Descriptor> write_keeper_spec(const KeeperSpec& spec);

} // namespace loong::local
