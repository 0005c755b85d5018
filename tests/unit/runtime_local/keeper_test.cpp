#include "child_process.hpp"
#include "exit_record.hpp"
#include "fixture.hpp"
#include "own_command.hpp"
#include "processes.hpp"
#include "work_lock.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace loong::local {
namespace {

class KeeperTest : public LocalRuntimeTest {
protected:
    std::unique_ptr<OwnCommand> start(const std::string& script) {
        auto lock = WorkLock::take(session.path());
        EXPECT_TRUE(lock && lock->has_value());
        lock_ = std::move(**lock);
        KeeperStart start;
        start.program = LOONG_TEST_KEEPER;
        start.directory = session.path();
        start.lock = lock_->descriptor();
        start.command_id = "0/1";
        start.session_id = spec().task_session_id;
        start.command.path = "/bin/sh";
        start.command.arguments = {"sh", "-c", script};
        start.command.directory = work.path();
        start.command.environment = {"PATH=/usr/bin:/bin",
                                     "LOONG_TASK_SESSION_ID=" + spec().task_session_id};
        auto own = OwnCommand::start(start);
        EXPECT_TRUE(own);
        return own ? std::move(*own) : nullptr;
    }

    static std::optional<ExitRecord> collect(OwnCommand& command) {
        for (;;) {
            if (!test::wait_readable(command.descriptor())) return std::nullopt;
            auto collected = command.collect();
            if (!collected) return std::nullopt;
            if (collected->done) return collected->record;
        }
    }

    static long status_line(pid_t pid, const std::string& name) {
        std::istringstream lines(content_of("/proc/" + std::to_string(pid) + "/status"));
        std::string line;
        while (std::getline(lines, line)) {
            if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
        }
        return -1;
    }

    std::optional<WorkLock> lock_;
};

TEST_F(KeeperTest, is_smaller_than_a_megabyte) {
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    // Also after much output, and with a large environment.
    spec().environment.push_back({"LARGE", std::string(100'000, 'x')});
    auto command =
        start("head -c 50000000 /dev/zero; sleep 1000 & echo > " + ready + "; read x < " + go_on);
    command->go();
    read_line(ready);
    const long resident = status_line(command->keeper().pid, "VmRSS");
    const long largest = status_line(command->keeper().pid, "VmHWM");
    RecordProperty("resident_kib", std::to_string(resident));
    RecordProperty("largest_resident_kib", std::to_string(largest));
    EXPECT_GT(resident, 0);
    EXPECT_LT(resident, 1024);
    EXPECT_LT(largest, 1024);
    std::ofstream(go_on) << "\n";
    EXPECT_TRUE(collect(*command));
}

TEST_F(KeeperTest, waits_for_go_and_leaves_without_a_trace_otherwise) {
    auto command = start("touch started");
    const Descriptor keeper = open_process(command->keeper());
    ASSERT_TRUE(keeper);
    command.reset();
    EXPECT_TRUE(test::wait_readable(keeper.get()));
    EXPECT_NE(::access((work / "started").c_str(), F_OK), 0);
    EXPECT_NE(::access((session / "exit").c_str(), F_OK), 0);
    EXPECT_EQ(*WorkLock::started_command(session.path()), "");
}

TEST_F(KeeperTest, holds_nothing_but_what_it_needs) {
    // Not close-on-exec, as a careless library may have opened it.
    const int leaked = ::open(work.path().c_str(), O_RDONLY);
    const std::string ready = make_pipe("ready");
    const std::string go_on = make_pipe("go-on");
    auto command = start("echo > " + ready + "; read x < " + go_on);
    command->go();
    read_line(ready);
    const std::string folder = "/proc/" + std::to_string(command->keeper().pid) + "/fd";
    std::size_t session_files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::error_code ignored;
        const std::string target = std::filesystem::read_symlink(entry, ignored).string();
        EXPECT_FALSE(target.starts_with(work.path())) << target;
        if (target.starts_with(session.path())) ++session_files;
    }
    // The directory, the lock and the record to be; files of output once there is some.
    EXPECT_EQ(session_files, 3U);
    std::ofstream(go_on) << "\n";
    EXPECT_TRUE(collect(*command));
    ::close(leaked);
}

TEST_F(KeeperTest, has_a_session_of_its_own_and_no_terminal) {
    auto command = start("true");
    EXPECT_EQ(::getsid(command->keeper().pid), command->keeper().pid);
    command->go();
    const auto record = collect(*command);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->exit_code, 0);
}

TEST_F(KeeperTest, marks_the_start_and_writes_the_record) {
    auto command = start("exit 5");
    command->go();
    const auto told = collect(*command);
    ASSERT_TRUE(told);
    EXPECT_EQ(*WorkLock::started_command(session.path()), "0/1");
    auto read = read_exit_record(session.path(), "0/1");
    ASSERT_TRUE(read && read->has_value());
    EXPECT_EQ((*read)->exit_code, 5);
    EXPECT_EQ((*read)->ended_at, told->ended_at);
    EXPECT_FALSE((*read)->asked);
    EXPECT_NE(::access((session / "exit.new").c_str(), F_OK), 0);
    // One line of JSON.
    const std::string line = content_of(session / "exit");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST_F(KeeperTest, keeps_the_lock_until_the_record_is_there) {
    const std::string go_on = make_pipe("go-on");
    auto command = start("read x < " + go_on);
    command->go();
    const Descriptor keeper = open_process(command->keeper());
    command->detach();
    lock_.reset();
    EXPECT_EQ(*WorkLock::ask(session.path()), WorkLock::State::held);
    std::ofstream(go_on) << "\n";
    while (*WorkLock::ask(session.path()) == WorkLock::State::held) {
    }
    EXPECT_NE(::access((session / "exit").c_str(), F_OK), -1);
    ASSERT_TRUE(test::wait_readable(keeper.get()));
    ::waitpid(-1, nullptr, 0);
}

TEST_F(KeeperTest, refuses_another_protocol) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl(LOONG_TEST_KEEPER, "loong-keeper", "999", nullptr);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST_F(KeeperTest, tells_what_it_could_not_prepare) {
    ASSERT_EQ(::symlink("/dev/null", (session / "stdout").c_str()), 0);
    text("true");
    const auto outcome = runtime.run(context);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::store_io);
    EXPECT_EQ(outcome.error().message, "loong-keeper could not prepare the output files: Too many "
                                       "levels of symbolic links");
}

TEST_F(KeeperTest, output_that_no_file_can_be_made_for_is_lost_and_told) {
    // The command itself puts a directory where the file of its output would be.
    text("mkdir " + session.path() + "/stdout && echo lost && echo kept >&2");
    const auto outcome = run();
    EXPECT_EQ(outcome.kind, OutcomeKind::completed);
    EXPECT_EQ(outcome.message, "some of its output was lost: Is a directory");
    EXPECT_EQ(standard_error(), "kept\n");
}

TEST_F(KeeperTest, full_disk_loses_output_and_not_the_outcome) {
    // The largest size of a file stands in for the disk's; the keeper has SIGXFSZ blocked.
    const rlimit small{200'000, RLIM_INFINITY};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const Outcome outcome = run_text("head -c 1000000 /dev/zero; exit 3");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.message, "exit code 3; some of its output was lost: File too large");
    EXPECT_EQ(standard_output().size(), 200'000U);
}

} // namespace
} // namespace loong::local
