#pragma once
/// Copying the directory of a session, durably and so that it can be gone on with.

#include "loong/error.hpp"

#include <cstdint>
#include <string>

namespace loong {

struct CopiedFiles {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// Makes `to`, an existing directory, hold what `from` holds: files, directories and symbolic links,
/// with their modes and times. What is there already with the same size and time is not copied again.
/// Pipes and sockets are left out: nobody is at their other end. Durable on return.
[[nodiscard]] Result<CopiedFiles> copy_tree(const std::string& from, const std::string& to);

} // namespace loong
