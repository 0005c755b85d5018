#include "fixture.hpp"

#include "session_processes.hpp"

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace loong::acp {
namespace {

SessionSpec spec_in(const std::string& directory) {
    SessionSpec spec;
    spec.task_id = "task-01jd0000000000000000000000";
    // Processes are found by this id, and tests run at the same time.
    spec.task_session_id =
        "session-" + std::to_string(::getpid()) + "-" + directory.substr(directory.rfind('/') + 1);
    spec.working_directory = directory;
    spec.work.text = "do something";
    spec.environment = {{"PATH", "/usr/bin:/bin"},
                        {"ACP_NOTES", directory + "/notes"},
                        {"LOONG_TASK_SESSION_ID", spec.task_session_id}};
    return spec;
}

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

AcpTest::AcpTest() : context(spec_in(work.path()), session.path(), LOONG_TEST_KEEPER) {
    set("command", LOONG_TEST_PYTHON);
}

void AcpTest::play(const std::string& scenario, const std::vector<std::string>& words) {
    // Without what an interpreter looks for at its start, which takes longer than most of the tests.
    Value::Array args{"-I", "-S", LOONG_TEST_AGENT, scenario};
    for (const std::string& word : words) args.emplace_back(word);
    set("args", std::move(args));
}

Outcome AcpTest::checked(Result<Outcome> result) {
    if (result) return *std::move(result);
    ADD_FAILURE() << result.error().message;
    Outcome outcome;
    outcome.message = result.error().message;
    return outcome;
}

Outcome AcpTest::run() {
    Outcome outcome = checked(runtime.run(context));
    if (outcome.kind != OutcomeKind::detached) expect_nothing_left();
    return outcome;
}

Outcome AcpTest::run(const std::string& scenario, const std::vector<std::string>& words) {
    play(scenario, words);
    return run();
}

std::future<Outcome> AcpTest::start(const std::string& scenario) {
    play(scenario);
    return std::async(std::launch::async, [this] { return run(); });
}

Outcome AcpTest::take_up() {
    Result<std::optional<Outcome>> outcome = runtime.resume(context, context.handle());
    if (!outcome) return checked(outcome.error());
    if (!*outcome) return checked(Error{ErrorCode::unsupported, "nothing to take up", {}});
    expect_nothing_left();
    return **outcome;
}

void AcpTest::answer(RequestState state, const std::string& text) {
    context.on_request = [this, state, text](const NewRequest& request) {
        context.resolve(request.key, state, text);
    };
}

std::string AcpTest::told() const { return content_of(work / "notes"); }

std::string AcpTest::transcript() const { return content_of(session / "acp.jsonl"); }

void AcpTest::wait_until(const std::function<bool()>& condition) const {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            throw std::runtime_error("it did not come to that: " + said());
        }
        std::this_thread::yield();
    }
}

void AcpTest::expect_nothing_left() const {
    EXPECT_TRUE(test::session_processes(context.spec().task_session_id).empty());
}

LostSession AcpTest::lost() const {
    return {context.spec(), context.directory(), context.handle()};
}

} // namespace loong::acp
