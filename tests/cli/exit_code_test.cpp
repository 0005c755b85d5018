#include "exit_code.hpp"

#include <gtest/gtest.h>

namespace loong::cli {
namespace {

TEST(ExitCode, TheFirstThatAppliesWins) {
    const std::vector<ExitCode> order = {
        ExitCode::interrupted,    ExitCode::failure,      ExitCode::not_found,
        ExitCode::plugin_refused, ExitCode::skipped,      ExitCode::task_not_completed,
        ExitCode::attention,      ExitCode::wait_timeout, ExitCode::done};
    for (std::size_t first = 0; first < order.size(); ++first) {
        for (std::size_t second = first; second < order.size(); ++second) {
            EXPECT_EQ(first_that_applies({order[first], order[second]}), order[first]);
            EXPECT_EQ(first_that_applies({order[second], order[first]}), order[first]);
        }
    }
}

TEST(ExitCode, NothingIsDone) { EXPECT_EQ(first_that_applies({}), ExitCode::done); }

TEST(ExitCode, OfErrors) {
    EXPECT_EQ(exit_code_of(ErrorCode::task_not_found), ExitCode::not_found);
    EXPECT_EQ(exit_code_of(ErrorCode::visibility_denied), ExitCode::not_found);
    EXPECT_EQ(exit_code_of(ErrorCode::ambiguous_id), ExitCode::failure);
    EXPECT_EQ(exit_code_of(ErrorCode::conflict), ExitCode::skipped);
    EXPECT_EQ(exit_code_of(ErrorCode::not_cancellable), ExitCode::skipped);
    EXPECT_EQ(exit_code_of(ErrorCode::plugin_refused), ExitCode::plugin_refused);
    EXPECT_EQ(exit_code_of(ErrorCode::plugin_not_found), ExitCode::failure);
    EXPECT_EQ(exit_code_of(ErrorCode::store_corrupt), ExitCode::failure);
}

TEST(ExitCode, OfActions) {
    EXPECT_EQ(exit_code_of(ActionResultKind::applied), ExitCode::done);
    EXPECT_EQ(exit_code_of(ActionResultKind::would_apply), ExitCode::done);
    EXPECT_EQ(exit_code_of(ActionResultKind::skipped_not_cancellable), ExitCode::skipped);
    EXPECT_EQ(exit_code_of(ActionResultKind::skipped_not_visible), ExitCode::not_found);
}

TEST(ExitCode, OfATaskThatEndedAndNeedsAttention) {
    TaskStatus status;
    status.status = Status::failed;
    status.terminal = true;
    status.needs_attention = true;
    EXPECT_EQ(exit_code_of(status), ExitCode::task_not_completed);
    status.status = Status::blocked;
    status.terminal = false;
    EXPECT_EQ(exit_code_of(status), ExitCode::attention);
    status.status = Status::running;
    status.needs_attention = false;
    EXPECT_EQ(exit_code_of(status), ExitCode::done);
}

} // namespace
} // namespace loong::cli
