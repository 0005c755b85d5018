#include "support/temporary_directory.hpp"
#include "worker_seats.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace loong {
namespace {

class WorkerSeats : public testing::Test {
protected:
    test::TemporaryDirectory directory_;
    const std::string place_ = directory_.path();
};

TEST_F(WorkerSeats, NobodyKnowsBeforeTheFirstWorker) {
    EXPECT_FALSE(is_worker_seat_free(place_, 2));
    EXPECT_FALSE(std::filesystem::exists(place_ + "/workers"));
}

TEST_F(WorkerSeats, AreTakenUntilTheLastAndAreFreeAgainWithTheirWorker) {
    Descriptor first = take_worker_seat(place_, 2);
    ASSERT_TRUE(first);
    EXPECT_TRUE(is_worker_seat_free(place_, 2));
    const Descriptor second = take_worker_seat(place_, 2);
    ASSERT_TRUE(second);
    EXPECT_FALSE(is_worker_seat_free(place_, 2));
    EXPECT_FALSE(take_worker_seat(place_, 2));
    first.close();
    EXPECT_TRUE(take_worker_seat(place_, 2));
}

TEST_F(WorkerSeats, MoreOrFewerThanTheConfigurationHadBefore) {
    const Descriptor only = take_worker_seat(place_, 1);
    ASSERT_TRUE(only);
    EXPECT_FALSE(is_worker_seat_free(place_, 1));
    EXPECT_TRUE(is_worker_seat_free(place_, 3));
    EXPECT_FALSE(is_worker_seat_free(place_, 0));
}

TEST_F(WorkerSeats, NeitherALinkNorAnythingElseIsFollowed) {
    std::filesystem::create_symlink(place_ + "/elsewhere", place_ + "/workers");
    EXPECT_FALSE(take_worker_seat(place_, 1));
    EXPECT_FALSE(is_worker_seat_free(place_, 1));
    EXPECT_FALSE(std::filesystem::exists(place_ + "/elsewhere"));
    std::filesystem::remove(place_ + "/workers");
    std::filesystem::create_directory(place_ + "/workers");
    EXPECT_FALSE(take_worker_seat(place_, 1));
    EXPECT_FALSE(is_worker_seat_free(place_, 1));
}

TEST_F(WorkerSeats, AreThereForTheirUserAlone) {
    const Descriptor seat = take_worker_seat(place_, 1);
    ASSERT_TRUE(seat);
    using std::filesystem::perms;
    EXPECT_EQ(std::filesystem::status(place_ + "/workers").permissions(),
              perms::owner_read | perms::owner_write);
}

} // namespace
} // namespace loong
