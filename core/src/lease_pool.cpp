#include "lease_pool.hpp"

#include <utility>

namespace loong {

Result<std::unique_ptr<Lease>> take_from(Store& store, const LeasePool& pool) {
    for (int number = 0; number < pool.size; ++number) {
        Result<std::unique_ptr<Lease>> lease = store.take_lease(pool.name(number));
        if (!lease || *lease) return lease;
    }
    return std::unique_ptr<Lease>();
}

Result<void> look_through(Store& store, const LeasePool& pool,
                          const std::function<bool(int, const LeaseStatus&)>& seen) {
    for (int number = 0; number < pool.size; ++number) {
        Result<LeaseStatus> status = store.lease_status(pool.name(number));
        if (!status) return std::move(status).error();
        if (status->state == LeaseState::free && !status->holder) return {};
        if (!seen(number, *status)) return {};
    }
    return {};
}

Result<int> count_held(Store& store, const LeasePool& pool) {
    int held = 0;
    Result<void> looked = look_through(store, pool, [&](int, const LeaseStatus& status) {
        if (status.state == LeaseState::held) ++held;
        return true;
    });
    if (!looked) return std::move(looked).error();
    return held;
}

} // namespace loong
