#include "faulty_store.hpp"
#include "memory_store.hpp"
#include "temporary_directory.hpp"
#include "test_store_host.hpp"

#include <gtest/gtest.h>

namespace loong::test {
namespace {

using store_memory::MemoryStore;
using store_memory::MemoryStoreState;

class FaultyStoreTest : public testing::Test {
protected:
    TemporaryDirectory directory_;
    std::shared_ptr<MemoryStoreState> state_ =
        std::make_shared<MemoryStoreState>(directory_.path());
    MemoryStore memory_{state_};
    FaultyStore store_{memory_};
};

TEST_F(FaultyStoreTest, without_a_fault_passes_everything_on_and_counts) {
    ASSERT_TRUE(store_.create({make_task(1)}));
    EXPECT_EQ(*store_.revision(task_id_of(1)), 1U);
    const auto lease = store_.take_lease("a");
    ASSERT_TRUE(lease && *lease);
    const Change change = make_change(make_task(1).summary);
    EXPECT_TRUE(store_.append(task_id_of(1), 1, change.records, change.summary, lease->get()));
    EXPECT_EQ(store_.calls(), 4U);
}

TEST_F(FaultyStoreTest, fails_one_call_without_its_effect) {
    store_.fail_at(2);
    ASSERT_TRUE(store_.create({make_task(1)}));
    const auto failed = store_.create({make_task(2)});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::store_io);
    EXPECT_FALSE(memory_.read(task_id_of(2)));
    EXPECT_TRUE(store_.create({make_task(2)}));
}

TEST_F(FaultyStoreTest, a_power_cut_before_the_effect_ends_everything) {
    auto lease = store_.take_lease("a");
    ASSERT_TRUE(lease && *lease);
    store_.cut_power_at(2, FaultyStore::Moment::before_effect);
    EXPECT_FALSE(store_.create({make_task(1)}));
    EXPECT_FALSE(store_.list({}, ListOrder::newest_first, {}, 1));
    EXPECT_FALSE(lease.value()->is_held());
    EXPECT_EQ(memory_.lease_status("a")->state, LeaseState::free);
    EXPECT_FALSE(memory_.read(task_id_of(1)));
}

TEST_F(FaultyStoreTest, a_power_cut_after_the_effect_keeps_it) {
    store_.cut_power_at(1, FaultyStore::Moment::after_effect);
    EXPECT_FALSE(store_.create({make_task(1)}));
    EXPECT_FALSE(store_.read(task_id_of(1)));
    EXPECT_TRUE(memory_.read(task_id_of(1)));
}

} // namespace
} // namespace loong::test
