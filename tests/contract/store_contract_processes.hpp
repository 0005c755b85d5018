#pragma once
/// Several processes on one place. Every child opens a store of its own after it was forked.

#include "store_contract_fixture.hpp"
#include "store_contract_watch.hpp"

#include <csignal>
#include <sys/mman.h>

namespace loong::test {

/// A counter that forked processes share.
class SharedCounter {
public:
    SharedCounter()
        : page_(::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
        if (page_ == MAP_FAILED) throw std::bad_alloc();
        counter_ = new (page_) std::atomic<int>(0);
    }
    SharedCounter(const SharedCounter&) = delete;
    SharedCounter& operator=(const SharedCounter&) = delete;
    ~SharedCounter() { ::munmap(page_, sizeof(std::atomic<int>)); }

    std::atomic<int>& operator*() { return *counter_; }

private:
    void* page_;
    std::atomic<int>* counter_;
};

TEST_P(StoreContract, what_another_process_did_is_seen) {
    LOONG_NEEDS_PROCESSES();
    ChildProcess child([&](LineChannel& parent) {
        create_tasks(1, 3);
        append(make_task(2).summary, 2);
        parent.send("done");
        // Killed here: nothing of the store is closed.
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "done");
    child.kill();
    EXPECT_EQ(listed(), ids({1, 2, 3}));
    EXPECT_EQ(must(store().revision(task_id_of(2))), 3U);
    EXPECT_TRUE(faults(must(store().verify())).empty());
}

TEST_P(StoreContract, a_lease_is_held_against_other_processes) {
    LOONG_NEEDS_PROCESSES();
    ChildProcess child([&](LineChannel& parent) {
        auto lease = must(store().take_lease("slot-1"));
        parent.send(lease ? std::to_string(lease->token()) : "none");
        static_cast<void>(parent.receive());
        lease.reset();
        parent.send("given back");
        static_cast<void>(parent.receive());
        return 0;
    });
    const auto token = child.receive();
    ASSERT_TRUE(token && *token != "none");
    EXPECT_EQ(must(store().take_lease("slot-1")), nullptr);
    const LeaseStatus status = must(store().lease_status("slot-1"));
    EXPECT_EQ(status.state, LeaseState::held);
    ASSERT_TRUE(status.holder.has_value());
    EXPECT_EQ(status.holder->pid, child.pid());
    EXPECT_EQ(std::to_string(status.holder->token), *token);
    child.send("give back");
    ASSERT_EQ(child.receive(), "given back");
    EXPECT_EQ(must(store().lease_status("slot-1")).state, LeaseState::free);
    const auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    EXPECT_GT(lease->token(), std::stoull(*token));
}

TEST_P(StoreContract, death_gives_a_lease_back) {
    LOONG_NEEDS_PROCESSES();
    std::uint64_t token = 0;
    for (int round = 0; round < 5; ++round) {
        close();
        ChildProcess child([&](LineChannel& parent) {
            const auto lease = must(store().wait_for_lease("slot-1", Seconds(10)));
            parent.send(lease ? "held" : "none");
            static_cast<void>(parent.receive());
            return 0;
        });
        ASSERT_EQ(child.receive(), "held");
        EXPECT_EQ(must(store().lease_status("slot-1")).state, LeaseState::held);
        child.kill();
        EXPECT_EQ(must(store().lease_status("slot-1")).state, LeaseState::free);
        const auto lease = must(store().take_lease("slot-1"));
        ASSERT_NE(lease, nullptr);
        EXPECT_GT(lease->token(), token + 1);
        token = lease->token();
    }
}

TEST_P(StoreContract, a_lease_that_is_given_back_is_not_kept_by_a_child) {
    LOONG_NEEDS_PROCESSES();
    auto lease = must(store().take_lease("slot-1"));
    ASSERT_NE(lease, nullptr);
    ChildProcess child([&](LineChannel& parent) {
        parent.send("here");
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "here");
    lease.reset();
    EXPECT_EQ(must(store().lease_status("slot-1")).state, LeaseState::free);
    EXPECT_NE(must(store().take_lease("slot-1")), nullptr);
}

TEST_P(StoreContract, of_racing_processes_one_at_a_time_holds_a_lease) {
    LOONG_NEEDS_PROCESSES();
    constexpr int each = 40;
    SharedCounter inside;
    const auto body = [&](LineChannel& parent) {
        Store& own = store();
        parent.send("ready");
        static_cast<void>(parent.receive());
        for (int taken = 0; taken < each; ++taken) {
            const auto lease = must(own.wait_for_lease("slot-1", Seconds(10)));
            if (lease == nullptr) return 2;
            if ((*inside).fetch_add(1) != 0) return 3;
            if (!lease->is_held()) return 4;
            (*inside).fetch_sub(1);
        }
        return 0;
    };
    ChildProcess first(body);
    ChildProcess second(body);
    ChildProcess third(body);
    for (ChildProcess* child : {&first, &second, &third}) EXPECT_EQ(child->receive(), "ready");
    for (ChildProcess* child : {&first, &second, &third}) child->send("go");
    for (ChildProcess* child : {&first, &second, &third}) EXPECT_EQ(child->wait(), 0);
}

TEST_P(StoreContract, asking_from_another_process_never_disturbs_who_takes) {
    LOONG_NEEDS_PROCESSES();
    constexpr int takes = 400;
    SharedCounter done;
    ChildProcess asker([&](LineChannel& parent) {
        Store& own = store();
        parent.send("ready");
        while ((*done).load() == 0) must(own.lease_status("slot-1"));
        return 0;
    });
    ASSERT_EQ(asker.receive(), "ready");
    for (int i = 0; i < takes; ++i) {
        const auto lease = must(store().take_lease("slot-1"));
        EXPECT_NE(lease, nullptr) << "take " << i << " failed although nobody held the lease";
    }
    *done = 1;
    EXPECT_EQ(asker.wait(), 0);
}

TEST_P(StoreContract, two_processes_write_at_once) {
    LOONG_NEEDS_PROCESSES();
    constexpr int each = 15;
    create(make_summary(1));
    close();
    const auto body = [&](std::uint64_t first_number) {
        return [&, first_number](LineChannel& parent) {
            Store& own = store();
            parent.send("ready");
            static_cast<void>(parent.receive());
            for (std::uint64_t i = 0; i < each; ++i) {
                create(make_summary(first_number + i));
                for (bool written = false; !written;) {
                    const Change change =
                        make_change(must(must(own.find(task_id_of(1))).summary), 2);
                    const auto result = own.append(task_id_of(1), change.summary.revision - 2,
                                                   change.records, change.summary, nullptr);
                    if (!result && code_of(result) != "conflict") return 2;
                    written = result.has_value();
                }
            }
            return 0;
        };
    };
    ChildProcess first(body(100));
    ChildProcess second(body(200));
    EXPECT_EQ(first.receive(), "ready");
    EXPECT_EQ(second.receive(), "ready");
    first.send("go");
    second.send("go");
    EXPECT_EQ(first.wait(), 0);
    EXPECT_EQ(second.wait(), 0);
    EXPECT_EQ(listed().size(), 1U + 2U * each);
    EXPECT_EQ(must(store().revision(task_id_of(1))), 1U + 4U * each);
    EXPECT_TRUE(faults(must(store().verify())).empty());
}

TEST_P(StoreContract, what_was_acknowledged_outlives_a_kill_at_any_moment) {
    LOONG_NEEDS_PROCESSES();
    constexpr int rounds = 8;
    create(make_summary(1));
    std::uint64_t revision = 1;
    for (int round = 0; round < rounds; ++round) {
        close();
        ChildProcess child([&](LineChannel& parent) {
            TaskSummary summary = must(must(store().find(task_id_of(1))).summary);
            while (true) {
                summary = append(summary, 3);
                if (!parent.send(std::to_string(summary.revision))) return 0;
            }
        });
        std::uint64_t acknowledged = revision;
        for (int i = 0; i <= round; ++i) {
            const auto line = child.receive();
            ASSERT_TRUE(line.has_value());
            acknowledged = std::stoull(*line);
        }
        child.kill();
        while (const auto line = child.receive()) acknowledged = std::stoull(*line);

        revision = must(store().revision(task_id_of(1)));
        EXPECT_GE(revision, acknowledged);
        EXPECT_LE(revision, acknowledged + 3);
        EXPECT_EQ(revision % 3, 1U);
        EXPECT_EQ(must(store().read(task_id_of(1))).records.size(), revision);
        const TaskSummary summary = must(must(store().find(task_id_of(1))).summary);
        EXPECT_EQ(summary.revision, revision);
        revision = append(summary, 3).revision;
    }
    for (const Finding& finding : faults(must(store().verify()))) {
        EXPECT_NE(finding.severity, Severity::error) << finding.code << ": " << finding.cause;
    }
}

TEST_P(StoreContract, a_creator_killed_at_any_moment_leaves_whole_tasks) {
    LOONG_NEEDS_PROCESSES();
    std::uint64_t next = 1;
    for (int round = 0; round < 6; ++round) {
        close();
        ChildProcess child([&](LineChannel& parent) {
            for (std::uint64_t number = next;; ++number) {
                create(make_task(make_summary(number), 2));
                if (!parent.send(std::to_string(number))) return 0;
            }
        });
        std::uint64_t acknowledged = 0;
        for (int i = 0; i <= round; ++i) {
            const auto line = child.receive();
            ASSERT_TRUE(line.has_value());
            acknowledged = std::stoull(*line);
        }
        child.kill();
        while (const auto line = child.receive()) acknowledged = std::stoull(*line);

        const std::vector<std::string> all = listed();
        EXPECT_GE(all.size(), acknowledged);
        EXPECT_LE(all.size(), acknowledged + 1);
        for (const std::string& id : all) {
            EXPECT_EQ(must(store().read(id)).records.size(), 2U);
            EXPECT_EQ(must(must(store().find(id)).summary).revision, 2U);
        }
        next = all.size() + 1;
        EXPECT_EQ(code_of(store().read(task_id_of(next))), "task_not_found");
        create(make_task(make_summary(next), 2));
        ++next;
    }
}

TEST_P(StoreContract, a_dedupe_key_of_a_killed_creator_is_free_or_leads_to_its_task) {
    LOONG_NEEDS_PROCESSES();
    const auto with_key = [](std::uint64_t number, const std::string& key) {
        TaskSummary summary = make_summary(number);
        summary.dedupe_key = key;
        return make_task(summary);
    };
    for (std::uint64_t round = 1; round <= 6; ++round) {
        close();
        std::uint64_t acknowledged = 0;
        ChildProcess child([&](LineChannel& parent) {
            for (std::uint64_t number = round * 1000;; ++number) {
                create(with_key(number, "key " + std::to_string(number)));
                if (!parent.send(std::to_string(number))) return 0;
            }
        });
        for (std::uint64_t i = 0; i < round; ++i) ASSERT_TRUE(child.receive().has_value());
        child.kill();
        acknowledged = round * 1000 + round - 1;
        while (const auto line = child.receive()) acknowledged = std::stoull(*line);

        for (std::uint64_t number = acknowledged; number <= acknowledged + 2; ++number) {
            const std::string key = "key " + std::to_string(number);
            const auto holder = must(store().find_dedupe_key(key));
            if (number == acknowledged) {
                EXPECT_EQ(holder, task_id_of(number));
            }
            if (holder) {
                EXPECT_EQ(code_of(store().read(*holder)), "ok");
            }
            const CreatedTask again =
                must(must(store().create({with_key(number + 500, key)})).at(0));
            EXPECT_EQ(code_of(store().read(again.task_id)), "ok");
            EXPECT_EQ(again.created, !holder.has_value());
        }
    }
}

TEST_P(StoreContract, a_watch_sees_what_another_process_does) {
    LOONG_NEEDS_PROCESSES();
    create(make_summary(1));
    close();
    ChildProcess child([&](LineChannel& parent) {
        TaskSummary summary = make_task(1).summary;
        std::unique_ptr<Lease> lease;
        parent.send("ready");
        while (const auto line = parent.receive()) {
            if (*line == "append") summary = append(summary);
            if (*line == "create") create(make_summary(2));
            if (*line == "take") lease = must(store().take_lease("slot-1"));
            if (*line == "remove") must(store().remove(task_id_of(2), 1));
            parent.send("done");
        }
        return 0;
    });
    ASSERT_EQ(child.receive(), "ready");
    using Kind = WatchTarget::Kind;
    const auto task = must(store().watch({{Kind::task, task_id_of(1)}}));
    const auto everything = must(store().watch({{Kind::everything, ""}}));
    const auto lease = must(store().watch({{Kind::lease, "slot-1"}}));
    const auto expect = [&](Watch& watch, const char* what) {
        ASSERT_TRUE(settle(watch)) << what;
        ASSERT_TRUE(child.send(what));
        EXPECT_TRUE(must(watch.wait(report_limit))) << what;
        EXPECT_EQ(child.receive(), "done");
    };
    expect(*task, "append");
    expect(*everything, "append");
    expect(*everything, "create");
    expect(*everything, "remove");
    expect(*lease, "take");
}

TEST_P(StoreContract, a_watch_sees_a_holder_die) {
    LOONG_NEEDS_PROCESSES();
    ChildProcess child([&](LineChannel& parent) {
        const auto lease = must(store().take_lease(session_id_of(1)));
        parent.send(lease ? "held" : "none");
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "held");
    const auto watch = must(store().watch({{WatchTarget::Kind::lease, session_id_of(1)}}));
    ASSERT_TRUE(settle(*watch));
    ASSERT_EQ(must(store().lease_status(session_id_of(1))).state, LeaseState::held);
    child.kill();
    EXPECT_TRUE(must(watch->wait(report_limit)));
    EXPECT_EQ(must(store().lease_status(session_id_of(1))).state, LeaseState::free);
}

} // namespace loong::test
