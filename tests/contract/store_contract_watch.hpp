#pragma once
/// Watching, within one process.

#include "store_contract_fixture.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace loong::test {

/// How long a change may take to be reported where the store has to poll, and some more for a slow
/// machine.
inline constexpr Milliseconds report_limit{3000};

/// Waits until the watch has nothing more to report. False: it never stops reporting.
inline bool settle(Watch& watch) {
    for (int i = 0; i < 100; ++i) {
        if (!must(watch.wait(Milliseconds(30)))) return true;
    }
    return false;
}

TEST_P(StoreContract, a_watch_tells_what_changed_before_wait_was_called) {
    TaskSummary summary = create(make_summary(1));
    using Kind = WatchTarget::Kind;
    for (const WatchTarget& target :
         {WatchTarget{Kind::task, summary.task_id}, WatchTarget{Kind::everything, ""}}) {
        const auto other = open();
        const auto watch = must(other->watch({target}));
        summary = append(summary);
        EXPECT_TRUE(must(watch->wait(report_limit)));
    }
    const auto other = open();
    const auto watch = must(other->watch({{Kind::lease, "slot-1"}}));
    auto lease = must(store().take_lease("slot-1"));
    EXPECT_TRUE(must(watch->wait(report_limit)));
    ASSERT_TRUE(settle(*watch));
    lease.reset();
    EXPECT_TRUE(must(watch->wait(report_limit)));
}

TEST_P(StoreContract, a_watch_falls_silent_when_nothing_changes) {
    create_tasks(1, 2);
    using Kind = WatchTarget::Kind;
    const auto watch = must(
        store().watch({{Kind::everything, ""}, {Kind::task, task_id_of(1)}, {Kind::lease, "a"}}));
    EXPECT_TRUE(settle(*watch));
    append(make_task(1).summary);
    EXPECT_TRUE(must(watch->wait(report_limit)));
    EXPECT_TRUE(settle(*watch));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(must(watch->wait(Milliseconds(50))));
    EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds(50));
    EXPECT_FALSE(must(watch->wait(Milliseconds(0))));
}

TEST_P(StoreContract, reading_and_asking_is_no_change) {
    create_tasks(1, 2);
    must(store().take_lease("slot-1"));
    using Kind = WatchTarget::Kind;
    const auto watch = must(store().watch(
        {{Kind::everything, ""}, {Kind::task, task_id_of(1)}, {Kind::lease, "slot-1"}}));
    ASSERT_TRUE(settle(*watch));
    const auto other = open();
    ASSERT_TRUE(settle(*watch));
    must(other->list({}, ListOrder::newest_first, {}, 10));
    must(other->read(task_id_of(1)));
    must(other->find(task_id_of(1)));
    must(other->lease_status("slot-1"));
    must(other->claimable(test_time(0), 10));
    EXPECT_FALSE(must(watch->wait(Milliseconds(60))));
}

TEST_P(StoreContract, a_watch_on_a_task_sees_its_events_and_its_removal) {
    TaskSummary summary = create(make_summary(1));
    const auto watch = must(open()->watch({{WatchTarget::Kind::task, summary.task_id}}));
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(settle(*watch));
        summary = append(summary);
        EXPECT_TRUE(must(watch->wait(report_limit)));
    }
    ASSERT_TRUE(settle(*watch));
    must(store().remove(summary.task_id, summary.revision));
    EXPECT_TRUE(must(watch->wait(report_limit)));
}

TEST_P(StoreContract, a_watch_on_everything_sees_creation_events_and_removal) {
    static_cast<void>(store());
    const auto other = open();
    const auto watch = must(other->watch({{WatchTarget::Kind::everything, ""}}));
    ASSERT_TRUE(settle(*watch));
    TaskSummary summary = create(make_summary(1));
    EXPECT_TRUE(must(watch->wait(report_limit)));
    ASSERT_TRUE(settle(*watch));
    summary = append(summary);
    EXPECT_TRUE(must(watch->wait(report_limit)));
    ASSERT_TRUE(settle(*watch));
    must(store().remove(summary.task_id, summary.revision));
    EXPECT_TRUE(must(watch->wait(report_limit)));
}

