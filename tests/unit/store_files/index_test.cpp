/// The index: disposable, and never wiser than the files.

#include "descriptor.hpp"
#include "file_lock.hpp"
#include "file_store_fixture.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <random>

namespace loong::store_files {
namespace {

namespace fs = std::filesystem;

class IndexTest : public FileStoreTest {
protected:
    void remove_index() const {
        for (const char* suffix : {"", "-wal", "-shm"})
            fs::remove(in_root("index.sqlite") + suffix);
    }
    void run_sql(const std::string& sql) const {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(in_root("index.sqlite").c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql;
        sqlite3_close(database);
    }
    /// The first column of all rows.
    [[nodiscard]] std::vector<std::string> select(const std::string& sql) const {
        std::vector<std::string> values;
        Database database;
        database.open(in_root("index.sqlite"));
        Statement read = database.prepare(sql.c_str());
        while (read.step()) values.emplace_back(read.text(0));
        EXPECT_EQ(database.failure(), SQLITE_OK) << sql;
        return values;
    }
    /// A task whose session has the id that follows its own.
    static TaskSummary create_with_neighbour(Store& store, std::uint64_t number) {
        TaskSummary summary = make_summary(number);
        summary.task_session_id = session_id_after(summary.task_id);
        return create(store, make_task(summary));
    }
    /// Everything that the index answers is as the files say.
    static void expect_five_tasks(Store& store) {
        EXPECT_EQ(listed(store).size(), 5U);
        EXPECT_EQ(counted(store), 5U);
        EXPECT_EQ(must(store.claimable(test_time(0), 10)).size(), 3U);
        EXPECT_EQ(must(store.dependents(task_id_of(1))), std::vector<std::string>{task_id_of(4)});
        EXPECT_EQ(must(store.find(task_id_of(4))).dependencies, DependencyState::pending);
        EXPECT_EQ(must(store.find_dedupe_key("key")), task_id_of(2));
        EXPECT_EQ(must(store.task_of_session(session_id_of(5))), task_id_of(5));
        EXPECT_EQ(must(store.task_of_session(session_id_of(5, 2))), task_id_of(5));
        EXPECT_EQ(must(store.resolve(task_id_of(3).substr(26), 9)),
                  std::vector<std::string>{task_id_of(3)});
    }
    void create_five_tasks(Store& store) {
        create(store, 1);
        TaskSummary second = make_summary(2);
        second.dedupe_key = "key";
        create(store, make_task(second));
        create(store, 3);
        TaskSummary fourth = make_summary(4);
        fourth.dependencies = {{task_id_of(1), false}};
        create(store, make_task(fourth));
        TaskSummary fifth = create(store, 5);
        fifth.task_session_id = session_id_of(5, 2);
        fifth.session_state = SessionState::running;
        must(try_append(store, fifth));
    }
};

TEST_F(IndexTest, a_missing_index_is_made_again) {
    {
        const auto store = open();
        create_five_tasks(*store);
        expect_five_tasks(*store);
    }
    remove_index();
    expect_five_tasks(*open());
    EXPECT_TRUE(codes(*open()).empty());
}

TEST_F(IndexTest, an_index_that_vanishes_under_an_open_store_is_made_again) {
    const auto store = open();
    const auto other = open();
    create_five_tasks(*store);
    expect_five_tasks(*other);
    remove_index();
    expect_five_tasks(*store);
    expect_five_tasks(*other);
    create(*other, 6);
    EXPECT_EQ(counted(*store), 6U);
}

TEST_F(IndexTest, an_index_of_another_format_is_made_again) {
    {
        const auto store = open();
        create_five_tasks(*store);
    }
    run_sql("UPDATE meta SET value = '999' WHERE key = 'format'");
    expect_five_tasks(*open());
    run_sql("DROP TABLE member");
    expect_five_tasks(*open());
    run_sql("DROP TABLE meta");
    expect_five_tasks(*open());
}

TEST_F(IndexTest, a_damaged_index_is_made_again) {
    const auto store = open();
    create_five_tasks(*store);
    std::mt19937 random(7);
    for (int round = 0; round < 120; ++round) {
        {
            // As the last one who closes it, this leaves everything in the one file.
            const auto last = open();
            EXPECT_EQ(counted(*last), 5U);
        }
        const std::string path = in_root("index.sqlite");
        std::string bytes = read(path);
        ASSERT_GT(bytes.size(), 8192U);
        remove_index();
        if (round % 3 == 0) {
            bytes.resize(random() % bytes.size());
        } else {
            const std::size_t from = round % 3 == 1 ? 0 : random() % bytes.size();
            const std::size_t count = std::min<std::size_t>(bytes.size() - from, 1 << (round % 13));
            for (std::size_t i = 0; i < count; ++i) bytes[from + i] = static_cast<char>(random());
        }
        write(path, bytes);
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
        const auto reader = open();
        // Some damage leaves a file that SQLite can read; what is shown is right all the same.
        static_cast<void>(must(reader->list({}, ListOrder::newest_first, {}, 10)));
        static_cast<void>(must(reader->count({})));
        must(reader->verify());
        repair_all(*reader);
        expect_five_tasks(*reader);
    }
}

TEST_F(IndexTest, damage_beside_the_index_is_survived) {
    const auto store = open();
    create_five_tasks(*store);
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        remove_index();
        expect_five_tasks(*open());
        remove_index();
        write(in_root("index.sqlite") + suffix, std::string(5000, 'x'));
        expect_five_tasks(*open());
    }
}

TEST_F(IndexTest, what_a_dead_writer_marked_is_looked_up_in_the_files) {
    const auto store = open();
    create_five_tasks(*store);
    const std::string events = read(events_of(task_id_of(1)));
    TaskSummary summary = make_task(1).summary;
    summary.session_state = SessionState::completed;
    const Change change = make_change(summary);
    run_sql("INSERT INTO pending(id) VALUES('" + task_id_of(1) + "')");
    write(events_of(task_id_of(1)), events + "- " + change.records[0] + "\n");
    // Found through its dependent alone, which nothing else would have looked at.
    EXPECT_EQ(must(store->claimable(test_time(0), 10)).size(), 3U);
    EXPECT_EQ(must(store->claimable(test_time(0), 10)).at(2).task_id, task_id_of(4));
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(IndexTest, a_task_that_is_being_changed_is_in_an_index_that_is_made_again) {
    const auto store = open();
    create_five_tasks(*store);
    const std::string path = events_of(task_id_of(1));
    // A writer, whose mark was in the index that is gone.
    Descriptor writer(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const auto size = static_cast<off_t>(read(path).size());
    ASSERT_EQ(try_lock(writer.get(), LockKind::exclusive, {size, 0}), 0);
    remove_index();
    expect_five_tasks(*store);
    TaskSummary summary = make_task(1).summary;
    summary.session_state = SessionState::completed;
    write(path, read(path) + "- " + make_change(summary).records[0] + "\n");
    // It dies.
    writer.close();
    EXPECT_EQ(must(store->claimable(test_time(0), 10)).at(2).task_id, task_id_of(4));
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(IndexTest, a_task_that_is_being_created_is_looked_for_in_an_index_that_is_made_again) {
    const auto store = open();
    create_five_tasks(*store);
    const std::string id = task_id_of(6);
    create(*store, 6);
    // Its creator has not come to the name yet.
    fs::rename(in_root("tasks/" + id), in_root("tasks/.new-" + id));
    const std::string path = in_root("tasks/.new-" + id + "/events.yaml");
    Descriptor creator(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(try_lock(creator.get(), LockKind::exclusive, {0, 0}), 0);
    remove_index();
    EXPECT_EQ(listed(*store).size(), 5U);
    fs::rename(in_root("tasks/.new-" + id), in_root("tasks/" + id));
    EXPECT_EQ(listed(*store).size(), 5U);
    // It dies.
    creator.close();
    EXPECT_EQ(listed(*store).size(), 6U);
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(IndexTest, a_mark_of_a_task_that_never_came_is_dropped) {
    const auto store = open();
    create_five_tasks(*store);
    run_sql("INSERT INTO pending(id) VALUES('" + task_id_of(77) + "')");
    expect_five_tasks(*store);
}

TEST_F(IndexTest, rows_are_checked_against_their_files_when_they_are_shown) {
    const auto store = open();
    create_five_tasks(*store);
    TaskSummary summary = make_task(3).summary;
    summary.label = "edited by hand";
    const std::string events = read(events_of(task_id_of(3)));
    write(events_of(task_id_of(3)), events + "- " + make_change(summary).records[0] + "\n");
    EXPECT_EQ(must(must(store->find(task_id_of(3))).summary).label, "edited by hand");
    TaskFilter filter;
    filter.label_glob = "edited*";
    EXPECT_EQ(must(store->list(filter, ListOrder::newest_first, {}, 10)).tasks.size(), 1U);
    fs::remove_all(in_root("tasks/" + task_id_of(3)));
    EXPECT_EQ(store->find(task_id_of(3)).error().code, ErrorCode::task_not_found);
    EXPECT_EQ(listed(*store).size(), 4U);
    EXPECT_EQ(counted(*store), 4U);
}

TEST_F(IndexTest, a_task_that_was_copied_in_is_found_by_verify) {
    const auto store = open();
    create_five_tasks(*store);
    fs::copy(in_root("tasks/" + task_id_of(1)), directory_ / "kept");
    must(store->remove(task_id_of(1), 1));
    EXPECT_EQ(must(store->find(task_id_of(4))).dependencies, DependencyState::failed);
    fs::copy(directory_ / "kept", in_root("tasks/" + task_id_of(1)));
    fs::permissions(in_root("tasks/" + task_id_of(1)), fs::perms::owner_all);
    EXPECT_EQ(codes(*store), std::vector<std::string>{"index_differs"});
    repair_all(*store);
    expect_five_tasks(*store);
}

TEST_F(IndexTest, a_summary_that_says_the_same_in_other_words_is_no_finding) {
    const auto store = open();
    create_five_tasks(*store);
    run_sql("UPDATE tasks SET summary = replace(summary, 'summary-1 t', 'summary-1 %74')");
    EXPECT_TRUE(codes(*store).empty());
    expect_five_tasks(*store);
}

TEST_F(IndexTest, after_a_boot_open_tasks_are_read_again) {
    {
        const auto store = open();
        create_five_tasks(*store);
    }
    // What a loss of power can leave: an older index, without a mark.
    TaskSummary summary = make_task(1).summary;
    summary.session_state = SessionState::completed;
    const std::string events = read(events_of(task_id_of(1)));
    write(events_of(task_id_of(1)), events + "- " + make_change(summary).records[0] + "\n");
    run_sql("UPDATE meta SET value = 'another boot' WHERE key = 'complete_in_boot';"
            "DELETE FROM tasks WHERE id = '" +
            task_id_of(3) + "'");
    const auto store = open();
    EXPECT_EQ(must(store->find(task_id_of(4))).dependencies, DependencyState::met);
    EXPECT_EQ(listed(*store).size(), 5U);
}

TEST_F(IndexTest, a_session_whose_id_follows_its_tasks_has_no_row) {
    const auto store = open();
    TaskSummary summary = create_with_neighbour(*store, 1);
    const std::string first = summary.task_session_id;
    EXPECT_TRUE(select("SELECT id FROM sessions").empty());
    EXPECT_EQ(must(store->task_of_session(first)), task_id_of(1));
    EXPECT_EQ(host_.summarized(), 0U) << "the newest session is known without reading the task";
    summary.task_session_id = session_id_of(1, 2);
    must(try_append(*store, summary));
    EXPECT_EQ(select("SELECT id FROM sessions"), std::vector<std::string>{session_id_of(1, 2)});
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(must(open()->task_of_session(first)), task_id_of(1));
        EXPECT_EQ(must(open()->task_of_session(session_id_of(1, 2))), task_id_of(1));
        EXPECT_TRUE(codes(*open()).empty());
        if (round == 0) remove_index();
    }
    EXPECT_EQ(select("SELECT id FROM sessions"), std::vector<std::string>{session_id_of(1, 2)});
}

TEST_F(IndexTest, an_index_of_the_format_before_is_made_again) {
    create_with_neighbour(*open(), 1);
    run_sql("INSERT INTO sessions VALUES('" + session_id_after(task_id_of(1)) + "', '" +
            task_id_of(1) +
            "'); UPDATE tasks SET tail = 'whole';"
            "UPDATE meta SET value = '2' WHERE key = 'format'");
    EXPECT_EQ(must(open()->task_of_session(session_id_after(task_id_of(1)))), task_id_of(1));
    EXPECT_TRUE(select("SELECT id FROM sessions").empty());
    EXPECT_EQ(select("SELECT length(tail) FROM tasks"), std::vector<std::string>{"6"});
}

TEST_F(IndexTest, an_index_that_an_older_loong_made_tells_of_labels_too) {
    TaskSummary summary = make_summary(1);
    summary.label = "build core";
    create(*open(), make_task(summary));
    run_sql("DROP INDEX tasks_label_start");
    const auto store = open();
    const std::vector<std::string> expected{task_id_of(1)};
    EXPECT_EQ(listed(*store, {.label_glob = "build core"}), expected);
    EXPECT_EQ(listed(*store, {.label_glob = "build *"}), expected);
    EXPECT_TRUE(listed(*store, {.label_glob = "build"}).empty());
}

TEST_F(IndexTest, a_session_of_a_damaged_task_is_not_taken_for_gone) {
    const auto store = open();
    const TaskSummary summary = create_with_neighbour(*store, 1);
    must(store->take_lease(summary.task_session_id));
    const std::string events = read(events_of(summary.task_id));
    write(events_of(summary.task_id), "damage\n");
    const auto found = store->task_of_session(summary.task_session_id);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::store_corrupt);
    repair_all(*store);
    EXPECT_TRUE(fs::exists(in_root("leases/" + summary.task_session_id)));
    write(events_of(summary.task_id), events);
    EXPECT_EQ(must(store->task_of_session(summary.task_session_id)), summary.task_id);
}

TEST_F(IndexTest, leases_go_with_the_task_whose_session_they_are_of) {
    const auto store = open();
    const TaskSummary own = create_with_neighbour(*store, 1);
    // Its session has the id that follows that of the task beside it.
    TaskSummary other = make_summary(2);
    other.task_session_id = session_id_after(task_id_of(3));
    create(*store, make_task(other));
    const TaskSummary beside = create(*store, 3);
    for (const TaskSummary& summary : {own, other, beside})
        must(store->take_lease(summary.task_session_id));
    EXPECT_TRUE(codes(*store).empty());
    const auto has_lease = [&](const TaskSummary& summary) {
        return fs::exists(in_root("leases/" + summary.task_session_id));
    };
    must(store->remove(own.task_id, 1));
    EXPECT_FALSE(has_lease(own));
    must(store->remove(beside.task_id, 1));
    EXPECT_FALSE(has_lease(beside));
    EXPECT_TRUE(has_lease(other));
    must(store->remove(other.task_id, 1));
    EXPECT_FALSE(has_lease(other));
    // One that was left behind is found although a task with the id before it is there.
    create(*store, 4);
    must(store->take_lease(session_id_after(task_id_of(4))));
    EXPECT_EQ(codes(*store), std::vector<std::string>{"lease_without_session"});
    repair_all(*store);
    EXPECT_TRUE(codes(*store).empty());
}

TEST_F(IndexTest, readers_use_no_more_files_than_they_show) {
    const auto store = open();
    create_tasks(*store, 1, 300);
    must(store->list({}, ListOrder::newest_first, {}, 20));
    EXPECT_EQ(host_.summarized(), 0U);
}

class ToldHost : public TestStoreHost {
public:
    struct Told {
        std::uint64_t done = 0;
        std::uint64_t total = 0;
        bool by_other = false;
    };

    void tell_progress(std::uint64_t done, std::uint64_t total, bool by_other) const override {
        told.push_back({done, total, by_other});
    }

    mutable std::vector<Told> told;
};

class ToldTest : public IndexTest {
protected:
    std::unique_ptr<Store> open_told() {
        StoreSetup setup;
        setup.state_directory = root();
        setup.host = &told_host_;
        return must(FileStore::make(setup));
    }
    [[nodiscard]] const std::vector<ToldHost::Told>& told() const { return told_host_.told; }

    ToldHost told_host_;
};

TEST_F(ToldTest, how_far_a_new_index_is) {
    create_tasks(*open(), 1, 300);
    remove_index();
    const auto store = open_told();
    EXPECT_TRUE(told().empty());
    EXPECT_EQ(listed(*store).size(), 300U);
    ASSERT_GT(told().size(), 1U);
    std::uint64_t last = 0;
    for (const auto& [done, total, by_other] : told()) {
        EXPECT_GT(done, last);
        EXPECT_EQ(total, 300U);
        EXPECT_FALSE(by_other);
        last = done;
    }
    EXPECT_EQ(last, 300U);
}

TEST_F(ToldTest, a_list_shows_what_is_known_while_another_makes_the_index) {
    create_tasks(*open(), 1, 5);
    remove_index();
    Descriptor other(::open(in_root("index.lock").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(try_lock(other.get(), LockKind::exclusive, {1, 1}), 0);
    const auto store = open_told();
    EXPECT_TRUE(listed(*store).empty());
    ASSERT_EQ(told().size(), 1U);
    EXPECT_EQ(told().front().done, 0U);
    EXPECT_EQ(told().front().total, 5U);
    EXPECT_TRUE(told().front().by_other);
    EXPECT_EQ(counted(*store), 0U);
    other.close();
    EXPECT_EQ(listed(*store).size(), 5U);
    EXPECT_EQ(told().back().done, 5U);
    EXPECT_FALSE(told().back().by_other);
}

} // namespace
} // namespace loong::store_files
