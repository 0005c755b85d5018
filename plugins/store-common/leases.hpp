#pragma once
/// Leases: a lock file each. Holding the lock is holding the lease; the file's content only tells
/// who holds it, or held it last.

#include "loong/error.hpp"
#include "loong/store.hpp"
#include "root.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace loong::store_common {

/// Held together by a holder. Byte 0 alone is locked once the content tells of the new holder.
inline constexpr off_t lease_told_byte = 0;
inline constexpr off_t lease_held_byte = 1;

/// The file of a lease bears its name; `.` and `..`, which cannot be names of files, get a `%`.
[[nodiscard]] std::string lease_file_name(std::string_view lease_name);

class Leases {
public:
    explicit Leases(std::shared_ptr<Root> root) : root_(std::move(root)) {}

    Result<std::unique_ptr<Lease>> take(std::string_view name);
    Result<std::unique_ptr<Lease>> wait_for(std::string_view name, Milliseconds limit);
    [[nodiscard]] LeaseStatus status(std::string_view name) const;

    /// Removes the lease's file, if nobody holds the lease.
    void remove(std::string_view name);

private:
    std::shared_ptr<Root> root_;
};

} // namespace loong::store_common
