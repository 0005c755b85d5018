/// What lies on the disk: format, rights, links, damage; and what is synced.

#include "must.hpp"
#include "sqlite_store.hpp"
#include "temporary_directory.hpp"
#include "test_store_host.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace loong::store_sqlite {

using namespace loong::test;

namespace {

namespace fs = std::filesystem;

class SyncCounter : public FileSystem {
public:
    int sync_file(int file) override {
        ++syncs;
        return FileSystem::sync_file(file);
    }
    int syncs = 0;
};

class SqliteStoreTest : public testing::Test {
protected:
    [[nodiscard]] std::string root() const { return directory_ / "state"; }
    [[nodiscard]] std::string file() const { return root() + "/tasks.sqlite"; }

    [[nodiscard]] Result<std::unique_ptr<Store>> try_open(const std::string& place,
                                                          FileSystem& files = FileSystem::real()) {
        StoreSetup setup;
        setup.state_directory = place;
        setup.host = &host_;
        return SqliteStore::make(setup, files);
    }
    [[nodiscard]] std::unique_ptr<Store> open() { return must(try_open(root())); }
    [[nodiscard]] Error refusal() {
        auto opened = try_open(root());
        return opened ? Error{} : opened.error();
    }

    static TaskSummary create(Store& store, std::uint64_t number) {
        const NewTask task = make_task(number);
        must(must(store.create({task})).at(0));
        return task.summary;
    }

    /// Runs SQL as somebody else would.
    void sql(const std::string& text) {
        Database database;
        database.open(file());
        database.run(text.c_str());
        ASSERT_EQ(database.failure(), SQLITE_OK) << text << ": " << database.failure_text();
    }

    static std::vector<std::string> codes(Store& store) {
        std::vector<std::string> found;
        for (const Finding& finding : must(store.verify())) found.push_back(finding.code);
        return found;
    }

