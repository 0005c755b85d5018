/// Tasks that are carried by threads of this process: LOONG_TEST_STORE keeps them, the runtime
/// `healthy` carries them.

#include "loong/tasks.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace loong {
namespace {

using test::TemporaryDirectory;

class WorkerThreadsTest : public testing::Test {
protected:
    Result<Tasks> open() {
        OpenOptions options;
        options.config_file = directory_ / "config.yaml";
        options.state_directory = directory_ / "state";
        options.session_id = "default";
        // There is no such program: a worker that was a process could not be started.
        options.worker_program = directory_ / "none";
        options.workers_in_this_process = true;
        std::ofstream(options.config_file)
            << "store: {plugin: " << copy(LOONG_TEST_STORE)
            << "}\nruntime: h\nruntimes: {h: {plugin: " << copy(LOONG_TEST_PLUGINS "/healthy.so")
            << "}}\nworkers: {max_parallel: 3}\n";
        return Tasks::open(options);
    }

    static std::vector<CreateRequest> requests(int count) {
        std::vector<CreateRequest> requests(static_cast<std::size_t>(count));
        for (CreateRequest& request : requests) request.work.text = "text";
        return requests;
    }

    // Not everybody's files are their own in the build tree.
    std::string copy(const std::string& plugin) {
        std::string file = directory_ / std::filesystem::path(plugin).filename();
        // Once: a library that is loaded must not be written over.
        std::filesystem::copy_file(plugin, file, std::filesystem::copy_options::skip_existing);
        ::chmod(file.c_str(), 0644);
        return file;
    }

    TemporaryDirectory directory_;
};

TEST_F(WorkerThreadsTest, SessionsRunInThisProcess) {
    Result<Tasks> tasks = open();
    ASSERT_TRUE(tasks) << tasks.error().message;
    const auto created = tasks->create(requests(20));
    ASSERT_TRUE(created) << created.error().message;
    WaitRequest wait;
    for (const Result<CreateResult>& one : *created) {
        ASSERT_TRUE(one) << one.error().message;
        wait.tasks.push_back(one->task.row.task_id);
    }
    wait.timeout = Seconds(60);
    const auto waited = tasks->wait(wait);
    ASSERT_TRUE(waited) << waited.error().message;
    EXPECT_EQ(waited->end, WaitEnd::reached);
    for (const std::string& id : wait.tasks) {
        const Result<TaskDetail> task = tasks->status(id);
        ASSERT_TRUE(task) << task.error().message;
        EXPECT_EQ(task->row.task_status.status, Status::completed);
        EXPECT_EQ(task->session.pid, ::getpid());
        EXPECT_EQ(task->lineage.size(), 1U);
    }
}

// A store object is one thread's at a time. The monitor is held where it begins to look after a session,
// and the work ends meanwhile: its worker may not use its store before the monitor has let go.
TEST_F(WorkerThreadsTest, WorkerLeavesItsStoreToTheMonitor) {
    OpenOptions options;
    options.config_file = directory_ / "config.yaml";
    options.state_directory = directory_ / "state";
    options.session_id = "default";
    options.workers_in_this_process = true;
    std::filesystem::create_directory(options.state_directory);
    std::ofstream(options.config_file)
        << "store: {plugin: " << copy(LOONG_TEST_PLUGINS "/store-memory.so")
        << ", hold_ends: " << directory_.path()
        << "}\nruntime: l\nruntimes: {l: {plugin: " << copy(LOONG_TEST_PLUGINS "/lasting.so")
        << "}}\n";
    {
        Result<Tasks> tasks = Tasks::open(options);
        ASSERT_TRUE(tasks) << tasks.error().message;
        CreateRequest request;
        request.work.text = "text";
        request.working_directory = directory_.path();
        request.submitter_environment =
            std::vector<EnvironmentVariable>{{"DEPLOY_TOKEN", "secret"}};
        request.environment = {"DEPLOY_TOKEN"};
        const auto created = tasks->create(request);
        ASSERT_TRUE(created) << created.error().message;
    }
    EXPECT_TRUE(std::filesystem::exists(directory_ / "held")) << "nobody looked at the session";
    EXPECT_TRUE(std::filesystem::exists(directory_ / "erasing")) << "it had no secrets";
    EXPECT_FALSE(std::filesystem::exists(directory_ / "overlap"));
}

TEST_F(WorkerThreadsTest, DestroyingWaitsUntilNothingIsLeftToDo) {
    {
        Result<Tasks> tasks = open();
        ASSERT_TRUE(tasks) << tasks.error().message;
        ASSERT_TRUE(tasks->create(requests(10)));
    }
    Result<Tasks> again = open();
    ASSERT_TRUE(again) << again.error().message;
    const auto listed = again->list({});
    ASSERT_TRUE(listed) << listed.error().message;
    EXPECT_EQ(listed->tasks.size(), 10U);
    for (const TaskRow& row : listed->tasks) {
        EXPECT_EQ(row.task_status.status, Status::completed);
    }
}

} // namespace
} // namespace loong
