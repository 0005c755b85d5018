#include "loong/diagnosis.hpp"
#include "plugins.hpp"
#include "record.hpp"
#include "summary_codec.hpp"
#include "support/temporary_directory.hpp"
#include "task_machine.hpp"
#include <loong/tasks.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <set>

namespace loong {
namespace {

using test::TaskMachine;
using test::TemporaryDirectory;

const std::string store_plugin = std::string(LOONG_TEST_PLUGINS) + "/store-memory.so";
const std::string runtime_plugin = std::string(LOONG_TEST_PLUGINS) + "/healthy.so";

// What may be so on the machine that runs the tests, or in a build tree.
const std::set<std::string> surroundings = {"control_group", "few_file_watches", "keeper_missing",
                                            "worker_missing"};

/// On a store in memory, beside a runtime whose work ends with its worker.
class DiagnosisTest : public testing::Test {
protected:
    DiagnosisTest() {
        configure({});
        store = load();
    }

    /// `settings` are the store's.
    void configure(const std::string& settings) {
        const std::string file = directory.path() + "/config.yaml";
        std::ofstream(file) << "store: {plugin: " << store_plugin << settings << "}\n"
                            << "runtimes: {local: {plugin: " << runtime_plugin << "}}\n";
        options.config_file = file;
        options.state_directory = directory.path();
        options.worker_program = "/bin/true";
    }

    PluginObject<Store> load() {
        StoreSetup setup;
        setup.state_directory = directory.path();
        setup.host = &host;
        auto loaded = load_store(store_plugin, {}, setup);
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message);
        return loaded ? *std::move(loaded) : nullptr;
    }

    static TaskDocument document(std::uint64_t number) {
        TaskDocument document = test::sample_document();
        document.task_id = test::task_id_of(number);
        document.runtime_plugin = runtime_plugin;
        document.secret_names = {"TOKEN"};
        return document;
    }

    void keep(const TaskMachine& machine, const std::string& text = {}) {
        NewTask task;
        task.task_id = machine.document().task_id;
        task.document = text.empty() ? write_task_document(machine.document()) : text;
        task.records = write_records(machine.log);
        task.summary = machine.summary();
        task.secrets = "TOKEN=s3cr3t";
        const auto created = store->create({task});
        ASSERT_TRUE(created && created->front()) << task.task_id;
    }

    /// A task that is running, and whose carrier is gone.
    void keep_lost(std::uint64_t number) {
        TaskMachine machine(document(number));
        machine.create();
        machine.start();
        keep(machine);
    }

    std::vector<Diagnosed> diagnosed(bool apply = false) {
        Diagnosis diagnosis = diagnose(options, apply);
        std::erase_if(diagnosis.findings, [](const Diagnosed& one) {
            return surroundings.count(one.finding.code) != 0;
        });
        return std::move(diagnosis.findings);
    }

    static void expect_found(const std::vector<Diagnosed>& findings, const std::string& code) {
        EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [&](const Diagnosed& one) {
            return one.finding.code == code;
        })) << code;
    }

    TemporaryDirectory directory;
    CoreStoreHost host;
    OpenOptions options;
    PluginObject<Store> store;
};

TEST_F(DiagnosisTest, WhatIsRepairedIsNotFoundAgain) {
    EXPECT_TRUE(diagnosed().empty());
    keep_lost(1);
    TaskMachine ended(document(2));
    ended.create();
    ended.start();
    ended.finish(OutcomeKind::completed);
    keep(ended);
    const std::vector<Diagnosed> found = diagnosed();
    ASSERT_EQ(found.size(), 2U);
    expect_found(found, "carrier_lost");
    expect_found(found, "secrets_left");
    for (const Diagnosed& one : diagnosed(true)) EXPECT_EQ(one.repair, RepairState::repaired);
    EXPECT_TRUE(diagnosed().empty());
    EXPECT_FALSE(store->read_secrets(test::task_id_of(2))->has_value());
    EXPECT_EQ(store->find(test::task_id_of(1))->summary->session_state, SessionState::failed);
}

TEST_F(DiagnosisTest, WhatACarrierHoldsIsLeftAlone) {
    keep_lost(1);
    const auto summary = store->find(test::task_id_of(1))->summary;
    const auto lease = store->take_lease(summary->task_session_id);
    ASSERT_TRUE(lease && *lease);
    EXPECT_TRUE(diagnosed(true).empty());
    EXPECT_EQ(store->find(test::task_id_of(1))->summary->revision, summary->revision);
}