    static std::string content(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryDirectory directory_;
    TestStoreHost host_;
};

TEST_F(SqliteStoreTest, everything_belongs_to_the_user_alone) {
    const mode_t mask = ::umask(0);
    {
        const auto store = open();
        const TaskSummary summary = create(*store, 1);
        must(store->session_directory(summary.task_id, summary.task_session_id));
        must(store->take_lease("slot-1"));
        must(store->watch({{WatchTarget::Kind::everything, ""}}));
        for (const auto& entry : fs::recursive_directory_iterator(root())) {
            const auto expected = entry.is_directory() ? 0700 : 0600;
            EXPECT_EQ(static_cast<int>(entry.status().permissions()), expected) << entry.path();
        }
    }
    ::umask(mask);
    ASSERT_EQ(::chmod(file().c_str(), 0644), 0);
    const auto store = open();
    ASSERT_EQ(codes(*store), std::vector<std::string>{"permissions"});
    must(store->repair(must(store->verify()).at(0)));
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(SqliteStoreTest, a_newer_format_is_refused) {
    create(*open(), 1);
    sql("PRAGMA user_version=2");
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::store_version);
    EXPECT_NE(error.message.find("format 2"), std::string::npos) << error.message;
    sql("PRAGMA user_version=1");
    EXPECT_EQ(must(open()->revision(task_id_of(1))), 1U);
}

TEST_F(SqliteStoreTest, a_directory_of_another_kind_is_refused_and_left_alone) {
    fs::create_directory(root());
    fs::permissions(root(), fs::perms::owner_all);
    std::ofstream(root() + "/store.yaml") << "kind: store-files\nformat: 1\n";
    fs::create_directory(root() + "/tasks");
    fs::create_directory(root() + "/leases");
    const Error error = refusal();
    EXPECT_EQ(error.code, ErrorCode::store_version);
    EXPECT_NE(error.hint.find("store copy"), std::string::npos) << error.hint;
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(SqliteStoreTest, a_missing_file_is_damage_and_not_made_anew) {
    create(*open(), 1);
    fs::remove(file());
    EXPECT_EQ(refusal().code, ErrorCode::store_corrupt);
    EXPECT_FALSE(fs::exists(file()));
}

TEST_F(SqliteStoreTest, a_file_that_is_replaced_while_it_is_open_is_noticed) {
    const auto store = open();
    create(*store, 1);
    const auto other = must(try_open(directory_ / "other"));
    create(*other, 2);
    must(other->erase_secrets(task_id_of(2)));
    fs::rename(directory_ / "other/tasks.sqlite", file());
    fs::rename(directory_ / "other/tasks.sqlite-wal", file() + "-wal");
    fs::rename(directory_ / "other/tasks.sqlite-shm", file() + "-shm");
    EXPECT_EQ(must(store->revision(task_id_of(2))), 1U);
    EXPECT_EQ(store->revision(task_id_of(1)).error().code, ErrorCode::task_not_found);
}

TEST_F(SqliteStoreTest, damage_of_the_file_says_what_to_do) {
    create(*open(), 1);
    const std::string whole = content(file());
    for (const std::string& text : {std::string(), std::string(4096, 'x'), whole.substr(0, 4096)}) {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << text;
        auto opened = try_open(root());
        Error error = opened ? Error{} : opened.error();
        if (opened) error = (*opened)->list({}, ListOrder::newest_first, {}, 10).error();
        EXPECT_EQ(error.code, ErrorCode::store_corrupt) << text.size();
        EXPECT_NE(error.hint.find(".recover"), std::string::npos) << error.hint;
    }
}

TEST_F(SqliteStoreTest, a_link_in_place_of_the_file_is_refused) {
    create(*open(), 1);
    fs::rename(file(), directory_ / "elsewhere");
    fs::create_symlink(directory_ / "elsewhere", file());
    EXPECT_EQ(refusal().code, ErrorCode::store_corrupt);
}

TEST_F(SqliteStoreTest, a_task_with_a_missing_record_is_damaged_by_itself) {
    for (std::uint64_t number = 1; number <= 3; ++number) create(*open(), number);
    sql("DELETE FROM records WHERE task = (SELECT n FROM tasks WHERE id = '" + task_id_of(2) +
        "')");
    sql("DELETE FROM documents WHERE task = (SELECT n FROM tasks WHERE id = '" + task_id_of(3) +
        "')");
    const auto store = open();
    must(store->read(task_id_of(1)));
    EXPECT_EQ(store->read(task_id_of(2)).error().code, ErrorCode::store_corrupt);
    EXPECT_EQ(store->read_events(task_id_of(2), 0, 10).error().code, ErrorCode::store_corrupt);
    EXPECT_EQ(store->read(task_id_of(3)).error().code, ErrorCode::store_corrupt);
    EXPECT_EQ(codes(*store), (std::vector<std::string>{"damaged_task", "damaged_task"}));
}

TEST_F(SqliteStoreTest, a_summary_that_differs_or_cannot_be_read_is_made_again) {
    const TaskSummary summary = create(*open(), 1);
    sql("UPDATE tasks SET summary = 'of another version'");
    const auto store = open();
    EXPECT_TRUE(same_summary(must(must(store->find(summary.task_id)).summary), summary));
    EXPECT_TRUE(codes(*store).empty()) << "reading has written it again";
    TaskSummary other = summary;
    other.label = "another";
    sql("UPDATE tasks SET summary = '" + host_.encode(other) + "'");
    ASSERT_EQ(codes(*store), std::vector<std::string>{"row_differs"});
    must(store->repair(must(store->verify()).at(0)));
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(SqliteStoreTest, a_summary_that_says_the_same_in_other_words_is_no_finding) {
    const TaskSummary summary = create(*open(), 1);
    sql("UPDATE tasks SET summary = replace(summary, 'summary-1 t', 'summary-1 %74')");
    const auto store = open();
    EXPECT_TRUE(codes(*store).empty());
    EXPECT_TRUE(same_summary(must(must(store->find(summary.task_id)).summary), summary));
}

TEST_F(SqliteStoreTest, tables_that_contradict_each_other_are_made_again) {
    const auto store = open();
    const TaskSummary first = create(*store, 1);
    TaskSummary second = make_summary(2);
    second.dependencies = {{first.task_id, false}};
    must(must(store->create({make_task(second)})).at(0));
    create(*store, 3);
    sql("UPDATE records SET record = 'garbage' WHERE task = 3");
    sql("UPDATE tasks SET summary = 'garbage' WHERE n = 3");
    ASSERT_EQ(codes(*store), std::vector<std::string>{"damaged_task"});
    TaskFilter seen;
    seen.visible_to = first.scope_session_id;
    TaskFilter ready = seen;
    ready.states = {SessionState::ready};
    for (const char* damage : {
             "UPDATE counts SET n = n + 1",
             "DELETE FROM counts",
             "DELETE FROM member WHERE id = (SELECT min(id) FROM tasks)",
             "UPDATE member SET kind = 5",
             "UPDATE tasks SET kind = 5",
             "UPDATE tasks SET scopes = 'x', kind = 5, rank = NULL, cause = '', label = '?'",
             "DELETE FROM scopes",
             "DELETE FROM deps; DELETE FROM sessions; DELETE FROM member",
         }) {
        sql(damage);
        ASSERT_EQ(codes(*store), (std::vector<std::string>{"damaged_index", "damaged_task"}))
            << damage;
        must(store->repair(must(store->verify()).at(0)));
        EXPECT_EQ(codes(*store), std::vector<std::string>{"damaged_task"}) << damage;
        EXPECT_EQ(must(store->list({}, ListOrder::newest_first, {}, 10)).tasks.size(), 3U)
            << damage;
        EXPECT_EQ(must(store->list(seen, ListOrder::newest_first, {}, 10)).tasks.size(), 3U)
            << damage;
        EXPECT_EQ(must(store->list(ready, ListOrder::newest_first, {}, 10)).tasks.size(), 2U)
            << damage;
        std::uint64_t counted = 0;
        for (const CountGroup& group : must(store->count(seen))) counted += group.count;
        EXPECT_EQ(counted, 3U) << damage;
        ASSERT_EQ(must(store->claimable(test_time(0), 10)).size(), 1U) << damage;
        EXPECT_EQ(must(store->find(second.task_id)).dependencies, DependencyState::pending);
        EXPECT_EQ(must(store->dependents(first.task_id)), std::vector<std::string>{second.task_id});
        EXPECT_EQ(must(store->task_of_session(first.task_session_id)), first.task_id) << damage;
    }
}

TEST_F(SqliteStoreTest, rows_of_an_older_loong_are_as_good_and_it_finds_all_sessions) {
    std::vector<TaskSummary> made;
    for (std::uint64_t number = 1; number <= 2; ++number) {
        TaskSummary summary = make_summary(number);
        summary.task_session_id = session_id_after(summary.task_id);
        must(must(open()->create({make_task(summary)})).at(0));
        made.push_back(summary);
    }
    const std::string older = made[0].task_id;
    sql("UPDATE tasks SET tail = '" + std::string(older.rbegin(), older.rend()) + "' WHERE id = '" +
        older + "'");
    const auto store = open();
    for (const TaskSummary& summary : made) {
        const std::string& id = summary.task_id;
        for (const std::size_t length : {5U, 12U, 13U, 20U, 26U, 31U}) {
            EXPECT_EQ(must(store->resolve(id.substr(id.size() - length), 5)),
                      std::vector<std::string>{id})
                << length;
        }
        EXPECT_EQ(must(store->task_of_session(summary.task_session_id)), id);
    }
    Database database;
    database.open(file());
    Statement count = database.prepare("SELECT count(*) FROM sessions");
    ASSERT_TRUE(count.step());
    EXPECT_EQ(count.integer(0), 2);
}

TEST_F(SqliteStoreTest, what_a_removal_left_is_found_and_is_none_of_a_new_task) {
    const auto store = open();
    const TaskSummary summary = create(*store, 1);
    const std::string directory =
        must(store->session_directory(summary.task_id, summary.task_session_id));
    must(store->remove(summary.task_id, 1));
    EXPECT_FALSE(fs::exists(directory));
    fs::create_directories(directory);
    ASSERT_EQ(codes(*store), std::vector<std::string>{"unfinished_removal"});
    create(*store, 1);
    EXPECT_FALSE(fs::exists(directory));
    must(store->remove(summary.task_id, 1));
    fs::create_directories(directory);
    must(store->repair(must(store->verify()).at(0)));
    EXPECT_FALSE(fs::exists(directory));
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(SqliteStoreTest, erased_secrets_are_in_no_file) {
    const auto store = open();
    NewTask task = make_task(1);
    task.secrets = "s3cr3t-of-a-task";
    must(must(store->create({task})).at(0));
    EXPECT_EQ(must(store->read_secrets(task.task_id)), task.secrets);
    must(store->erase_secrets(task.task_id));
    for (const auto& entry : fs::recursive_directory_iterator(root())) {
        if (!entry.is_regular_file()) continue;
        EXPECT_EQ(content(entry.path()).find(task.secrets), std::string::npos) << entry.path();
    }
}

TEST_F(SqliteStoreTest, who_opens_it_first_syncs_what_the_dead_have_left) {
    {
        const auto store = open();
        create(*store, 1);
        // As it is found when every process was killed at once.
        fs::copy(root(), directory_ / "left", fs::copy_options::recursive);
    }
    ASSERT_GT(fs::file_size(directory_ / "left/tasks.sqlite-wal"), 0U);
    SyncCounter files;
    const auto first = must(try_open(directory_ / "left", files));
    EXPECT_EQ(files.syncs, 1);
    EXPECT_EQ(must(first->revision(task_id_of(1))), 1U);
    const auto second = must(try_open(directory_ / "left", files));
    EXPECT_EQ(files.syncs, 1) << "the first one has it open";
}

} // namespace
} // namespace loong::store_sqlite
