#pragma once
/// Leases, within one process.

#include "store_contract_fixture.hpp"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <unistd.h>

namespace loong::test {

TEST_P(StoreContract, a_lease_has_one_holder) {
    const auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    EXPECT_EQ(lease->name(), "slot-1");
    EXPECT_GT(lease->token(), 0U);
    EXPECT_TRUE(lease->is_held());
    EXPECT_EQ(must(store().take_lease("slot-1")), nullptr);
    EXPECT_EQ(must(open()->take_lease("slot-1")), nullptr);
    EXPECT_TRUE(lease->is_held());
    EXPECT_NE(must(open()->take_lease("slot-2")), nullptr);
}

TEST_P(StoreContract, a_lease_is_given_back_at_once) {
    const auto other = open();
    std::uint64_t token = 0;
    for (int i = 0; i < 20; ++i) {
        Store& taker = i % 2 == 0 ? store() : *other;
        auto lease = must(taker.take_lease("slot-1"));
        ASSERT_NE(lease, nullptr);
        EXPECT_GT(lease->token(), token);
        token = lease->token();
        lease.reset();
        EXPECT_EQ(must(other->lease_status("slot-1")).state, LeaseState::free);
    }
}

TEST_P(StoreContract, a_lease_tells_its_holder) {
    const auto other = open();
    const LeaseStatus never = must(other->lease_status("slot-1"));
    EXPECT_EQ(never.state, LeaseState::free);
    EXPECT_FALSE(never.holder.has_value());

    const auto before = std::chrono::system_clock::now() - Seconds(2);
    auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    const LeaseStatus held = must(other->lease_status("slot-1"));
    EXPECT_EQ(held.state, LeaseState::held);
    ASSERT_TRUE(held.holder.has_value());
    EXPECT_EQ(held.holder->token, lease->token());
    EXPECT_EQ(held.holder->pid, ::getpid());
    EXPECT_FALSE(held.holder->host.empty());
    EXPECT_GE(held.holder->since, before);
    EXPECT_LE(held.holder->since, std::chrono::system_clock::now() + Seconds(2));
    EXPECT_EQ(must(store().lease_status("slot-1")).state, LeaseState::held);

    const std::uint64_t token = lease->token();
    lease.reset();
    const LeaseStatus free = must(other->lease_status("slot-1"));
    EXPECT_EQ(free.state, LeaseState::free);
    if (free.holder) {
        EXPECT_EQ(free.holder->token, token);
    }
}

TEST_P(StoreContract, lease_names_may_be_long_and_odd) {
    const std::vector<std::string> names = {
        std::string(128, 'x'), "a", ".", "..", "a.b_c-0", "-", "a.lock", "._-"};
    std::vector<std::unique_ptr<Lease>> leases;
    for (const std::string& name : names) {
        leases.push_back(must(store().take_lease(name)));
        ASSERT_NE(leases.back(), nullptr) << name;
        EXPECT_EQ(leases.back()->name(), name);
    }
    for (const std::string& name : names) {
        EXPECT_EQ(must(open()->lease_status(name)).state, LeaseState::held) << name;
    }
}

TEST_P(StoreContract, waiting_for_a_lease_ends_with_the_lease_or_with_the_limit) {
    auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    const auto other = open();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(must(other->wait_for_lease("slot-1", Milliseconds(60))), nullptr);
    EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds(60));
    EXPECT_EQ(must(other->wait_for_lease("slot-1", Milliseconds(0))), nullptr);

    std::chrono::steady_clock::time_point taken;
    std::thread waiter = in_thread([&] {
        const auto own = open();
        const auto waited = must(own->wait_for_lease("slot-1", test_patience));
        taken = std::chrono::steady_clock::now();
        ASSERT_NE(waited, nullptr);
        EXPECT_TRUE(waited->is_held());
    });
    // Long enough for the other thread to be waiting too; nothing is wrong where it is not yet.
    EXPECT_EQ(must(other->wait_for_lease("slot-1", Milliseconds(60))), nullptr);
    const auto freed = std::chrono::steady_clock::now();
    lease.reset();
    waiter.join();
    EXPECT_LT(taken - freed, Seconds(3));
    EXPECT_NE(must(other->wait_for_lease("slot-1", Milliseconds(0))), nullptr);
}

TEST_P(StoreContract, of_racing_takers_one_at_a_time_holds_a_lease) {
    constexpr int takers = 4;
    constexpr int each = 25;
    static_cast<void>(store());
    std::atomic<int> inside{0};
    std::mutex mutex;
    std::set<std::uint64_t> tokens;
    std::vector<std::thread> threads;
    for (int i = 0; i < takers; ++i) {
        threads.push_back(in_thread([&, i] {
            const auto own = open();
            for (int taken = 0; taken < each;) {
                auto lease = i % 2 == 0 ? must(own->take_lease("slot-1"))
                                        : must(own->wait_for_lease("slot-1", Seconds(10)));
                if (lease == nullptr) {
                    ASSERT_EQ(i % 2, 0) << "waited in vain";
                    std::this_thread::yield();
                    continue;
                }
                ASSERT_EQ(inside.fetch_add(1), 0) << "two holders";
                ASSERT_TRUE(lease->is_held());
                {
                    const std::lock_guard lock(mutex);
                    ASSERT_TRUE(tokens.empty() || *tokens.rbegin() < lease->token());
                    tokens.insert(lease->token());
                }
                inside.fetch_sub(1);
                lease.reset();
                ++taken;
            }
        }));
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(tokens.size(), static_cast<std::size_t>(takers * each));
}

TEST_P(StoreContract, asking_never_disturbs_who_takes) {
    constexpr int takes = 400;
    static_cast<void>(store());
    std::atomic<bool> done{false};
    std::vector<std::thread> askers;
    for (int i = 0; i < 2; ++i) {
        askers.push_back(in_thread([&] {
            const auto own = open();
            while (!done.load()) {
                const LeaseStatus status = must(own->lease_status("slot-1"));
                if (status.state == LeaseState::held && status.holder) {
                    ASSERT_EQ(status.holder->pid, ::getpid());
                }
            }
        }));
    }
    for (int i = 0; i < takes; ++i) {
        const auto lease = must(store().take_lease("slot-1"));
        EXPECT_NE(lease, nullptr) << "take " << i << " failed although nobody held the lease";
    }
    done = true;
    for (std::thread& asker : askers) asker.join();
}

TEST_P(StoreContract, a_holder_is_seen_as_long_as_it_holds) {
    const auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    const auto other = open();
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(must(other->lease_status("slot-1")).state, LeaseState::held);
        ASSERT_EQ(must(other->take_lease("slot-1")), nullptr);
        ASSERT_TRUE(lease->is_held());
    }
}

TEST_P(StoreContract, removing_a_task_takes_the_leases_of_its_sessions_along) {
    const TaskSummary summary = create(make_summary(1));
    {
        const auto lease = must(store().take_lease(summary.task_session_id));
        ASSERT_NE(lease, nullptr);
    }
    must(store().remove(summary.task_id, summary.revision));
    EXPECT_EQ(must(open()->lease_status(summary.task_session_id)).state, LeaseState::free);
}

} // namespace loong::test
