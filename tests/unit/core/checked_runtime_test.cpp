#include "checked_runtime.hpp"
#include "support/fake_session_context.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

namespace loong {
namespace {

using test::FakeSessionContext;
using test::TemporaryDirectory;

/// Tells what the test has set.
class LyingRuntime : public Runtime, public DurableRuntime, public RuntimeDiagnosis {
public:
    Result<void> check(const SessionSpec&) override { return {}; }
    Result<Outcome> run(SessionContext&) override { return outcome; }
    void* extension(std::string_view name) override {
        if (name == RuntimeDiagnosis::extension_name) {
            return is_durable ? static_cast<RuntimeDiagnosis*>(this) : nullptr;
        }
        if (name != DurableRuntime::extension_name) return &outcome;
        return is_durable ? static_cast<DurableRuntime*>(this) : nullptr;
    }
    Result<std::optional<Outcome>> resume(SessionContext&, std::string_view handle) override {
        if (handle.empty()) return std::optional<Outcome>();
        return std::optional(outcome);
    }
    Result<Probe> probe(const LostSession&) override { return told; }
    Result<bool> end(const LostSession&, EndHow how) override { return how == EndHow::forced; }
    [[nodiscard]] bool starts_with_handle() const override {
        if (findings.empty()) throw std::runtime_error("no findings");
        return true;
    }
    Result<std::vector<Finding>> diagnose() override {
        if (findings.empty()) throw std::runtime_error("no findings");
        return findings;
    }

    /// Durable, and able to tell how it stands.
    bool is_durable = true;
    std::vector<Finding> findings;
    Outcome outcome;
    Probe told;
};

class CheckedRuntimeTest : public testing::Test {
protected:
    void wrap(bool is_durable) {
        auto lying = std::make_unique<LyingRuntime>();
        lying->is_durable = is_durable;
        inner = lying.get();
        checked.emplace("runtime-x",
                        CheckedRuntime::Inner(lying.release(), std::default_delete<Runtime>()));
    }

    template <typename T>
    static void expect_fault(const Result<T>& result, const std::string& message) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::plugin_fault);
        EXPECT_EQ(result.error().message, message);
    }

    TemporaryDirectory directory;
    FakeSessionContext context{SessionSpec{}, directory.path(), "/nowhere"};
    LyingRuntime* inner = nullptr;
    std::optional<CheckedRuntime> checked;
};

TEST_F(CheckedRuntimeTest, WhatIsRightPasses) {
    wrap(true);
    EXPECT_TRUE(checked->check({}));
    for (const Outcome& outcome : {Outcome{.kind = OutcomeKind::completed, .exit_code = 0},
                                   Outcome{.kind = OutcomeKind::failed, .exit_code = 255},
                                   Outcome{.kind = OutcomeKind::failed, .signal = 9},
                                   Outcome{.kind = OutcomeKind::detached}}) {
        inner->outcome = outcome;
        EXPECT_TRUE(checked->run(context));
    }
    DurableRuntime* const able = durable(*checked);
    ASSERT_NE(able, nullptr);
    EXPECT_FALSE(able->resume(context, "")->has_value());
    EXPECT_TRUE(able->resume(context, "handle")->has_value());
    EXPECT_FALSE(able->starts_with_handle()) << "one that throws does not";
    inner->findings.emplace_back();
    EXPECT_TRUE(able->starts_with_handle());
    inner->told.state = Probe::State::gone;
    EXPECT_EQ(able->probe({})->state, Probe::State::gone);
    EXPECT_TRUE(*able->end({}, EndHow::forced));
    EXPECT_FALSE(*able->end({}, EndHow::graceful));
    EXPECT_EQ(checked->extension("something.else"), &inner->outcome);
}

TEST_F(CheckedRuntimeTest, OutcomesKeepTheirRanges) {
    wrap(true);
    inner->outcome = {.kind = OutcomeKind::failed, .exit_code = 256};
    expect_fault(checked->run(context), "plugin runtime-x: run: gave the exit code 256");
    expect_fault(durable(*checked)->resume(context, "handle"),
                 "plugin runtime-x: resume: gave the exit code 256");
    inner->outcome = {.kind = OutcomeKind::failed, .exit_code = -1};
    expect_fault(checked->run(context), "plugin runtime-x: run: gave the exit code -1");
    inner->outcome = {.kind = OutcomeKind::failed, .signal = 0};
    expect_fault(checked->run(context), "plugin runtime-x: run: gave the signal 0");
    inner->outcome = {.kind = static_cast<OutcomeKind>(77)};
    expect_fault(checked->run(context),
                 "plugin runtime-x: run: gave an outcome of an unknown kind");
}

TEST_F(CheckedRuntimeTest, OnlyDurableWorkIsDetached) {
    wrap(false);
    EXPECT_EQ(durable(*checked), nullptr);
    inner->outcome = {.kind = OutcomeKind::detached};
    expect_fault(
        checked->run(context),
        "plugin runtime-x: run: gave the outcome 'detached', which only a durable runtime may");
}

TEST_F(CheckedRuntimeTest, AProbeIsConsistent) {
    wrap(true);
    DurableRuntime& able = *durable(*checked);
    inner->told.state = Probe::State::finished;
    expect_fault(able.probe({}), "plugin runtime-x: probe: says 'finished' without an outcome");
    inner->told.outcome = Outcome{.kind = OutcomeKind::detached};
    EXPECT_FALSE(able.probe({}));
    inner->told.outcome = Outcome{.kind = OutcomeKind::completed};
    EXPECT_TRUE(able.probe({}));
    inner->told.state = static_cast<Probe::State>(9);
    expect_fault(able.probe({}), "plugin runtime-x: probe: gave an unknown state");
}

TEST_F(CheckedRuntimeTest, FindingsAreWholeAndOfTheRuntimeAlone) {
    wrap(false);
    EXPECT_EQ(diagnosis(*checked), nullptr);
    wrap(true);
    RuntimeDiagnosis* const able = diagnosis(*checked);
    ASSERT_NE(able, nullptr);
    const Finding fact{"kernel_8", Severity::note, {}, "this kernel can do it", {}, false};
    inner->findings = {fact};
    ASSERT_TRUE(able->diagnose());
    EXPECT_EQ(able->diagnose()->front().cause, "this kernel can do it");
    EXPECT_TRUE(is_fact(able->diagnose()->front()));

    const std::string plugin = "plugin runtime-x: diagnose: ";
    inner->findings = {};
    expect_fault(able->diagnose(), plugin + "threw no findings");
    inner->findings = {fact, fact};
    inner->findings[1].code = "Bad code";
    expect_fault(able->diagnose(), plugin + "gave a finding with the code 'Bad code'");
    inner->findings[1].code.clear();
    expect_fault(able->diagnose(), plugin + "gave a finding with the code ''");
    inner->findings[1] = fact;
    inner->findings[1].cause.clear();
    expect_fault(able->diagnose(), plugin + "gave the finding kernel_8 without a cause");
    inner->findings[1] = fact;
    inner->findings[1].severity = static_cast<Severity>(9);
    expect_fault(able->diagnose(), plugin + "gave a finding of an unknown severity");
    inner->findings[1] = fact;
    inner->findings[1].task_id = "task-01arz3ndektsv4rrffq69g5fav";
    expect_fault(able->diagnose(), plugin + "gave the finding kernel_8 about a task");
    inner->findings[1] = fact;
    inner->findings[1].repairable = true;
    expect_fault(able->diagnose(),
                 plugin + "calls the finding kernel_8 repairable, which no runtime repairs");
}

} // namespace
} // namespace loong
