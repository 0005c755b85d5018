#pragma once
/// The slot of one session, and its place among others while it waits for the operator.
///
/// A session that waits gives its slot to others: it takes a `waiting` lease, which shows that its
/// worker lives, gives its slots back under the hand-over, and when it was answered queues with a
/// `returning` lease. Whoever hands slots out leaves as many free as there are sessions that return,
/// so those go ahead of new claims. It counts as waiting until it has its slots again.

#include "config.hpp"
#include "lease_pool.hpp"
#include "loong/error.hpp"
#include "loong/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace loong {

/// What a worker holds for the session that it carries. `runtime` is null where the runtime has no
/// limit of its own; `worker` also where work was taken over while all slots were taken.
struct Slots {
    std::unique_ptr<Lease> worker;
    std::unique_ptr<Lease> runtime;
};

namespace slot_pools {

[[nodiscard]] LeasePool worker(const Config& config);
[[nodiscard]] LeasePool waiting(const Config& config);
[[nodiscard]] LeasePool returning(const Config& config);
/// Size 0 where the runtime has no limit of its own below that of the workers.
[[nodiscard]] LeasePool runtime(const Config& config, const std::string& runtime);
[[nodiscard]] LeasePool runtime_returning(const Config& config, const std::string& runtime);

} // namespace slot_pools

/// How many of `slots` are free beyond what is wanted by those that return; below zero where more
/// want one than are free.
[[nodiscard]] Result<int> count_spare(Store& store, const LeasePool& slots,
                                      const LeasePool& returning);

/// One of `slots` that nobody who returns wants; null where there is none.
[[nodiscard]] Result<std::unique_ptr<Lease>> take_spare(Store& store, const LeasePool& slots,
                                                        const LeasePool& returning);

/// [serial], like the store.
class SessionSlot {
public:
    SessionSlot(Store& store, const Config& config, std::string runtime, Slots slots);

    /// The session waits, or has not got its slots back yet.
    [[nodiscard]] bool is_away() const noexcept { return is_away_; }

    /// Takes a place among those that wait. False where `max_waiting` do already: it keeps its slot.
    Result<bool> take_place();
    /// Gives the slots back. Only with a place, and under the hand-over.
    void give();
    /// Gives the place back: the session does not wait after all.
    void leave_place();

    /// Queues for the slots, and takes them where they are free. True once it has them all.
    Result<bool> come_back();
    /// Does not want slots any longer: the session ends.
    void stop_returning();

    /// What changes where come_back() may do better.
    [[nodiscard]] std::vector<WatchTarget> targets() const;

    /// The slots that it has. Gives everything else back.
    [[nodiscard]] Slots take();
    [[nodiscard]] bool has_worker_slot() const noexcept { return slots_.worker != nullptr; }

private:
    Store& store_;
    const LeasePool worker_pool_;
    const LeasePool waiting_pool_;
    const LeasePool returning_pool_;
    const LeasePool runtime_pool_;
    const LeasePool runtime_returning_pool_;
    Slots slots_;
    bool is_away_ = false;
    std::unique_ptr<Lease> place_;
    std::unique_ptr<Lease> returning_;
    std::unique_ptr<Lease> runtime_returning_;
};

} // namespace loong
