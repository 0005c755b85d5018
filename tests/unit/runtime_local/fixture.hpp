#pragma once
#include "fake_session_context.hpp"
#include "local_runtime.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

namespace loong::local {

inline std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class LocalRuntimeTest : public ::testing::Test {
protected:
    static SessionSpec make_spec(const std::string& directory) {
        SessionSpec spec;
        spec.task_id = "task-01jd0000000000000000000000";
        // Processes are found by this id, and tests run at the same time.
        spec.task_session_id = "session-" + std::to_string(::getpid()) + "-" +
                               directory.substr(directory.rfind('/') + 1);
        spec.working_directory = directory;
        spec.environment = {{"PATH", "/usr/bin:/bin"},
                            {"LOONG_TASK_SESSION_ID", spec.task_session_id}};
        spec.limits.grace = std::chrono::seconds(10);
        return spec;
    }

    LocalRuntimeTest() : context(make_spec(work.path()), session.path(), LOONG_TEST_KEEPER) {}

    SessionSpec& spec() { return context.editable_spec(); }

    void text(const std::string& text) {
        spec().work.kind = WorkKind::text;
        spec().work.text = text;
    }
    void command(std::vector<std::string> arguments) {
        spec().work.kind = WorkKind::command;
        spec().work.arguments = std::move(arguments);
    }
    void plan(const std::string& yaml) {
        spec().work.kind = WorkKind::plan;
        spec().work.text = yaml;
        spec().work.source = "plan.yaml";
    }

    /// The outcome; an error fails the test and gives a failed outcome with the error's message.
    Outcome run() { return checked(runtime.run(context)); }

    Outcome run_text(const std::string& script) {
        text(script);
        return run();
    }

    template <typename T>
    static Outcome checked(T result) {
        if (!result) {
            ADD_FAILURE() << result.error().message;
            Outcome outcome;
            outcome.message = result.error().message;
            return outcome;
        }
        if constexpr (std::is_same_v<T, Result<Outcome>>) {
            return *result;
        } else {
            if (!result->has_value()) ADD_FAILURE() << "there was nothing to take over";
            return result->value_or(Outcome());
        }
    }

    [[nodiscard]] std::string standard_output() const { return content_of(session / "stdout"); }
    [[nodiscard]] std::string standard_error() const { return content_of(session / "stderr"); }

    [[nodiscard]] LostSession lost() const {
        return {context.spec(), context.directory(), context.handle()};
    }
    Probe probe() {
        auto found = runtime.probe(lost());
        if (!found) ADD_FAILURE() << found.error().message;
        return found ? *found : Probe();
    }

    /// Makes a pipe in the file system by which work and test tell each other something.
    std::string make_pipe(const std::string& name);
    /// Waits until someone has written a line into it; the line.
    static std::string read_line(const std::string& pipe);

    test::TemporaryDirectory session;
    test::TemporaryDirectory work;
    test::FakeSessionContext context;
    LocalRuntime runtime;
};

} // namespace loong::local