TEST_F(DiagnosisTest, SecretsAreLeftToWhoeverIsEndingTheTask) {
    TaskMachine ended(document(1));
    ended.create();
    ended.start();
    ended.finish(OutcomeKind::completed);
    keep(ended);
    {
        const auto lease = store->take_lease("hand-over");
        ASSERT_TRUE(lease && *lease);
        EXPECT_TRUE(diagnosed().empty());
    }
    expect_found(diagnosed(), "secrets_left");
}

TEST_F(DiagnosisTest, ATaskThatCoreCannotReadIsFoundByCore) {
    TaskMachine machine(document(1));
    machine.create();
    keep(machine, "nonsense");
    expect_found(diagnosed(), "task_unreadable");
    expect_found(diagnosed(true), "task_unreadable");
    EXPECT_EQ(store->read(test::task_id_of(1))->document, "nonsense");
}

TEST_F(DiagnosisTest, WhatTheStoreSaysOfATaskIsNotSaidTwice) {
    keep_lost(1);
    configure(", damage: " + test::task_id_of(1));
    const std::vector<Diagnosed> found = diagnosed();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().finding.code, "damaged_events");
    EXPECT_EQ(found.front().subject, "store");
}

TEST_F(DiagnosisTest, AnyFailureOfTheStoreIsToldAndTheNextCallMakesItRight) {
    int failures = 0;
    for (int call = 1; call < 400; ++call) {
        const auto number = static_cast<std::uint64_t>(call);
        keep_lost(number);
        configure(", fail_at: " + std::to_string(call));
        const Diagnosis diagnosis = diagnose(options, true);
        configure({});
        // Nothing was lost, and what was not repaired is repaired now.
        for (const Diagnosed& one : diagnosed(true)) {
            EXPECT_NE(one.repair, RepairState::failed) << call << ": " << one.finding.cause;
        }
        EXPECT_TRUE(diagnosed().empty()) << call;
        const auto task = store->find(test::task_id_of(number));
        ASSERT_TRUE(task && task->summary) << call;
        EXPECT_EQ(task->summary->session_state, SessionState::failed) << call;
        ASSERT_TRUE(store->remove(test::task_id_of(number), task->summary->revision));
        const bool told = std::any_of(
            diagnosis.findings.begin(), diagnosis.findings.end(), [](const Diagnosed& one) {
                return one.finding.code == "store_unusable" || one.repair == RepairState::failed;
            });
        if (told) ++failures;
        const bool untouched = std::all_of(
            diagnosis.findings.begin(), diagnosis.findings.end(), [](const Diagnosed& one) {
                return one.repair != RepairState::failed &&
                       (one.finding.code != "carrier_lost" || one.repair == RepairState::repaired);
            });
        // The call that was to fail did not come any more.
        if (!told && untouched && call > 20) {
            std::cout << "calls failed " << call - 1 << ", told " << failures << '\n';
            break;
        }
        ASSERT_LT(call, 399);
    }
    EXPECT_GT(failures, 5);
}

TEST_F(DiagnosisTest, HealSeesTheTreeAlone) {
    keep_lost(1);
    TaskDocument elsewhere = document(2);
    elsewhere.owner_session_id = elsewhere.scope_session_id = "elsewhere";
    elsewhere.visible_to = {"elsewhere"};
    TaskMachine machine(elsewhere);
    machine.create();
    machine.start();
    keep(machine);
    Result<Tasks> tasks = Tasks::open(options);
    ASSERT_TRUE(tasks);
    Result<Diagnosis> diagnosis = tasks->heal("", true);
    ASSERT_TRUE(diagnosis);
    ASSERT_EQ(diagnosis->findings.size(), 1U);
    EXPECT_EQ(diagnosis->findings.front().finding.task_id, test::task_id_of(1));
    EXPECT_EQ(diagnosis->task_count, 1U);
    EXPECT_EQ(diagnosis->needs_attention_count, 1U);
    EXPECT_EQ(tasks->heal("elsewhere", false).error().code, ErrorCode::visibility_denied);
    EXPECT_EQ(tasks->heal("nowhere", false).error().code, ErrorCode::session_not_found);
    const std::vector<Diagnosed> left = diagnosed();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left.front().finding.task_id, test::task_id_of(2));
}

} // namespace
} // namespace loong
