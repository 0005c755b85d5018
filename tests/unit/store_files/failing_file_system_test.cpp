/// What fails leaves nothing behind, and how much is synced.

#include "file_store_fixture.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <sys/resource.h>

namespace loong::store_files {
namespace {

/// Counts changes and syncs, and lets the nth change fail.
class CountingFiles : public FileSystem {
public:
    int make_directory(int directory, const std::string& name) override {
        return failing() ? error : FileSystem::make_directory(directory, name);
    }
    int create_file(int directory, const std::string& name, Descriptor& file) override {
        return failing() ? error : FileSystem::create_file(directory, name, file);
    }
    int write_at(int file, std::string_view text, off_t offset) override {
        if (!failing()) return FileSystem::write_at(file, text, offset);
        // As a full disk does it: some of it is written.
        static_cast<void>(FileSystem::write_at(file, text.substr(0, text.size() / 2), offset));
        return error;
    }
    int sync_file(int file) override {
        ++syncs;
        return failing() ? error : FileSystem::sync_file(file);
    }
    int sync_directory(int directory) override {
        ++syncs;
        return failing() ? error : FileSystem::sync_directory(directory);
    }
    int sync_all(int file) override {
        ++syncs;
        return failing() ? error : FileSystem::sync_all(file);
    }
    int rename(int directory, const std::string& from, const std::string& to) override {
        return failing() ? error : FileSystem::rename(directory, from, to);
    }

