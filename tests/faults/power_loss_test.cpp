/// Power lost before every change that the store makes: what was acknowledged is there.

#include "file_store_fixture.hpp"
#include "losing_files.hpp"
#include "losing_vfs.hpp"
#include "sqlite_store.hpp"

#include <cstdio>
#include <map>
#include <set>
#include <sys/resource.h>

namespace loong::store_files {
namespace {

namespace fs = std::filesystem;

class PowerLossTest : public FileStoreTest {
protected:
    /// What has been promised so far.
    struct Promised {
        std::map<std::string, std::uint64_t> revisions;
        /// Asked for, and perhaps there already, perhaps not.
        std::map<std::string, std::uint64_t> asked;
        std::vector<std::string> erased;
        /// Below the place of the store.
        std::vector<std::string> directories;
    };

    void lose_power(Loss loss) {
        ++losses_;
        const std::string place = directory_ / ("after-" + std::to_string(losses_));
        files_.image(place, loss);
        StoreSetup setup;
        setup.state_directory = place;
        setup.host = &host_;
        auto opened = make_(setup, FileSystem::real());
        ASSERT_TRUE(opened) << opened.error().message << " after change " << files_.changes;
        look(**opened, place);
        fs::remove_all(place);
    }

    void look(Store& store, const std::string& place) {
        for (const auto& [task, revision] : promised_.revisions) {
            const auto found = store.revision(task);
            ASSERT_TRUE(found) << task << ": " << found.error().message << ", change "
                               << files_.changes;
            EXPECT_GE(*found, revision) << task << ", change " << files_.changes;
            EXPECT_LE(*found, promised_.asked[task]) << task;
            ASSERT_EQ(must(store.read(task)).records.size(), *found);
        }
        for (const ListedTask& row :
             must(store.list({}, ListOrder::oldest_first, {}, 10'000)).tasks) {
            EXPECT_TRUE(promised_.asked.contains(row.task_id)) << row.task_id << " came back";
            EXPECT_TRUE(row.summary) << row.task_id << ": " << row.summary.error().message
                                     << ", change " << files_.changes;
        }
        for (const std::string& task : promised_.erased) {
            EXPECT_FALSE(must(store.read_secrets(task))) << task << " in " << place;
        }
        for (const std::string& directory : promised_.directories) {
            EXPECT_TRUE(fs::is_directory(place + directory))
                << directory << ", change " << files_.changes;
        }
    }

    void create_one(Store& store, std::uint64_t number) {
        NewTask task = make_task(number);
        task.secrets = "secret";
        promised_.asked[task.task_id] = 1;
        summaries_[number] = create(store, task);
        promised_.revisions[task.task_id] = 1;
    }
    void append(Store& store, std::uint64_t number) {
        TaskSummary& summary = summaries_[number];
        promised_.asked[summary.task_id] = summary.revision + 2;
        must(try_append(store, summary, 2));
        promised_.revisions[summary.task_id] = summary.revision;
    }
    /// As a worker does it, whose session then writes into its directory.
    void start(Store& store, std::uint64_t number) {
        TaskSummary& summary = summaries_[number];
        const auto lease = must(store.take_lease(summary.task_session_id));
        must(store.prepare_session_directory(summary.task_id, summary.task_session_id));
        Change change = make_change(summary, 1);
        change.summary.session_state = SessionState::running;
        promised_.asked[summary.task_id] = change.summary.revision;
        must(store.append_then(
            summary.task_id, summary.revision, change.records, change.summary, lease.get(),
            [&] { promised_.revisions[summary.task_id] = change.summary.revision; }));
        summary = change.summary;
        must(store.session_directory(summary.task_id, summary.task_session_id));
        promised_.directories.push_back("/tasks/" + summary.task_id + "/sessions/" +
                                        summary.task_session_id);
    }
    void erase(Store& store, std::uint64_t number) {
        must(store.erase_secrets(task_id_of(number)));
        promised_.erased.push_back(task_id_of(number));
    }
    void remove(Store& store, std::uint64_t number) {
        promised_.revisions.erase(task_id_of(number));
        must(store.remove(task_id_of(number), summaries_[number].revision));
        promised_.asked.erase(task_id_of(number));
    }

    void live_through(Loss loss) {
        files_.before_each_change = [&, loss] { lose_power(loss); };
        StoreSetup setup;
        setup.state_directory = root();
        setup.host = &host_;
        const auto store = must(make_(setup, files_));
        for (std::uint64_t number = 1; number <= 3; ++number) create_one(*store, number);
        append(*store, 1);
        append(*store, 2);
        append(*store, 1);
        must(store->take_lease("slot-0"));
        erase(*store, 1);
        remove(*store, 2);
        for (std::uint64_t number = 10; number < 30; ++number) {
            promised_.asked[task_id_of(number)] = 1;
        }
        create_tasks(*store, 10, 29);
        for (std::uint64_t number = 10; number < 30; ++number) {
            promised_.revisions[task_id_of(number)] = 1;
        }
        append(*store, 3);
        start(*store, 3);
        append(*store, 3);
        lose_power(loss);
        files_.before_each_change = nullptr;
        std::printf("losses of power: %d, tasks lost: 0\n", losses_);
        EXPECT_GT(losses_, 50);
    }

    using Make = Result<std::unique_ptr<Store>> (*)(const StoreSetup& setup, FileSystem& files);
    Make make_ = &FileStore::make;
    LosingFiles files_{root()};
    Promised promised_;
    std::map<std::uint64_t, TaskSummary> summaries_;
    int losses_ = 0;
};

TEST_F(PowerLossTest, nothing_that_was_not_synced_comes_through) { live_through(Loss::everything); }
TEST_F(PowerLossTest, names_come_through_without_content) { live_through(Loss::content); }
TEST_F(PowerLossTest, content_comes_through_without_names) { live_through(Loss::names); }

TEST_F(PowerLossTest, tasks_of_overlapping_batches_are_whole_or_not_there) {
    // With few descriptors a batch is small: these are three, one built while another is synced.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit few = before;
    few.rlim_cur = 170;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    for (const Loss loss : {Loss::everything, Loss::content, Loss::names}) {
        const std::string place = root() + std::to_string(static_cast<int>(loss));
        LosingFiles files(place);
        std::vector<NewTask> tasks;
        std::set<std::string> ids;
        for (std::uint64_t number = 1; number <= 60; ++number) {
            tasks.push_back(make_task(number));
            ids.insert(tasks.back().task_id);
        }
        StoreSetup setup;
        setup.state_directory = place;
        setup.host = &host_;
        const auto store = must(FileStore::make(setup, files));
        int looks = 0;
        const auto look = [&] {
            StoreSetup after;
            after.state_directory = directory_ / "after-overlap";
            after.host = &host_;
            files.image(after.state_directory, loss);
            const auto opened = must(FileStore::make(after, FileSystem::real()));
            const auto listed = must(opened->list({}, ListOrder::oldest_first, {}, 100)).tasks;
            for (const ListedTask& row : listed) {
                EXPECT_TRUE(ids.contains(row.task_id));
                EXPECT_TRUE(row.summary) << row.summary.error().message;
            }
            fs::remove_all(after.state_directory);
            ++looks;
            return listed.size();
        };
        // Each look opens a store: every seventh change is enough, and no multiple of what a task takes.
        files.before_each_change = [&] {
            if (files.changes % 7 == 0) look();
        };
        for (const auto& created : must(store->create(tasks))) must(created);
        files.before_each_change = nullptr;
        EXPECT_EQ(look(), tasks.size());
        EXPECT_GT(looks, 50);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(PowerLossTest, a_sync_that_is_left_out_is_noticed) {
    // Proves the test: names that are never synced are lost.
    class Forgetful : public LosingFiles {
    public:
        using LosingFiles::LosingFiles;
        int sync_directory(int) override { return 0; }
        int sync_all(int) override { return 0; }
    };
    Forgetful files(root());
    const auto store = open(files);
    create(*store, 1);
    const std::string place = directory_ / "after";
    files.image(place, Loss::everything);
    EXPECT_FALSE(fs::exists(place + "/tasks/" + task_id_of(1) + "/events.yaml"));
}

// ---- store-sqlite -----------------------------------------------------------------------------

class SqlitePowerLossTest : public PowerLossTest {
protected:
    SqlitePowerLossTest() { make_ = &store_sqlite::SqliteStore::make; }

    std::unique_ptr<Store> open_at(const std::string& place) {
        StoreSetup setup;
        setup.state_directory = place;
        setup.host = &host_;
        return must(make_(setup, place == root() ? files_ : FileSystem::real()));
    }

    LosingVfs vfs_{files_};
};

TEST_F(SqlitePowerLossTest, nothing_that_was_not_synced_comes_through) {
    live_through(Loss::everything);
}
TEST_F(SqlitePowerLossTest, names_come_through_without_content) { live_through(Loss::content); }
TEST_F(SqlitePowerLossTest, content_comes_through_without_names) { live_through(Loss::names); }

TEST_F(SqlitePowerLossTest, a_sync_that_is_left_out_is_noticed) {
    const auto store = open_at(root());
    vfs_.forgets_syncs = true;
    create(*store, 1);
    const std::string place = directory_ / "after";
    files_.image(place, Loss::everything);
    EXPECT_EQ(open_at(place)->revision(task_id_of(1)).error().code, ErrorCode::task_not_found);
}

TEST_F(SqlitePowerLossTest, what_failed_to_be_synced_does_not_come_back) {
    const auto store = open_at(root());
    TaskSummary summary = create(*store, 1);
    int failures = 0;
    for (int at = 0;; ++at) {
        int changes = 0;
        bool failed = false;
        vfs_.failure = [&](LosingVfs::Change change, const std::string&) {
            if (changes++ != at) return SQLITE_OK;
            failed = true;
            return change == LosingVfs::Change::sync ? SQLITE_IOERR_FSYNC : SQLITE_FULL;
        };
        TaskSummary next = summary;
        const auto done = try_append(*store, next, 2);
        vfs_.failure = nullptr;
        if (!failed) break;
        ++failures;
        // The process ends here, and somebody else reads what it has left in the files.
        const std::string place = directory_ / ("after-" + std::to_string(at));
        files_.image(place, Loss::names);
        const std::uint64_t found = must(open_at(place)->revision(summary.task_id));
        EXPECT_EQ(found, done ? next.revision : summary.revision) << "change " << at;
        EXPECT_EQ(must(store->revision(summary.task_id)), found);
        EXPECT_TRUE(done || done.error().code == ErrorCode::store_io) << done.error().message;
        summary = done ? next : summary;
        ASSERT_LT(at, 1000);
    }
    EXPECT_GE(failures, 3);
    std::printf("failing changes: %d\n", failures);
}

} // namespace
} // namespace loong::store_files
