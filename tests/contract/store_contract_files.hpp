#pragma once
/// The directories that a store lends, and what it finds wrong with itself.

#include "store_contract_fixture.hpp"

#include <fstream>
#include <sys/stat.h>

namespace loong::test {

TEST_P(StoreContract, a_session_has_a_directory_for_the_user_alone) {
    const TaskSummary summary = create(make_summary(1));
    const std::string directory =
        must(store().session_directory(summary.task_id, summary.task_session_id));
    EXPECT_TRUE(directory.starts_with('/'));
    struct stat status {};
    ASSERT_EQ(::lstat(directory.c_str(), &status), 0);
    EXPECT_TRUE(S_ISDIR(status.st_mode));
    EXPECT_EQ(status.st_mode & 07777, 0700U);

    std::ofstream(directory + "/file") << "text";
    close();
    EXPECT_EQ(must(store().session_directory(summary.task_id, summary.task_session_id)), directory);
    EXPECT_TRUE(std::filesystem::exists(directory + "/file"));
    EXPECT_NE(must(store().session_directory(summary.task_id, session_id_of(1, 2))), directory);
}

TEST_P(StoreContract, a_session_directory_that_was_prepared_is_the_same) {
    const TaskSummary summary = create(make_summary(1));
    const std::string directory =
        must(store().prepare_session_directory(summary.task_id, summary.task_session_id));
    std::ofstream(directory + "/file") << "text";
    EXPECT_EQ(must(store().session_directory(summary.task_id, summary.task_session_id)), directory);
    EXPECT_EQ(must(store().prepare_session_directory(summary.task_id, summary.task_session_id)),
              directory);
    EXPECT_TRUE(std::filesystem::exists(directory + "/file"));
    struct stat status {};
    ASSERT_EQ(::lstat(directory.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
}

TEST_P(StoreContract, a_session_directory_of_no_task_is_refused) {
    EXPECT_EQ(code_of(store().session_directory(task_id_of(1), session_id_of(1))),
              "task_not_found");
    EXPECT_EQ(code_of(store().prepare_session_directory(task_id_of(1), session_id_of(1))),
              "task_not_found");
}

TEST_P(StoreContract, a_session_directory_is_private_whatever_the_umask) {
    const TaskSummary summary = create(make_summary(1));
    for (const mode_t mask : {0000U, 0777U}) {
        const mode_t before = ::umask(mask);
        const auto directory = store().session_directory(summary.task_id, session_id_of(1, mask));
        ::umask(before);
        struct stat status {};
        ASSERT_EQ(::stat(must(directory).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0700U);
    }
}

TEST_P(StoreContract, a_task_directory_is_one_or_none) {
    const TaskSummary summary = create(make_summary(1));
    const std::string directory = must(store().task_directory(summary.task_id));
    if (!directory.empty()) {
        EXPECT_TRUE(directory.starts_with('/'));
        EXPECT_TRUE(std::filesystem::is_directory(directory));
    }
}

TEST_P(StoreContract, a_healthy_store_has_no_findings) {
    create_tasks(1, 10);
    TaskSummary summary = append(make_task(1).summary, 3);
    summary.task_session_id = session_id_of(1, 2);
    summary = change_state(summary, SessionState::completed);
    must(store().session_directory(summary.task_id, summary.task_session_id));
    NewTask secret = make_task(11);
    secret.secrets = "secret";
    create(secret);
    must(store().remove(task_id_of(5), 1));
    const auto lease = must(store().take_lease(session_id_of(2)));
    for (const Finding& finding : faults(must(open()->verify()))) {
        ADD_FAILURE() << finding.code << ' ' << finding.task_id << ": " << finding.cause;
    }
    close();
    EXPECT_TRUE(faults(must(store().verify())).empty());
    EXPECT_EQ(listed().size(), 10U);
}

TEST_P(StoreContract, what_cannot_be_repaired_is_told) {
    create_tasks(1, 1);
    Finding finding;
    finding.code = "no_such_finding";
    finding.task_id = task_id_of(1);
    EXPECT_EQ(code_of(store().repair(finding)), "unsupported");
}

} // namespace loong::test
