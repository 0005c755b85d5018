#pragma once
/// Which files a policy lets be used, as Landlock wants to be told: it can only add.

#include "descriptor.hpp"
#include <loong/error.hpp>
#include <loong/session_spec.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace loong::local {

/// Something at or below which an access is allowed.
struct Grant {
    std::string path;
    bool read = false;
    bool write = false;
    /// Named by the policy: it has to be there, exactly as named. Others may vanish.
    bool must_exist = false;
};

/// The names in a directory, without `.` and `..`; none where it cannot be read.
using ListDirectory = std::function<std::vector<std::string>(const std::string&)>;

/// Everything that the policy allows, besides the session's own places. Where something below an
/// allowed directory is not, what lies beside it on the way down is granted one by one.
[[nodiscard]] std::vector<Grant> grants_of(const ToolPolicy& policy, const ListDirectory& list);

/// A ruleset with those grants, for a Landlock of that version. With `no_tcp` it refuses TCP too,
/// where the version can. `invalid_argument`: a directory is not what it was when it was named.
/// `store_io`.
[[nodiscard]] Result<Descriptor> make_ruleset(const std::vector<Grant>& grants, int version,
                                              bool no_tcp);

[[nodiscard]] std::vector<std::string> list_directory(const std::string& path);

} // namespace loong::local