TEST_P(StoreContract, a_watch_on_several_targets_sees_each) {
    create_tasks(1, 2);
    const auto other = open();
    using Kind = WatchTarget::Kind;
    const auto watch = must(other->watch({{Kind::task, task_id_of(1)},
                                          {Kind::task, task_id_of(2)},
                                          {Kind::lease, session_id_of(1)},
                                          {Kind::lease, session_id_of(2)}}));
    ASSERT_TRUE(settle(*watch));
    for (const std::uint64_t number : {2U, 1U}) {
        append(make_task(number).summary);
        EXPECT_TRUE(must(watch->wait(report_limit))) << number;
        ASSERT_TRUE(settle(*watch));
        auto lease = must(store().take_lease(session_id_of(number)));
        EXPECT_TRUE(must(watch->wait(report_limit))) << number;
        ASSERT_TRUE(settle(*watch));
        lease.reset();
        EXPECT_TRUE(must(watch->wait(report_limit))) << number;
        ASSERT_TRUE(settle(*watch));
    }
}

TEST_P(StoreContract, a_descriptor_is_readable_when_wait_would_return) {
    TaskSummary summary = create(make_summary(1));
    const auto watch = must(open()->watch({{WatchTarget::Kind::task, summary.task_id}}));
    if (watch->descriptor() < 0) GTEST_SKIP() << "this store's watches have no descriptor";
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(settle(*watch));
        EXPECT_FALSE(wait_readable(watch->descriptor(), Milliseconds(0)));
        summary = append(summary);
        EXPECT_TRUE(wait_readable(watch->descriptor(), report_limit));
        EXPECT_TRUE(wait_readable(watch->descriptor(), Milliseconds(0)));
        EXPECT_TRUE(must(watch->wait(Milliseconds(0))));
    }
}

TEST_P(StoreContract, a_watch_outlives_other_watches_and_objects) {
    TaskSummary summary = create(make_summary(1));
    const auto watch = must(store().watch({{WatchTarget::Kind::task, summary.task_id}}));
    {
        const auto other = open();
        must(other->watch({{WatchTarget::Kind::task, summary.task_id}}));
        must(other->watch({{WatchTarget::Kind::everything, ""}}));
    }
    ASSERT_TRUE(settle(*watch));
    append(summary);
    EXPECT_TRUE(must(watch->wait(report_limit)));
}

TEST_P(StoreContract, no_change_is_lost_between_looking_and_waiting) {
    constexpr std::uint64_t last = 151;
    TaskSummary summary = create(make_summary(1));
    const auto other = open();
    const auto watch = must(other->watch({{WatchTarget::Kind::task, summary.task_id}}));
    std::thread writer = in_thread([&, summary]() mutable {
        const auto own = open();
        while (summary.revision < last) summary = append(*own, summary);
    });
    std::uint64_t revision = 0;
    bool in_time = true;
    while (in_time) {
        revision = must(other->revision(task_id_of(1)));
        if (revision == last) break;
        in_time = must(watch->wait(Seconds(10)));
    }
    writer.join();
    EXPECT_TRUE(in_time) << "waited ten seconds at revision " << revision;
}

TEST_P(StoreContract, a_waiting_thread_is_woken_soon) {
    const TaskSummary summary = create(make_summary(1));
    const auto other = open();
    const auto watch = must(other->watch({{WatchTarget::Kind::task, summary.task_id}}));
    ASSERT_TRUE(settle(*watch));
    std::chrono::steady_clock::time_point woken;
    std::thread waiter = in_thread([&] {
        EXPECT_TRUE(must(watch->wait(test_patience)));
        woken = std::chrono::steady_clock::now();
    });
    append(summary);
    const auto changed = std::chrono::steady_clock::now();
    waiter.join();
    EXPECT_LT(woken - changed, report_limit);
}

} // namespace loong::test
