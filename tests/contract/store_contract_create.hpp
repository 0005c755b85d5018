#pragma once
/// Creating and removing tasks, dedupe keys, secrets.

#include "store_contract_fixture.hpp"

#include <atomic>
#include <set>
#include <thread>

namespace loong::test {

TEST_P(StoreContract, create_keeps_what_it_was_given) {
    NewTask task = make_task(make_summary(1), 3);
    task.document += "text: |\n  two lines\n  of \xc3\xa4\xf0\x9f\x90\x89 text\n";
    create(task);
    const auto other = open();
    const StoredTask kept = must(other->read(task.task_id));
    EXPECT_EQ(kept.document, task.document);
    EXPECT_EQ(kept.records, task.records);
    EXPECT_EQ(must(other->revision(task.task_id)), 3U);
    const ListedTask found = must(other->find(task.task_id));
    EXPECT_EQ(found.task_id, task.task_id);
    EXPECT_TRUE(same_summary(must(found.summary), task.summary));
}

TEST_P(StoreContract, create_outlives_the_object) {
    create_tasks(1, 3);
    close();
    EXPECT_EQ(listed(), ids({1, 2, 3}));
}

TEST_P(StoreContract, create_keeps_awkward_text_in_a_summary) {
    TaskSummary summary = make_summary(1);
    summary.label = awkward_text;
    summary.message = awkward_text;
    summary.progress.note = awkward_text;
    create(summary);
    close();
    const TaskSummary found = must(must(store().find(task_id_of(1))).summary);
    EXPECT_EQ(found.label, awkward_text);
    EXPECT_EQ(found.message, awkward_text);
    EXPECT_EQ(found.progress.note, awkward_text);
}

TEST_P(StoreContract, create_takes_a_document_of_sixteen_mebibytes) {
    NewTask task = make_task(1);
    task.document +=
        "text: " + std::string((std::size_t{16} << 20) - task.document.size() - 7, 'x');
    task.document += '\n';
    create(task);
    EXPECT_TRUE(must(open()->read(task.task_id)).document == task.document);
}

TEST_P(StoreContract, create_of_nothing_does_nothing) {
    EXPECT_TRUE(must(store().create({})).empty());
    EXPECT_TRUE(listed().empty());
}

TEST_P(StoreContract, create_gives_each_task_its_own_result_in_order) {
    create(make_summary(3));
    const auto results =
        must(store().create({make_task(5), make_task(3), make_task(1), make_task(5)}));
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(must(results[0]).task_id, task_id_of(5));
    EXPECT_TRUE(must(results[0]).created);
    EXPECT_EQ(code_of(results[1]), "conflict");
    EXPECT_EQ(must(results[2]).task_id, task_id_of(1));
    EXPECT_EQ(code_of(results[3]), "conflict");
    EXPECT_EQ(listed(), ids({1, 3, 5}));
}

TEST_P(StoreContract, create_of_an_existing_id_changes_nothing) {
    create(make_task(1));
    NewTask again = make_task(make_summary(1), 2);
    again.document += "other: true\n";
    again.summary.label = "other";
    EXPECT_EQ(code_of(must(open()->create({again})).at(0)), "conflict");
    EXPECT_EQ(must(store().read(task_id_of(1))).records, make_task(1).records);
    EXPECT_EQ(must(must(store().find(task_id_of(1))).summary).label, "task 1");
}

TEST_P(StoreContract, create_of_many_in_one_call) {
    create_tasks(1, 100);
    std::uint64_t counted = 0;
    for (const CountGroup& group : must(open()->count({}))) counted += group.count;
    EXPECT_EQ(counted, 100U);
    EXPECT_EQ(must(store().read(task_id_of(100))).records, make_task(100).records);
}

TEST_P(StoreContract, a_dedupe_key_is_given_once) {
    TaskSummary first = make_summary(1);
    first.dedupe_key = "nightly";
    create(first);
    TaskSummary second = make_summary(2);
    second.dedupe_key = "nightly";
    const CreatedTask result = must(must(open()->create({make_task(second)})).at(0));
    EXPECT_FALSE(result.created);
    EXPECT_EQ(result.task_id, task_id_of(1));
    EXPECT_EQ(code_of(store().read(task_id_of(2))), "task_not_found");
    EXPECT_EQ(listed(), ids({1}));
    EXPECT_EQ(must(store().find_dedupe_key("nightly")), task_id_of(1));
    EXPECT_EQ(must(store().find_dedupe_key("nightl")), std::nullopt);
    EXPECT_EQ(must(store().find_dedupe_key("Nightly")), std::nullopt);
}

TEST_P(StoreContract, a_dedupe_key_is_given_once_within_a_call) {
    std::vector<NewTask> tasks;
    for (const std::uint64_t number : {4U, 3U, 2U, 1U}) {
        TaskSummary summary = make_summary(number);
        summary.dedupe_key = number % 2 == 0 ? "even" : "odd";
        tasks.push_back(make_task(summary));
    }
    const auto results = must(store().create(tasks));
    ASSERT_EQ(results.size(), 4U);
    EXPECT_TRUE(must(results[0]).created);
    EXPECT_TRUE(must(results[1]).created);
    EXPECT_FALSE(must(results[2]).created);
    EXPECT_EQ(must(results[2]).task_id, task_id_of(4));
    EXPECT_EQ(must(results[3]).task_id, task_id_of(3));
    EXPECT_EQ(listed(), ids({3, 4}));
}

TEST_P(StoreContract, no_dedupe_key_is_not_a_key) {
    create_tasks(1, 2);
    EXPECT_EQ(listed(), ids({1, 2}));
}

TEST_P(StoreContract, an_existing_id_is_told_before_its_own_dedupe_key) {
    TaskSummary summary = make_summary(1);
    summary.dedupe_key = "key";
    create(summary);
    EXPECT_EQ(code_of(must(store().create({make_task(summary)})).at(0)), "conflict");
}

TEST_P(StoreContract, dedupe_keys_may_be_any_bytes) {
    const std::vector<std::string> keys = {
        awkward_text, std::string(255, 'k'), " ", "%", "a%", "../../etc/passwd", "A", "a", "\xff"};
    std::uint64_t number = 0;
    for (const std::string& key : keys) {
        TaskSummary summary = make_summary(++number);
        summary.dedupe_key = key;
        create(summary);
    }
    close();
    number = 0;
    for (const std::string& key : keys) {
        EXPECT_EQ(must(store().find_dedupe_key(key)), task_id_of(++number)) << number;
    }
}

TEST_P(StoreContract, a_dedupe_key_stays_taken_after_the_end_and_is_free_after_removal) {
    TaskSummary summary = make_summary(1);
    summary.dedupe_key = "key";
    summary = change_state(create(summary), SessionState::completed);
    EXPECT_EQ(must(store().find_dedupe_key("key")), task_id_of(1));
    must(store().remove(summary.task_id, summary.revision));
    EXPECT_EQ(must(store().find_dedupe_key("key")), std::nullopt);
    TaskSummary next = make_summary(2);
    next.dedupe_key = "key";
    create(next);
    EXPECT_EQ(must(open()->find_dedupe_key("key")), task_id_of(2));
}

TEST_P(StoreContract, of_racing_creators_with_one_dedupe_key_one_wins) {
    constexpr std::uint64_t racers = 8;
    std::atomic<int> created{0};
    std::vector<std::string> answers(racers);
    std::vector<std::thread> threads;
    static_cast<void>(store());
    for (std::uint64_t i = 0; i < racers; ++i) {
        threads.push_back(in_thread([&, i] {
            const auto own = open();
            TaskSummary summary = make_summary(i + 1);
            summary.dedupe_key = "one";
            const CreatedTask result = must(must(own->create({make_task(summary)})).at(0));
            if (result.created) ++created;
            answers[i] = result.task_id;
        }));
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(created.load(), 1);
    EXPECT_EQ(std::set<std::string>(answers.begin(), answers.end()).size(), 1U);
    EXPECT_EQ(listed(), std::vector<std::string>{answers[0]});
}

TEST_P(StoreContract, whoever_reads_sees_a_created_task_wholly_or_not_at_all) {
    constexpr std::uint64_t last = 45;
    static_cast<void>(store());
    std::atomic<bool> done{false};
    std::thread reader = in_thread([&] {
        const auto own = open();
        while (!done.load()) {
            for (const ListedTask& task :
                 must(own->list({}, ListOrder::newest_first, {}, 10)).tasks) {
                ASSERT_EQ(must(task.summary).revision, 3U);
                ASSERT_EQ(must(own->read(task.task_id)).records.size(), 3U);
            }
        }
    });
    for (std::uint64_t number = 1; number <= last; number += 3) {
        std::vector<NewTask> tasks;
        for (std::uint64_t i = 0; i < 3; ++i) {
            tasks.push_back(make_task(make_summary(number + i), 3));
        }
        for (const auto& result : must(store().create(tasks))) must(result);
    }
    done = true;
    reader.join();
    EXPECT_EQ(listed().size(), last);
}

TEST_P(StoreContract, remove_leaves_nothing_that_can_be_seen) {
    TaskSummary summary = make_summary(1);
    summary.dedupe_key = "key";
    NewTask task = make_task(summary);
    task.secrets = "secret";
    summary = create(task);
    create(make_summary(2));
    const std::string directory =
        must(store().session_directory(summary.task_id, summary.task_session_id));
    must(store().remove(summary.task_id, summary.revision));

    const auto other = open();
    const std::string& id = summary.task_id;
    EXPECT_EQ(code_of(other->read(id)), "task_not_found");
    EXPECT_EQ(code_of(other->read_events(id, 0, 1)), "task_not_found");
    EXPECT_EQ(code_of(other->revision(id)), "task_not_found");
    EXPECT_EQ(code_of(other->find(id)), "task_not_found");
    EXPECT_EQ(code_of(other->read_secrets(id)), "task_not_found");
    EXPECT_EQ(code_of(other->write_secrets(id, "x")), "task_not_found");
    EXPECT_EQ(code_of(other->erase_secrets(id)), "task_not_found");
    EXPECT_EQ(code_of(other->session_directory(id, summary.task_session_id)), "task_not_found");
    EXPECT_EQ(code_of(other->remove(id, summary.revision)), "task_not_found");
    EXPECT_EQ(must(other->task_of_session(summary.task_session_id)), std::nullopt);
    EXPECT_TRUE(must(other->resolve(id, 10)).empty());
    EXPECT_FALSE(std::filesystem::exists(directory));
    const Change change = make_change(summary);
    EXPECT_EQ(code_of(other->append(id, summary.revision, change.records, change.summary, nullptr)),
              "task_not_found");
    EXPECT_EQ(listed(), ids({2}));
    EXPECT_EQ(must(other->count({})).at(0).count, 1U);
}

TEST_P(StoreContract, remove_asks_for_the_revision) {
    const TaskSummary before = create(make_summary(1));
    const TaskSummary now = append(before);
    EXPECT_EQ(code_of(store().remove(now.task_id, before.revision)), "conflict");
    EXPECT_EQ(code_of(store().remove(now.task_id, now.revision + 1)), "conflict");
    EXPECT_EQ(must(store().read(now.task_id)).records.size(), 2U);
    must(store().remove(now.task_id, now.revision));
    EXPECT_EQ(code_of(store().remove(task_id_of(9), 1)), "task_not_found");
}

TEST_P(StoreContract, secrets_are_kept_until_they_are_erased) {
    NewTask task = make_task(1);
    task.secrets = awkward_text + std::string(1, '\0') + std::string(100'000, 's');
    create(task);
    create(make_task(2));
    close();
    EXPECT_EQ(must(store().read_secrets(task_id_of(1))), task.secrets);
    EXPECT_EQ(must(store().read_secrets(task_id_of(2))), std::nullopt);
    must(open()->erase_secrets(task_id_of(1)));
    EXPECT_EQ(must(store().read_secrets(task_id_of(1))), std::nullopt);
    must(store().erase_secrets(task_id_of(1)));
    must(store().erase_secrets(task_id_of(2)));
    EXPECT_EQ(code_of(store().read_secrets(task_id_of(9))), "task_not_found");
    EXPECT_EQ(code_of(store().erase_secrets(task_id_of(9))), "task_not_found");
}

TEST_P(StoreContract, secrets_can_be_given_again) {
    NewTask task = make_task(1);
    task.secrets = "first";
    create(task);
    must(store().write_secrets(task_id_of(1), "second"));
    EXPECT_EQ(must(open()->read_secrets(task_id_of(1))), "second");
    must(store().erase_secrets(task_id_of(1)));
    must(store().write_secrets(task_id_of(1), "third"));
    close();
    EXPECT_EQ(must(store().read_secrets(task_id_of(1))), "third");
    EXPECT_EQ(code_of(store().write_secrets(task_id_of(9), "x")), "task_not_found");
}

} // namespace loong::test
