// Slots given by those that wait and taken back: several sessions on one store, as several workers.

#include "memory_store.hpp"
#include "session_slot.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace loong {
namespace {

class SessionSlots : public ::testing::Test {
protected:
    SessionSlots() {
        config.max_parallel = 1;
        config.max_waiting = 2;
    }

    [[nodiscard]] std::unique_ptr<Lease> take(const LeasePool& pool) {
        return *take_from(store, pool);
    }
    [[nodiscard]] int held(const LeasePool& pool) { return *count_held(store, pool); }
    [[nodiscard]] int spare() {
        return *count_spare(store, slot_pools::worker(config), slot_pools::returning(config));
    }
    [[nodiscard]] SessionSlot session() {
        Slots slots{take(slot_pools::worker(config)), take(slot_pools::runtime(config, "local"))};
        return {store, config, "local", std::move(slots)};
    }
    /// As a worker does when its session starts to wait.
    static void wait(SessionSlot& slot) {
        ASSERT_TRUE(*slot.take_place());
        slot.give();
        ASSERT_TRUE(slot.is_away());
    }

    test::TemporaryDirectory directory;
    store_memory::MemoryStore store{store_memory::MemoryStoreState::of(directory.path())};
    Config config;
};

TEST_F(SessionSlots, ASessionThatWaitsHasAPlaceAndNoSlot) {
    SessionSlot slot = session();
    EXPECT_EQ(spare(), 0);
    wait(slot);
    EXPECT_EQ(spare(), 1);
    EXPECT_EQ(held(slot_pools::waiting(config)), 1);
    EXPECT_FALSE(slot.has_worker_slot());
    EXPECT_TRUE(*slot.come_back());
    EXPECT_TRUE(slot.has_worker_slot());
    EXPECT_EQ(held(slot_pools::waiting(config)), 0);
    EXPECT_EQ(held(slot_pools::returning(config)), 0);
    EXPECT_EQ(spare(), 0);
}

TEST_F(SessionSlots, AreKeptWhereTooManyWaitAlready) {
    const auto first = take(slot_pools::waiting(config));
    SessionSlot slot = session();
    EXPECT_TRUE(*slot.take_place());
    slot.leave_place();
    const auto second = take(slot_pools::waiting(config));
    EXPECT_FALSE(*slot.take_place());
    slot.give();
    EXPECT_TRUE(slot.has_worker_slot());
    EXPECT_FALSE(slot.is_away());
}

TEST_F(SessionSlots, WhoReturnsGoesAheadOfNewClaims) {
    SessionSlot slot = session();
    wait(slot);
    std::unique_ptr<Lease> other = take(slot_pools::worker(config));
    ASSERT_TRUE(other);
    EXPECT_FALSE(*slot.come_back());
    EXPECT_EQ(spare(), -1) << "the other one has to give way";
    other.reset();
    EXPECT_EQ(spare(), 0);
    const auto claimed =
        take_spare(store, slot_pools::worker(config), slot_pools::returning(config));
    EXPECT_FALSE(*claimed);
    EXPECT_TRUE(*slot.come_back());
}

TEST_F(SessionSlots, WhoEndsWantsNoneAnyMore) {
    SessionSlot slot = session();
    wait(slot);
    std::unique_ptr<Lease> other = take(slot_pools::worker(config));
    EXPECT_FALSE(*slot.come_back());
    slot.stop_returning();
    EXPECT_EQ(spare(), 0);
    EXPECT_EQ(held(slot_pools::waiting(config)), 1) << "its worker still lives";
    EXPECT_FALSE(slot.take().worker);
    EXPECT_EQ(held(slot_pools::waiting(config)), 0);
}

TEST_F(SessionSlots, TheRuntimesSlotIsGivenToo) {
    config.max_parallel = 2;
    config.runtimes["local"].max_parallel = 1;
    SessionSlot slot = session();
    const LeasePool runtime = slot_pools::runtime(config, "local");
    EXPECT_EQ(held(runtime), 1);
    wait(slot);
    EXPECT_EQ(held(runtime), 0);
    std::unique_ptr<Lease> other = take(runtime);
    EXPECT_FALSE(*slot.come_back());
    // It keeps no worker's slot from others while it cannot use one.
    EXPECT_EQ(spare(), 2);
    other.reset();
    EXPECT_TRUE(*slot.come_back());
    EXPECT_EQ(held(runtime), 1);
    EXPECT_EQ(spare(), 1);
}

TEST_F(SessionSlots, WhatWasTakenOverWithoutASlotComesBackWithOne) {
    const auto other = take(slot_pools::worker(config));
    SessionSlot slot(store, config, "local", Slots{});
    wait(slot);
    EXPECT_FALSE(*slot.come_back());
}

} // namespace
} // namespace loong
