// SIGKILL at every single system call of a worker, and of a keeper, one after the other. After each
// the probe has to tell the truth, and nothing may run twice.

#include "child_process.hpp"
#include "fixture.hpp"
#include "handle.hpp"
#include "own_command.hpp"
#include "processes.hpp"
#include "work_lock.hpp"

#include <csignal>
#include <sys/ptrace.h>
#include <sys/wait.h>

namespace loong::local {
namespace {

using State = Probe::State;

/// A traced process, stopped at its system calls. Entries and exits both count.
class Traced {
public:
    explicit Traced(pid_t pid) : pid_(pid) {}

    /// Lets it go on to its next stop; false once it has ended.
    bool next_stop() {
        int status = 0;
        if (::ptrace(PTRACE_SYSCALL, pid_, nullptr, signal_) != 0) return false;
        if (::waitpid(pid_, &status, __WALL) != pid_ || !WIFSTOPPED(status)) return false;
        const bool system_call = WSTOPSIG(status) == (SIGTRAP | 0x80);
        signal_ = system_call || (status >> 16) != 0 ? 0 : WSTOPSIG(status);
        return true;
    }

    void kill() const {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, __WALL);
    }

private:
    pid_t pid_;
    long signal_ = 0;
};

class KillPointsTest : public ::testing::Test {
protected:
    /// One session, with directories of its own.
    struct Attempt {
        Attempt() : context(make_spec(), session.path(), LOONG_TEST_KEEPER) {
            context.on_save_handle = [this](std::string_view handle) -> Result<void> {
                std::ofstream(work / "handle.new") << handle;
                std::filesystem::rename(work / "handle.new", work / "handle");
                return {};
            };
        }

        SessionSpec make_spec() {
            SessionSpec spec;
            static int number = 0;
            spec.task_session_id =
                "session-kill-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
            spec.working_directory = work.path();
            spec.environment = {{"PATH", "/usr/bin:/bin"}};
            spec.work.text = "echo x >> ran; exit 7";
            return spec;
        }

        [[nodiscard]] LostSession lost() const {
            return {context.spec(), context.directory(), content_of(work / "handle")};
        }
        /// How often the command ran.
        [[nodiscard]] std::size_t runs() const { return content_of(work / "ran").size() / 2; }

        void wait_for_keeper() const {
            const auto handle = parse_handle(content_of(work / "handle"));
            if (!handle) return;
            const Descriptor keeper = open_process(handle->keeper);
            if (keeper) {
                EXPECT_TRUE(test::wait_readable(keeper.get()));
            }
        }

        test::TemporaryDirectory session;
        test::TemporaryDirectory work;
        test::FakeSessionContext context;
        LocalRuntime runtime;
    };

    /// Runs the session in a traced process; the number of stops that it made, if that is fewer
    /// than `limit`, else it is killed at the stop with that number.
    static long run_worker(Attempt& attempt, long limit) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
            ::raise(SIGSTOP);
            static_cast<void>(attempt.runtime.run(attempt.context));
            ::_exit(0);
        }
        ::waitpid(child, nullptr, 0);
        ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD);
        Traced worker(child);
        for (long stops = 0; stops < limit; ++stops) {
            if (!worker.next_stop()) return stops;
        }
        worker.kill();
        return limit;
    }

    /// As run_worker, but the keeper's stops, from where it waits for go.
    static long run_keeper(Attempt& attempt, long limit) {
        auto lock = WorkLock::take(attempt.session.path());
        KeeperStart start;
        start.program = LOONG_TEST_KEEPER;
        start.directory = attempt.session.path();
        start.lock = (*lock)->descriptor();
        start.command_id = "0/1";
        start.session_id = attempt.context.spec().task_session_id;
        start.command.path = "/bin/sh";
        start.command.arguments = {"sh", "-c", attempt.context.spec().work.text};
        start.command.directory = attempt.work.path();
        start.command.environment = make_environment(attempt.context.spec(), {});
        auto own = OwnCommand::start(start);
        Handle handle;
        handle.boot_id = boot_id();
        handle.command_id = "0/1";
        handle.keeper = (*own)->keeper();
        static_cast<void>(attempt.context.save_handle(format_handle(handle)));

        const pid_t pid = handle.keeper.pid;
        ::ptrace(PTRACE_SEIZE, pid, nullptr, PTRACE_O_TRACESYSGOOD);
        ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
        int status = 0;
        ::waitpid(pid, &status, __WALL);
        (*own)->go();
        // The worker is gone as well: nobody but the probe will learn anything.
        (*own)->detach();
        Traced keeper(pid);
        for (long stops = 0; stops < limit; ++stops) {
            if (!keeper.next_stop()) return stops;
        }
        keeper.kill();
        return limit;
    }
};

