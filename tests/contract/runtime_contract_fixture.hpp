#pragma once
/// What the tests of runtimes have in common.

#include "child_process.hpp"
#include "fake_session_context.hpp"
#include "fifo.hpp"
#include "loaded_plugin.hpp"
#include "must.hpp"
#include "session_processes.hpp"
#include "temporary_directory.hpp"
#include "test_ids.hpp"
#include <loong/output_files.hpp>
#include <loong/runtime.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <ostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace loong::test {

/// A runtime to be tested, and how to ask it for work that behaves in a known way. A spec that is
/// passed has everything filled in but the work.
struct RuntimeSubject {
    std::string name;
    std::function<Result<std::shared_ptr<Runtime>>()> make;
    /// Where loong-keeper is; may be empty where the runtime does not need it.
    std::string keeper_path;
    /// False: work that outlives its worker only goes on once it is taken up again, so it never ends
    /// by itself meanwhile.
    bool goes_on_alone = true;

    /// Writes `text` to its standard output, nothing else, and completes.
    std::function<void(SessionSpec& spec, const std::string& text)> succeed;
    /// Ends in failure soon. May be empty where no work of this runtime does.
    std::function<void(SessionSpec& spec)> fail;
    /// Writes a line into the pipe `started`, waits for a line from the pipe `go`, writes
    /// `went on` and a newline to its standard output, and completes. Ends when it is asked to.
    /// May be empty where all work ends at once; most of the suite is then skipped.
    std::function<void(SessionSpec& spec, const std::string& started, const std::string& go)> wait;
    /// Writes a line into the pipe `started` and goes on for ever, whatever it is asked politely.
    /// May be empty where such work cannot be.
    std::function<void(SessionSpec& spec, const std::string& started)> never_end;

    struct Nonsense {
        std::string what;
        std::string code;
        std::function<void(SessionSpec& spec)> make;
    };
    /// What check() has to refuse, and with which code.
    std::vector<Nonsense> nonsense;
};

inline std::ostream& operator<<(std::ostream& out, const RuntimeSubject& subject) {
    return out << subject.name;
}

inline std::string runtime_subject_name(const testing::TestParamInfo<RuntimeSubject>& info) {
    return info.param.name;
}

/// The runtime of a plugin, with no work yet: say at least what `succeed` is.
inline RuntimeSubject plugin_runtime(const std::string& name, const std::string& file,
                                     const Settings& settings = {},
                                     const std::string& keeper_path = {}) {
    RuntimeSubject subject;
    subject.name = name;
    subject.keeper_path = keeper_path;
    subject.make = [=] { return load_runtime_object(file, {name, settings, keeper_path}); };
    return subject;
}

class RuntimeContract : public testing::TestWithParam<RuntimeSubject> {
protected:
    static constexpr Seconds long_grace{60};

    RuntimeContract()
        : started_(working_ / "started"),
          go_(working_ / "go"),
          context_(make_spec(), session_.path(), GetParam().keeper_path) {}

    /// Runs a session in a thread of its own.
    std::future<Outcome> start() {
        return std::async(std::launch::async, [this] { return must(runtime().run(context_)); });
    }

    /// What became of it; a session that does not end in time fails the test.
    static Outcome outcome_of(std::future<Outcome>& running, Milliseconds limit = test_patience) {
        if (running.wait_for(limit) != std::future_status::ready) {
            throw std::runtime_error("the session did not end in time");
        }
        return running.get();
    }

    /// Starts work that waits, and returns once it is under way.
    std::future<Outcome> start_waiting() {
        GetParam().wait(spec(), started_.path(), go_.path());
        auto running = start();
        EXPECT_TRUE(started_.read_line().has_value());
        return running;
    }

    /// Starts work that waits in a worker of its own and kills the worker; the work goes on.
    /// False: it did not get so far.
    bool lose_worker() {
        GetParam().wait(spec(), started_.path(), go_.path());
        {
            ChildProcess worker([this](LineChannel&) {
                context_.on_save_handle = [this](std::string_view handle) -> Result<void> {
                    std::ofstream(handle_file(), std::ios::binary) << handle;
                    return {};
                };
                return must(runtime().run(context_)).kind == OutcomeKind::completed ? 0 : 1;
            });
            if (!started_.read_line()) return false;
            worker.kill();
        }
        std::ifstream file(handle_file(), std::ios::binary);
        handle_ = std::string{std::istreambuf_iterator<char>(file), {}};
        return !handle_.empty();
    }

    Runtime& runtime() {
        if (!runtime_) runtime_ = must(GetParam().make());
        return *runtime_;
    }
    DurableRuntime& durable_runtime() { return *durable(runtime()); }

    SessionSpec& spec() { return context_.editable_spec(); }

    [[nodiscard]] LostSession lost() const {
        return {context_.spec(), context_.directory(),
                handle_.empty() ? context_.handle() : handle_};
    }

    /// All of standard output, whichever way it was written.
    [[nodiscard]] std::string output() const {
        std::ifstream file(session_ / stdout_file_name, std::ios::binary);
        return std::string{std::istreambuf_iterator<char>(file), {}} +
               context_.written(OutputStream::standard_output);
    }

    /// Another session, with nothing of the one before.
    void renew_session() {
        handle_.clear();
        context_.editable_spec() = make_spec();
        for (const auto& one : std::filesystem::directory_iterator(session_.path())) {
            std::filesystem::remove_all(one.path());
        }
    }

    /// A spec with everything but the work. Processes, and work that lives elsewhere, are looked for
    /// by the session's id: no two have the same.
    SessionSpec make_spec() const {
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        const auto number =
            static_cast<std::uint64_t>(now) ^ (static_cast<std::uint64_t>(::getpid()) << 48U);
        SessionSpec spec;
        spec.task_id = task_id_of(number);
        spec.task_session_id = session_id_of(number);
        spec.owner_session_id = "default";
        spec.scope_session_id = "default";
        spec.label = "contract";
        spec.working_directory = working_.path();
        spec.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                            {"LOONG_TASK_ID", spec.task_id},
                            {"LOONG_TASK_SESSION_ID", spec.task_session_id}};
        spec.limits.grace = long_grace;
        return spec;
    }

    void expect_nothing_left() const {
        EXPECT_TRUE(session_processes(context_.spec().task_session_id).empty());
    }

    TemporaryDirectory session_;
    TemporaryDirectory working_;
    Fifo started_;
    Fifo go_;
    FakeSessionContext context_;
    std::string handle_;

private:
    [[nodiscard]] std::string handle_file() const { return working_ / "handle"; }

    std::shared_ptr<Runtime> runtime_;
};

} // namespace loong::test

#define LOONG_NEEDS_FAIL()                                                                         \
    do {                                                                                           \
        if (!GetParam().fail) GTEST_SKIP() << "the subject has no work that fails";                \
    } while (false)

#define LOONG_NEEDS_WAIT()                                                                         \
    do {                                                                                           \
        if (!GetParam().wait) GTEST_SKIP() << "the subject has no work that waits";                \
    } while (false)

#define LOONG_NEEDS_DURABLE()                                                                      \
    do {                                                                                           \
        if (durable(runtime()) == nullptr) {                                                       \
            GTEST_SKIP() << "the work of this runtime ends with its worker";                       \
        }                                                                                          \
        LOONG_NEEDS_WAIT();                                                                        \
    } while (false)
