/// Several processes and objects on one state directory.

#include "bell.hpp"
#include "file_lock.hpp"
#include "file_store_fixture.hpp"

#include <chrono>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace loong::store_files {
namespace {

TEST_F(FileStoreTest, what_a_living_writer_has_not_finished_is_not_seen) {
    const auto store = open();
    const TaskSummary summary = create(*store, 1);
    const std::string text = "- " + make_change(summary).records.at(0) + "\n";
    ChildProcess child([&](LineChannel& parent) {
        const int file = ::open(events_of(summary.task_id).c_str(), O_RDWR | O_CLOEXEC);
        const off_t size = ::lseek(file, 0, SEEK_END);
        if (try_lock(file, LockKind::exclusive, {off_t{1} << 62, 1}) != 0) return 1;
        if (try_lock(file, LockKind::exclusive, {size, (off_t{1} << 62) - size}) != 0) return 2;
        if (::pwrite(file, text.data(), text.size(), size) < 0) return 3;
        parent.send("written");
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "written");
    EXPECT_EQ(must(store->revision(summary.task_id)), 1U);
    EXPECT_EQ(must(store->read(summary.task_id)).records.size(), 1U);
    EXPECT_EQ(must(store->read_events(summary.task_id, 0, 10)).revision, 1U);
    EXPECT_EQ(must(must(store->find(summary.task_id)).summary).revision, 1U);
    EXPECT_EQ(listed(*store).size(), 1U);
    EXPECT_TRUE(codes(*store).empty());
    // It dies, and what it wrote was whole.
    child.kill();
    EXPECT_EQ(must(store->revision(summary.task_id)), 2U);
    EXPECT_EQ(must(must(store->find(summary.task_id)).summary).revision, 2U);
}

TEST_F(FileStoreTest, a_task_in_the_making_is_not_seen_until_its_maker_is_done) {
    const auto store = open();
    const TaskSummary summary = create(*store, 1);
    const int file = ::open(events_of(summary.task_id).c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_EQ(try_lock(file, LockKind::exclusive, {0, 0}), 0);
    EXPECT_EQ(store->read(summary.task_id).error().code, ErrorCode::task_not_found);
    EXPECT_EQ(store->revision(summary.task_id).error().code, ErrorCode::task_not_found);
    ::close(file);
    EXPECT_EQ(must(store->revision(summary.task_id)), 1U);
}

TEST_F(FileStoreTest, the_lock_of_a_killed_writer_is_free_at_once) {
    const auto store = open();
    TaskSummary summary = create(*store, 1);
    ChildProcess child([&](LineChannel& parent) {
        const int file = ::open(events_of(summary.task_id).c_str(), O_RDWR | O_CLOEXEC);
        if (try_lock(file, LockKind::exclusive, {off_t{1} << 62, 1}) != 0) return 1;
        parent.send("locked");
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "locked");
    std::thread killer([&] { child.kill(); });
    must(try_append(*store, summary));
    killer.join();
}

TEST_F(FileStoreTest, one_of_many_racing_processes_gets_a_dedupe_key) {
    static_cast<void>(open());
    constexpr std::uint64_t racers = 8;
    std::vector<std::unique_ptr<ChildProcess>> children;
    for (std::uint64_t racer = 1; racer <= racers; ++racer) {
        children.push_back(std::make_unique<ChildProcess>([&, racer](LineChannel& parent) {
            const auto store = open();
            parent.send("ready");
            static_cast<void>(parent.receive());
            for (std::uint64_t key = 0; key < 5; ++key) {
                TaskSummary summary = make_summary(key * 100 + racer);
                summary.dedupe_key = "key " + std::to_string(key);
                const auto made = must(must(store->create({make_task(summary)})).at(0));
                parent.send((made.created ? "created " : "found ") + made.task_id);
            }
            return 0;
        }));
    }
    for (auto& child : children) ASSERT_EQ(child->receive(), "ready");
    for (auto& child : children) child->send("go");
    std::vector<std::vector<std::string>> answers(5);
    for (auto& child : children) {
        for (auto& answer : answers) answer.push_back(child->receive().value_or("nothing"));
    }
    for (auto& answer : answers) {
        std::sort(answer.begin(), answer.end());
        EXPECT_TRUE(answer.front().starts_with("created "));
        const std::string id = answer.front().substr(8);
        for (std::size_t i = 1; i < answer.size(); ++i) EXPECT_EQ(answer[i], "found " + id);
    }
    EXPECT_EQ(listed(*open()).size(), 5U);
}

TEST_F(FileStoreTest, tokens_grow_over_damage_and_over_a_boot_that_lost_them) {
    const auto store = open();
    std::uint64_t token = must(store->take_lease("slot-1"))->token();
    EXPECT_EQ(token, 1U);
    for (const std::string& damage :
         {std::string(), std::string("nonsense"), std::string(256, '\0')}) {
        if (!damage.empty()) write(in_root("leases/slot-1"), damage);
        const std::uint64_t next = must(store->take_lease("slot-1"))->token();
        EXPECT_GT(next, token);
        token = next;
    }
    write(in_root("boot.json"), "{\"boot_id\":\"an earlier one\",\"number\":0}\n");
    std::filesystem::remove(in_root("leases/slot-1"));
    const std::uint64_t next = must(open()->take_lease("slot-1"))->token();
    EXPECT_GT(next, token);
    write(in_root("boot.json"), "damaged");
    std::filesystem::remove(in_root("leases/slot-1"));
    EXPECT_GT(must(open()->take_lease("slot-1"))->token(), next);
}

TEST_F(FileStoreTest, a_removed_task_takes_its_leases_along) {
    const auto store = open();
    TaskSummary summary = create(*store, 1);
    must(store->take_lease(session_id_of(1)));
    summary.task_session_id = session_id_of(1, 2);
    must(try_append(*store, summary));
    must(store->take_lease(session_id_of(1, 2)));
    must(store->take_lease("slot-1"));
    must(store->remove(summary.task_id, summary.revision));
    EXPECT_FALSE(std::filesystem::exists(in_root("leases/" + session_id_of(1))));
    EXPECT_FALSE(std::filesystem::exists(in_root("leases/" + session_id_of(1, 2))));
    EXPECT_TRUE(std::filesystem::exists(in_root("leases/slot-1")));
}

TEST_F(FileStoreTest, the_death_of_a_holder_is_reported_with_the_lease_free) {
    const auto store = open();
    for (int round = 0; round < 30; ++round) {
        ChildProcess child([&](LineChannel& parent) {
            const auto own = open();
            const auto lease = must(own->take_lease("slot-1"));
            parent.send("held");
            static_cast<void>(parent.receive());
            return 0;
        });
        ASSERT_EQ(child.receive(), "held");
        const auto watch = must(store->watch({{WatchTarget::Kind::lease, "slot-1"}}));
        ASSERT_EQ(must(store->lease_status("slot-1")).state, LeaseState::held);
        std::thread killer([&] { child.kill(); });
        const auto start = std::chrono::steady_clock::now();
        EXPECT_TRUE(must(watch->wait(test_patience)));
        EXPECT_LT(std::chrono::steady_clock::now() - start, Seconds(5));
        EXPECT_EQ(must(store->lease_status("slot-1")).state, LeaseState::free);
        killer.join();
    }
}

TEST_F(FileStoreTest, a_watch_sees_the_first_taker_of_a_lease) {
    const auto store = open();
    const auto watch = must(store->watch({{WatchTarget::Kind::lease, "slot-9"}}));
    EXPECT_EQ(must(store->lease_status("slot-9")).state, LeaseState::free);
    const auto lease = must(store->take_lease("slot-9"));
    EXPECT_TRUE(must(watch->wait(test_patience)));
}

TEST_F(FileStoreTest, the_death_of_a_writer_rings_the_bell) {
    const auto store = open();
    ChildProcess child([&](LineChannel& parent) {
        auto root = Root::open(FileSystem::real(), in_root(""), root_kind());
        const auto bell = must(Bell::hold(*root));
        parent.send("holds");
        static_cast<void>(parent.receive());
        return 0;
    });
    ASSERT_EQ(child.receive(), "holds");
    const auto watch = must(store->watch({{WatchTarget::Kind::everything, ""}}));
    child.kill();
    EXPECT_TRUE(must(watch->wait(test_patience)));
}

/// In a process of its own, since the limit of descriptors stands in for that of inotify.
TEST_F(FileStoreTest, without_inotify_changes_are_found_by_looking_once_a_second) {
    {
        const auto store = open();
        create(*store, 1);
    }
    ChildProcess child([&](LineChannel& parent) {
        const auto store = open();
        TaskSummary summary = make_task(1).summary;
        // One instance for each user is what the system may have left; here none is.
        std::vector<int> instances;
        for (;;) {
            const int instance = ::inotify_init1(IN_CLOEXEC);
            if (instance < 0) break;
            instances.push_back(instance);
            if (instances.size() > 100'000) return 3;
        }
        if (errno != EMFILE) return 4;
        // Where it was descriptors that ran out, leave some for the work itself.
        const bool descriptors = ::dup(0) < 0;
        if (descriptors) {
            parent.send("descriptors");
            return 0;
        }
        const auto watch = must(store->watch({{WatchTarget::Kind::task, summary.task_id},
                                              {WatchTarget::Kind::everything, ""},
                                              {WatchTarget::Kind::lease, "slot-1"}}));
        if (watch->descriptor() < 0) return 5;
        must(try_append(*store, summary));
        const auto start = std::chrono::steady_clock::now();
        if (!must(watch->wait(test_patience))) return 6;
        if (std::chrono::steady_clock::now() - start > Seconds(3)) return 7;
        parent.send("polled");
        return 0;
    });
    const auto answer = child.receive();
    EXPECT_EQ(child.wait(), 0);
    ASSERT_TRUE(answer.has_value());
    if (answer == "descriptors") GTEST_SKIP() << "more instances than descriptors are allowed";
    EXPECT_EQ(answer, "polled");
}

} // namespace
} // namespace loong::store_files
