#pragma once
/// Leases of which any will do: the slots of workers and runtimes, the places of sessions that wait.
/// They are taken from the lowest number.

#include "loong/error.hpp"
#include "loong/store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace loong {

struct LeasePool {
    std::function<std::string(int)> name;
    int size = 0;
};

/// The first free one, taken; null where there is none.
[[nodiscard]] Result<std::unique_ptr<Lease>> take_from(Store& store, const LeasePool& pool);

/// Whether and by whom each is held, up to the first that nobody ever held. Stops where `seen`
/// returns false.
Result<void> look_through(Store& store, const LeasePool& pool,
                          const std::function<bool(int, const LeaseStatus&)>& seen);

[[nodiscard]] Result<int> count_held(Store& store, const LeasePool& pool);

} // namespace loong
