// When it is recorded that a session has started, and what its runtime can do by it.

#include "carried_session.hpp"
#include "decide.hpp"
#include "memory_store.hpp"
#include "record.hpp"
#include "session_files.hpp"
#include "support/temporary_directory.hpp"
#include "task_machine.hpp"
#include "task_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace loong {
namespace {

using ::testing::ElementsAre;

bool any_signal(const SessionSignals& signals) {
    return signals.cancel || signals.force || signals.timeout || signals.answer || signals.detach;
}

class CarriedSessionTest : public ::testing::Test {
protected:
    CarriedSessionTest() {
        document.limits.timeout = std::chrono::hours(1);
        TaskState state = initial_state(document);
        const auto created = decide(state, command::Create{},
                                    {test::test_time(0), "default", test::session_id_of(1, 1), {}});
        for (const Event& event : *created) state = evolve(std::move(state), event);
        const NewTask task{document.task_id,
                           write_task_document(document),
                           write_records(*created),
                           state.summary,
                           {}};
        EXPECT_TRUE(store.create({task}));
    }

    /// As a worker carries it whose runtime starts with its handle.
    std::shared_ptr<CarriedSession> claim() {
        const std::string id = test::session_id_of(1, 1);
        CarriedSession::Setup setup;
        setup.store = &store;
        setup.config = &config;
        setup.lease = *store.take_lease(id);
        setup.task = *load_task(store, document.task_id);
        setup.spec.task_id = document.task_id;
        setup.spec.task_session_id = id;
        setup.directory = *store.prepare_session_directory(document.task_id, id);
        setup.start = command::Start{id, setup.lease->token(), "here", 1};
        return *CarriedSession::make(setup);
    }

    [[nodiscard]] std::vector<std::string> kinds() {
        const LoadedTask task = *load_task(store, document.task_id);
        std::vector<std::string> kinds;
        for (const Event& event : task.events) kinds.push_back(event.kind_name);
        return kinds;
    }
    [[nodiscard]] SessionFacts facts() {
        const LoadedTask task = *load_task(store, document.task_id);
        return *current_session(task.state);
    }
    [[nodiscard]] std::string cancel() {
        const auto done = apply(store, document.task_id, command::Cancel{}, "default");
        return done ? std::string() : done.error().message;
    }

    void expect_in_a_file(const std::string& handle) {
        const auto session = claim();
        ASSERT_TRUE(session->save_handle(handle));
        EXPECT_EQ(kinds().back(), "delegate_started");
        EXPECT_EQ(facts().handle, "");
        EXPECT_EQ(*session_files::load_handle(session->directory(), {}), handle);
    }

    test::TemporaryDirectory directory;
    store_memory::MemoryStore store{store_memory::MemoryStoreState::of(directory.path())};
    Config config;
    TaskDocument document = test::sample_document();
};

TEST_F(CarriedSessionTest, TheFirstHandleIsRecordedWithTheStart) {
    const auto session = claim();
    EXPECT_THAT(kinds(), ElementsAre("task_created", "delegate_queued"));
    EXPECT_FALSE(*session->follow()) << "a session that has not started has no timeout";
    ASSERT_TRUE(session->save_handle("pid 7"));
    EXPECT_THAT(kinds(), ElementsAre("task_created", "delegate_queued", "delegate_started"));
    EXPECT_EQ(facts().handle, "pid 7");
    EXPECT_FALSE(std::filesystem::exists(session->directory() + "/loong-handle"));
    EXPECT_EQ(*session_files::load_handle(session->directory(), facts().handle), "pid 7");
    EXPECT_TRUE(*session->follow());
    EXPECT_FALSE(session->start_failure());
}

TEST_F(CarriedSessionTest, ALaterHandleTakesThePlaceOfTheFirst) {
    const auto session = claim();
    ASSERT_TRUE(session->save_handle("pid 7"));
    ASSERT_TRUE(session->save_handle("pid 8"));
    EXPECT_EQ(facts().handle, "pid 7");
    EXPECT_EQ(*session_files::load_handle(session->directory(), facts().handle), "pid 8");
    // Also where the later one says that nothing runs.
    ASSERT_TRUE(session->save_handle(""));
    EXPECT_EQ(*session_files::load_handle(session->directory(), facts().handle), "");
}

TEST_F(CarriedSessionTest, TellsWhenAHandleIsSavedWhereverItGoes) {
    const auto session = claim();
    int told = 0;
    for (const std::string& handle : {std::string("pid 7"), std::string(5000, 'x')}) {
        ASSERT_TRUE(session->save_handle_then(handle, [&] {
            ++told;
            EXPECT_EQ(kinds().back(), "delegate_started");
        }));
    }
    EXPECT_EQ(told, 2);
    EXPECT_FALSE(session->save_handle_then(std::string(64 * 1024 + 1, 'x'), [&] { ++told; }));
    EXPECT_EQ(told, 2);
}

TEST_F(CarriedSessionTest, AHandleThatIsTooLongForARecordHasAFile) {
    expect_in_a_file(std::string(4097, 'x'));
}

TEST_F(CarriedSessionTest, AHandleThatIsNoTextHasAFile) {
    expect_in_a_file(std::string("\xff\0\xfe", 3));
}

TEST_F(CarriedSessionTest, WhateverIsToldFirstRecordsTheStart) {
    const auto session = claim();
    StepReport step;
    step.step = "build";
    step.total = 1;
    ASSERT_TRUE(session->report_step(step));
    EXPECT_THAT(kinds(),
                ElementsAre("task_created", "delegate_queued", "delegate_started", "step_started"));
    ASSERT_TRUE(session->save_handle("pid 7"));
    EXPECT_EQ(facts().handle, "");
    EXPECT_EQ(*session_files::load_handle(session->directory(), facts().handle), "pid 7");
}

TEST_F(CarriedSessionTest, ACancelThatWasFasterKeepsItFromStarting) {
    const auto session = claim();
    EXPECT_EQ(cancel(), "");
    EXPECT_FALSE(any_signal(session->take_signals())) << "there is nothing to end yet";
    const Result<void> saved = session->save_handle("pid 7");
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::conflict);
    EXPECT_EQ(session->start_failure()->message, saved.error().message);
    EXPECT_EQ(kinds().back(), "delegate_cancelled");
    EXPECT_FALSE(std::filesystem::exists(session->directory() + "/loong-handle"));
    EXPECT_FALSE(session->report_progress({}));
}

TEST_F(CarriedSessionTest, ALostLeaseKeepsItFromStarting) {
    const auto session = claim();
    store_memory::MemoryStoreState::of(directory.path())->lose_lease(test::session_id_of(1, 1));
    const Result<void> saved = session->save_handle("pid 7");
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::conflict);
    EXPECT_THAT(kinds(), ElementsAre("task_created", "delegate_queued"));
}

TEST_F(CarriedSessionTest, AHandleThatIsRefusedStartsNothing) {
    const auto session = claim();
    const Result<void> saved = session->save_handle(std::string(64 * 1024 + 1, 'x'));
    ASSERT_FALSE(saved);
    EXPECT_EQ(saved.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(session->start_failure());
    EXPECT_THAT(kinds(), ElementsAre("task_created", "delegate_queued"));
}

} // namespace
} // namespace loong
