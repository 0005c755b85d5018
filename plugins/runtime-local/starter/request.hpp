#pragma once
/// What a runtime asks loong-starter for, as loong/kept_process.hpp wrote it.

#include "../command.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <string>

namespace loong::starter {

struct Request {
    std::string directory;
    std::string session_id;
    local::Command command;
    SessionLimits limits;
    ToolPolicy policy;
};

/// Reads the file behind that descriptor. `invalid_argument`: it is none of ours.
[[nodiscard]] Result<Request> read_request(int descriptor);

} // namespace loong::starter
