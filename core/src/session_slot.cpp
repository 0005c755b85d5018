#include "session_slot.hpp"

#include "lease_names.hpp"

#include <utility>

namespace loong {

namespace slot_pools {

LeasePool worker(const Config& config) { return {lease_names::slot, config.max_parallel}; }

LeasePool waiting(const Config& config) { return {lease_names::waiting, config.max_waiting}; }

LeasePool returning(const Config& config) { return {lease_names::returning, config.max_waiting}; }

LeasePool runtime(const Config& config, const std::string& runtime) {
    const auto entry = config.runtimes.find(runtime);
    const int limit = entry == config.runtimes.end() ? 0 : entry->second.max_parallel;
    return {[runtime](int number) { return lease_names::runtime_slot(runtime, number); },
            limit < config.max_parallel ? limit : 0};
}

LeasePool runtime_returning(const Config& config, const std::string& runtime) {
    return {[runtime](int number) { return lease_names::runtime_returning(runtime, number); },
            config.max_waiting};
}

} // namespace slot_pools

Result<int> count_spare(Store& store, const LeasePool& slots, const LeasePool& returning) {
    // Those that return are counted first: one that gets its slot meanwhile counts twice then, and
    // never not at all.
    Result<int> wanted = count_held(store, returning);
    if (!wanted) return wanted;
    int spare = -*wanted;
    for (int number = 0; number < slots.size; ++number) {
        Result<LeaseStatus> status = store.lease_status(slots.name(number));
        if (!status) return std::move(status).error();
        if (status->state == LeaseState::free) ++spare;
    }
    return spare;
}

Result<std::unique_ptr<Lease>> take_spare(Store& store, const LeasePool& slots,
                                          const LeasePool& returning) {
    Result<int> wanted = count_held(store, returning);
    if (!wanted) return std::move(wanted).error();
    if (*wanted > 0) {
        Result<int> spare = count_spare(store, slots, returning);
        if (!spare) return std::move(spare).error();
        if (*spare <= 0) return std::unique_ptr<Lease>();
    }
    return take_from(store, slots);
}

SessionSlot::SessionSlot(Store& store, const Config& config, std::string runtime, Slots slots)
    : store_(store),
      worker_pool_(slot_pools::worker(config)),
      waiting_pool_(slot_pools::waiting(config)),
      returning_pool_(slot_pools::returning(config)),
      runtime_pool_(slot_pools::runtime(config, runtime)),
      runtime_returning_pool_(slot_pools::runtime_returning(config, runtime)),
      slots_(std::move(slots)) {}

Result<bool> SessionSlot::take_place() {
    if (place_) return true;
    Result<std::unique_ptr<Lease>> place = take_from(store_, waiting_pool_);
    if (!place) return std::move(place).error();
    place_ = *std::move(place);
    return place_ != nullptr;
}

void SessionSlot::give() {
    if (!place_) return;
    is_away_ = true;
    slots_ = Slots{};
}

void SessionSlot::leave_place() {
    if (!is_away_) place_.reset();
}

Result<bool> SessionSlot::come_back() {
    // The runtime's slot first: who waits for that one must not keep a worker's slot from others.
    if (runtime_pool_.size > 0 && !slots_.runtime) {
        if (!runtime_returning_) {
            auto queued = take_from(store_, runtime_returning_pool_);
            if (!queued) return std::move(queued).error();
            runtime_returning_ = *std::move(queued);
        }
        auto slot = take_from(store_, runtime_pool_);
        if (!slot) return std::move(slot).error();
        if (!*slot) return false;
        slots_.runtime = *std::move(slot);
        runtime_returning_.reset();
    }
    if (!slots_.worker) {
        if (!returning_) {
            auto queued = take_from(store_, returning_pool_);
            if (!queued) return std::move(queued).error();
            returning_ = *std::move(queued);
        }
        auto slot = take_from(store_, worker_pool_);
        if (!slot) return std::move(slot).error();
        if (!*slot) return false;
        slots_.worker = *std::move(slot);
    }
    is_away_ = false;
    // The slot is held before the place is given back, so that the worker is seen all the time.
    returning_.reset();
    place_.reset();
    return true;
}

void SessionSlot::stop_returning() {
    returning_.reset();
    runtime_returning_.reset();
}

std::vector<WatchTarget> SessionSlot::targets() const {
    std::vector<WatchTarget> targets;
    for (const LeasePool* pool : {&worker_pool_, &runtime_pool_}) {
        for (int number = 0; number < pool->size; ++number) {
            targets.push_back({WatchTarget::Kind::lease, pool->name(number)});
        }
    }
    return targets;
}

Slots SessionSlot::take() {
    stop_returning();
    is_away_ = false;
    place_.reset();
    return std::move(slots_);
}

} // namespace loong
