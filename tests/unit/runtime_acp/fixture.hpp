#pragma once
/// Sessions of the scripted agent (tests/acp/scripted_agent.py), one behaviour each.

#include "acp_runtime.hpp"
#include "fake_session_context.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <string>
#include <vector>

namespace loong::acp {

class AcpTest : public ::testing::Test {
protected:
    AcpTest();

    SessionSpec& spec() { return context.editable_spec(); }

    /// Which behaviour, with its words.
    void play(const std::string& scenario, const std::vector<std::string>& words = {});
    void set(const std::string& key, Value value) { spec().settings.values.set(key, value); }

    /// The outcome; an error fails the test and gives a failed outcome with the error's message.
    Outcome run();
    Outcome run(const std::string& scenario, const std::vector<std::string>& words = {});
    std::future<Outcome> start(const std::string& scenario);
    Outcome take_up();

    /// What the operator does with every request.
    void answer(RequestState state, const std::string& text = {});

    [[nodiscard]] std::string said() const {
        return context.written(OutputStream::standard_output);
    }
    /// What the agent was told, a line of JSON each.
    [[nodiscard]] std::string told() const;
    [[nodiscard]] std::string transcript() const;
    void wait_until(const std::function<bool()>& condition) const;
    void expect_nothing_left() const;
    [[nodiscard]] LostSession lost() const;

    test::TemporaryDirectory session;
    test::TemporaryDirectory work;
    test::FakeSessionContext context;
    AcpRuntime runtime{{"scripted", {}, LOONG_TEST_KEEPER}};

private:
    Outcome checked(Result<Outcome> result);
};

} // namespace loong::acp