TEST_F(KillPointsTest, worker) {
    long points = 0;
    long started = 0;
    for (long limit = 0;; ++limit) {
        Attempt attempt;
        const bool through = run_worker(attempt, limit) < limit;
        attempt.wait_for_keeper();
        const Probe found = *attempt.runtime.probe(attempt.lost());
        const bool never = found.state == State::never_started;
        ASSERT_TRUE(never || found.state == State::finished)
            << "stop " << limit << ": " << found.message;
        ASSERT_EQ(attempt.runs(), never ? 0U : 1U) << "stop " << limit;
        if (!never) {
            ASSERT_EQ(found.outcome->exit_code, 7) << "stop " << limit;
        }
        attempt.context.on_save_handle = nullptr;
        auto resumed = attempt.runtime.resume(attempt.context, attempt.lost().handle);
        ASSERT_TRUE(resumed) << "stop " << limit << ": " << resumed.error().message;
        ASSERT_EQ(resumed->has_value(), !never) << "stop " << limit;
        ASSERT_TRUE(*attempt.runtime.end(attempt.lost(), EndHow::forced)) << "stop " << limit;
        ASSERT_EQ(attempt.runs(), never ? 0U : 1U) << "stop " << limit;
        if (through) break;
        ++points;
        if (!never) ++started;
    }
    RecordProperty("kill_points", std::to_string(points));
    std::cout << points << " kill points of the worker, " << started << " after the start\n";
    EXPECT_GT(points, 100);
    EXPECT_GT(started, 4);
}

// A session whose handle was never saved has not started, so the next worker runs it in the same directory,
// at once: the first one's keeper may still be on its way out.
TEST_F(KillPointsTest, worker_without_a_handle_is_followed_by_another) {
    long points = 0;
    for (;; ++points) {
        Attempt attempt;
        ASSERT_EQ(run_worker(attempt, points), points) << "it came to its end without a handle";
        if (std::filesystem::exists(attempt.work / "handle")) break;
        const auto outcome = attempt.runtime.run(attempt.context);
        ASSERT_TRUE(outcome) << "stop " << points << ": " << outcome.error().message;
        ASSERT_EQ(outcome->exit_code, 7) << "stop " << points << ": " << outcome->message;
        ASSERT_EQ(attempt.runs(), 1U) << "stop " << points;
    }
    std::cout << points << " kill points of a worker before its handle\n";
    EXPECT_GT(points, 60);
}

TEST_F(KillPointsTest, keeper) {
    long points = 0;
    for (long limit = 0;; ++limit) {
        Attempt attempt;
        const bool through = run_keeper(attempt, limit) < limit;
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        const Probe found = *attempt.runtime.probe(attempt.lost());
        ASSERT_NE(found.state, State::unreachable) << "stop " << limit << ": " << found.message;
        ASSERT_TRUE(*attempt.runtime.end(attempt.lost(), EndHow::forced)) << "stop " << limit;
        auto left = find_session_processes(attempt.context.spec().task_session_id);
        ASSERT_TRUE(left && left->empty()) << "stop " << limit;
        if (found.state == State::never_started) {
            ASSERT_EQ(attempt.runs(), 0U) << "stop " << limit;
        }
        if (found.state == State::finished) {
            ASSERT_EQ(attempt.runs(), 1U) << "stop " << limit;
            ASSERT_EQ(found.outcome->exit_code, 7) << "stop " << limit;
        }
        ASSERT_LE(attempt.runs(), 1U);
        const Probe after = *attempt.runtime.probe(attempt.lost());
        ASSERT_NE(after.state, State::alive) << "stop " << limit;
        if (through) {
            ASSERT_EQ(found.state, State::finished);
            break;
        }
        ++points;
    }
    RecordProperty("kill_points", std::to_string(points));
    std::cout << points << " kill points of the keeper\n";
    EXPECT_GT(points, 40);
}

} // namespace
} // namespace loong::local