    int changes = 0;
    int syncs = 0;
    int fail_at = -1;
    int error = ENOSPC;

private:
    bool failing() { return changes++ == fail_at; }
};

TEST_F(FileStoreTest, syncs_are_as_few_as_can_be) {
    CountingFiles files;
    const auto store = open(files);
    const auto syncs_of = [&](auto&& work) {
        files.syncs = 0;
        work();
        return files.syncs;
    };
    TaskSummary summary;
    EXPECT_EQ(syncs_of([&] { summary = create(*store, 1); }), 4);
    NewTask secret = make_task(2);
    secret.secrets = "secret";
    EXPECT_EQ(syncs_of([&] { create(*store, secret); }), 5);
    EXPECT_EQ(syncs_of([&] { must(try_append(*store, summary, 3)); }), 1);
    EXPECT_EQ(syncs_of([&] { must(store->erase_secrets(task_id_of(2))); }), 1);
    EXPECT_EQ(syncs_of([&] { create_tasks(*store, 1000, 1255); }), 2);
    EXPECT_EQ(syncs_of([&] { must(store->remove(task_id_of(1), 4)); }), 1);
    EXPECT_EQ(syncs_of([&] {
                  must(store->find(task_id_of(2)));
                  must(store->list({}, ListOrder::newest_first, {}, 100));
                  must(store->take_lease("slot-1"));
                  must(store->claimable(test_time(0), 10));
              }),
              2)
        << "for the number of this start of the machine, once";
    EXPECT_EQ(syncs_of([&] { must(store->take_lease("slot-2")); }), 0);
}

/// Of the shared syncs, the nth fails. Groups of tasks are worked on by several threads.
class FailingSharedSync : public FileSystem {
public:
    explicit FailingSharedSync(int number) : number_(number) {}
    [[nodiscard]] int count() const { return syncs_; }
    int sync_all(int file) override {
        const int done = FileSystem::sync_all(file);
        return ++syncs_ == number_ ? EIO : done;
    }

private:
    const int number_;
    std::atomic<int> syncs_ = 0;
};

/// Few descriptors: groups are small then.
class FewDescriptors {
public:
    explicit FewDescriptors(rlim_t count) {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        const rlimit few{count, before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

TEST_F(FileStoreTest, a_shared_sync_that_fails_counts_for_the_group_that_was_built_meanwhile) {
    constexpr std::size_t group = 20;
    constexpr std::size_t groups = 5;
    FailingSharedSync files(2);
    const auto store = open(files);
    const FewDescriptors few(128 + 3 * group);
    std::vector<NewTask> tasks;
    for (std::size_t i = 0; i < groups * group; ++i) tasks.push_back(make_task(100 + i));
    const auto results = must(store->create(tasks));
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < results.size(); ++i) {
        const std::size_t number = i / group;
        const bool lost = number == 1 || number == 2;
        EXPECT_EQ(results[i].has_value(), !lost) << i;
        if (!lost) kept.push_back(tasks[i].task_id);
        if (lost && !results[i]) {
            EXPECT_EQ(results[i].error().code, ErrorCode::store_io);
        }
    }
    EXPECT_EQ(listed(*store), kept);
    EXPECT_TRUE(codes(*store).empty());
    // Nor is anything left of the others.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(in_root("tasks")), {}),
              std::ssize(kept));
}

TEST_F(FileStoreTest, a_shared_sync_that_fails_does_not_count_for_groups_that_are_built_later) {
    constexpr std::size_t group = 20;
    FailingSharedSync files(2);
    const auto store = open(files);
    const FewDescriptors few(128 + 3 * group);
    std::vector<NewTask> tasks;
    for (std::size_t i = 0; i < 5 * group; ++i) tasks.push_back(make_task(100 + i));
    // Whose group begins once all before are done.
    tasks[2 * group].summary.dedupe_key = "key";
    const auto results = must(store->create(tasks));
    for (std::size_t i = 0; i < results.size(); ++i) {
        EXPECT_EQ(results[i].has_value(), i / group != 1) << i;
    }
}

TEST_F(FileStoreTest, a_small_group_behind_large_ones_shares_no_sync) {
    constexpr std::size_t group = 20;
    constexpr int never = -1;
    FailingSharedSync files(never);
    const auto store = open(files);
    const FewDescriptors few(128 + 3 * group);
    create_tasks(*store, 100, 100 + 2 * group + 4);
    EXPECT_EQ(files.count(), 2);
    EXPECT_EQ(listed(*store).size(), 2 * group + 5);
}

TEST_F(FileStoreTest, whatever_fails_in_create_leaves_no_task) {
    CountingFiles files;
    const auto store = open(files);
    int failures = 0;
    for (int at = 0;; ++at) {
        files.changes = 0;
        files.fail_at = at;
        NewTask task = make_task(1);
        task.secrets = "secret";
        const auto created = store->create({task});
        files.fail_at = -1;
        if (created && created->at(0)) break;
        const Error& error = created ? created->at(0).error() : created.error();
        EXPECT_EQ(error.code, ErrorCode::store_io) << at;
        EXPECT_FALSE(error.hint.empty());
        EXPECT_TRUE(listed(*store).empty()) << at;
        EXPECT_EQ(store->read(task.task_id).error().code, ErrorCode::task_not_found) << at;
        ++failures;
        ASSERT_LT(at, 100);
    }
    EXPECT_GE(failures, 10);
    EXPECT_EQ(listed(*open()).size(), 1U);
    repair_all(*store);
    EXPECT_TRUE(codes(*store).empty());
    std::printf("failures injected into create: %d\n", failures);
}

TEST_F(FileStoreTest, whatever_fails_in_append_leaves_the_task_as_it_was) {
    CountingFiles files;
    const auto store = open(files);
    TaskSummary summary = create(*store, 1);
    const std::string before = read(events_of(summary.task_id));
    int failures = 0;
    for (int at = 0;; ++at) {
        files.changes = 0;
        files.fail_at = at;
        const auto done = try_append(*store, summary, 2);
        files.fail_at = -1;
        if (done) break;
        EXPECT_EQ(done.error().code, ErrorCode::store_io);
        EXPECT_EQ(read(events_of(summary.task_id)), before);
        EXPECT_EQ(must(store->revision(summary.task_id)), 1U);
        EXPECT_EQ(must(must(open()->find(summary.task_id)).summary).revision, 1U);
        ++failures;
        ASSERT_LT(at, 100);
    }
    EXPECT_EQ(failures, 2) << "the write and the sync";
    EXPECT_EQ(must(store->revision(summary.task_id)), 3U);
}

TEST_F(FileStoreTest, whatever_fails_in_remove_leaves_the_task_or_none) {
    CountingFiles files;
    const auto store = open(files);
    const TaskSummary summary = create(*store, 1);
    for (int at = 0;; ++at) {
        files.changes = 0;
        files.fail_at = at;
        const auto done = store->remove(summary.task_id, 1);
        files.fail_at = -1;
        if (done) break;
        EXPECT_EQ(done.error().code, ErrorCode::store_io);
        EXPECT_EQ(must(store->revision(summary.task_id)), 1U) << at;
        EXPECT_EQ(listed(*store).size(), 1U) << at;
        ASSERT_LT(at, 100);
    }
    EXPECT_TRUE(listed(*store).empty());
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(FileStoreTest, the_time_of_many_in_one_call_is_told) {
    const auto store = open();
    std::vector<NewTask> tasks;
    for (std::uint64_t number = 1; number <= 2'000; ++number) tasks.push_back(make_task(number));
    const auto start = std::chrono::steady_clock::now();
    const auto results = must(store->create(tasks));
    const auto took = std::chrono::steady_clock::now() - start;
    for (const auto& result : results) ASSERT_TRUE(must(result).created);
    EXPECT_EQ(counted(*store), 2'000U);
    std::printf("2,000 tasks created in %lld ms\n",
                static_cast<long long>(std::chrono::duration_cast<Milliseconds>(took).count()));
}

} // namespace
} // namespace loong::store_files
