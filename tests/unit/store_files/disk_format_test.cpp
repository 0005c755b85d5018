/// What lies on the disk: format, rights, links, damage.

#include "file_store_fixture.hpp"

#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace loong::store_files {
namespace {

namespace fs = std::filesystem;

TEST_F(FileStoreTest, a_task_is_a_directory_of_readable_files) {
    const auto store = open();
    NewTask task = make_task(make_summary(1), 2);
    task.secrets = "KEY=secret";
    create(*store, task);
    const std::string directory = in_root("tasks/" + task.task_id);
    EXPECT_EQ(read(directory + "/task.yaml"), task.document);
    EXPECT_EQ(read(directory + "/secrets"), "KEY=secret");
    EXPECT_EQ(read(directory + "/events.yaml"),
              "- " + task.records[0] + "\n- " + task.records[1] + "\n");
    const std::string about = read(in_root("store.yaml"));
    EXPECT_NE(about.find("kind: store-files\nformat: 1\n"), std::string::npos);
}

TEST_F(FileStoreTest, everything_belongs_to_the_user_alone) {
    const mode_t mask = ::umask(0);
    {
        const auto store = open();
        NewTask task = make_task(1);
        task.secrets = "secret";
        TaskSummary summary = create(*store, task);
        must(try_append(*store, summary));
        must(store->session_directory(summary.task_id, summary.task_session_id));
        must(store->take_lease("slot-1"));
        must(store->watch({{WatchTarget::Kind::everything, ""}}));
        must(store->list({}, ListOrder::newest_first, {}, 1));
        for (const auto& entry : fs::recursive_directory_iterator(root())) {
            const auto expected = entry.is_directory() ? 0700 : 0600;
            EXPECT_EQ(static_cast<int>(entry.status().permissions()), expected) << entry.path();
        }
    }
    ::umask(mask);
    EXPECT_EQ(static_cast<int>(fs::status(root()).permissions()), 0700);
}

TEST_F(FileStoreTest, a_directory_that_others_may_write_to_is_refused) {
    static_cast<void>(open());
    for (const int mode : {0720, 0702, 0777}) {
        ASSERT_EQ(::chmod(root().c_str(), static_cast<mode_t>(mode)), 0);
        const auto opened = try_open();
        ASSERT_FALSE(opened.has_value());
        EXPECT_EQ(opened.error().code, ErrorCode::store_io);
        EXPECT_NE(opened.error().hint.find("chmod 700"), std::string::npos);
    }
}

TEST_F(FileStoreTest, a_directory_of_another_user_is_refused) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
    static_cast<void>(open());
    ASSERT_EQ(::chown(root().c_str(), 12345, 12345), 0);
    const auto opened = try_open();
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::store_io);
    EXPECT_NE(opened.error().message.find("another user"), std::string::npos);
    ASSERT_EQ(::chown(root().c_str(), ::geteuid(), ::getegid()), 0);
}

TEST_F(FileStoreTest, a_file_in_place_of_the_directory_is_refused) {
    write(root(), "text");
    EXPECT_EQ(try_open().error().code, ErrorCode::store_io);
}

TEST_F(FileStoreTest, a_newer_format_is_refused_and_left_untouched) {
    fs::create_directories(root());
    fs::permissions(root(), fs::perms::owner_all);
    const std::string newer = "kind: store-files\nformat: 2\nid: x\nmachine: \"\"\n";
    write(in_root("store.yaml"), newer);
    EXPECT_EQ(try_open().error().code, ErrorCode::store_version);
    EXPECT_EQ(read(in_root("store.yaml")), newer);
    EXPECT_EQ(std::distance(fs::directory_iterator(root()), {}), 1);
    write(in_root("store.yaml"), "kind: store-other\nformat: 1\n");
    EXPECT_EQ(try_open().error().code, ErrorCode::store_version);
    write(in_root("store.yaml"), "\x01\x02");
    EXPECT_EQ(try_open().error().code, ErrorCode::store_corrupt);
}

TEST_F(FileStoreTest, a_directory_of_another_machine_is_refused) {
    static_cast<void>(open());
    write(in_root("store.yaml"), "kind: store-files\nformat: 1\nmachine: 0123456789abcdef\n");
    std::ifstream id("/etc/machine-id");
    if (!id || id.peek() == std::ifstream::traits_type::eof()) GTEST_SKIP() << "no machine id";
    EXPECT_EQ(try_open().error().code, ErrorCode::not_on_this_host);
    write(in_root("store.yaml"), "kind: store-files\nformat: 1\nmachine: \"\"\n");
    EXPECT_TRUE(try_open().has_value());
}

TEST_F(FileStoreTest, unknown_settings_are_told_with_their_place) {
    StoreSetup setup;
    setup.host = &host_;
    setup.state_directory = root();
    setup.settings.file = "config.yaml";
    Value value("x");
    value.set_place({7, 3});
    setup.settings.values.set("rot", value);
    auto made = FileStore::make(setup);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::invalid_config);
    EXPECT_NE(made.error().message.find("config.yaml:7"), std::string::npos);
    EXPECT_NE(made.error().hint.find("root"), std::string::npos);
    setup.settings.values = Value::Object{};
    setup.settings.values.set("root", Value("relative"));
    EXPECT_EQ(FileStore::make(setup).error().code, ErrorCode::invalid_config);
    setup.settings.values.set("root", Value(directory_ / "elsewhere"));
    must(FileStore::make(setup));
    EXPECT_TRUE(fs::exists(directory_ / "elsewhere/store.yaml"));
    EXPECT_FALSE(fs::exists(root()));
}

TEST_F(FileStoreTest, symbolic_links_are_not_followed) {
    const auto store = open();
    create_tasks(*store, 1, 3);
    const std::string one = in_root("tasks/" + task_id_of(1));
    fs::rename(one, directory_ / "outside");
    fs::create_directory_symlink(directory_ / "outside", one);
    EXPECT_EQ(store->read(task_id_of(1)).error().code, ErrorCode::store_corrupt);
    TaskSummary summary = make_task(1).summary;
    EXPECT_EQ(try_append(*store, summary).error().code, ErrorCode::store_corrupt);
    EXPECT_FALSE(store->session_directory(task_id_of(1), session_id_of(1)).has_value());
    EXPECT_FALSE(store->erase_secrets(task_id_of(1)).has_value());

    fs::rename(events_of(task_id_of(2)), directory_ / "events");
    fs::create_symlink(directory_ / "events", events_of(task_id_of(2)));
    EXPECT_EQ(store->read(task_id_of(2)).error().code, ErrorCode::store_corrupt);

    write(directory_ / "password", "secret");
    fs::create_symlink(directory_ / "password", in_root("tasks/" + task_id_of(3) + "/secrets"));
    EXPECT_FALSE(store->read_secrets(task_id_of(3)).has_value());
    fs::create_symlink(directory_ / "password", in_root("leases/slot-1"));
    EXPECT_FALSE(store->take_lease("slot-1").has_value());
    EXPECT_EQ(must(store->lease_status("slot-1")).state, LeaseState::unknown);
    EXPECT_EQ(read(directory_ / "password"), "secret");
    EXPECT_EQ(listed(*store).size(), 3U);
}

TEST_F(FileStoreTest, a_removed_task_that_is_a_link_leaves_its_target_alone) {
    const auto store = open();
    const TaskSummary summary = create(*store, 1);
    const std::string session =
        must(store->session_directory(summary.task_id, summary.task_session_id));
    fs::create_directory(directory_ / "target");
    write(directory_ / "target/file", "text");
    fs::create_directory_symlink(directory_ / "target", session + "/link");
    must(store->remove(summary.task_id, 1));
    EXPECT_EQ(read(directory_ / "target/file"), "text");
    EXPECT_TRUE(fs::is_empty(in_root("tasks")));
}

TEST_F(FileStoreTest, an_event_file_cut_at_any_length_is_older_or_damaged_and_can_go_on) {
    const auto store = open();
    TaskSummary summary = create(*store, 1);
    must(try_append(*store, summary, 2));
    must(try_append(*store, summary, 1));
    const std::string whole = read(events_of(summary.task_id));
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        write(events_of(summary.task_id), whole.substr(0, size));
        const auto revision = store->revision(summary.task_id);
        const auto text = store->read(summary.task_id);
        ASSERT_EQ(revision.has_value(), text.has_value()) << size;
        if (!revision) {
            ASSERT_EQ(revision.error().code, ErrorCode::store_corrupt);
            ASSERT_EQ(text.error().code, ErrorCode::store_corrupt);
            continue;
        }
        ASSERT_EQ(text->records.size(), *revision) << size;
        ASSERT_TRUE(*revision == 1 || *revision == 3 || *revision == 4) << size;
        ASSERT_EQ(must(must(store->find(summary.task_id)).summary).revision, *revision) << size;
        // One append in a few is enough: what matters is where the cut is.
        if (size % 7 != 0) continue;
        TaskSummary now = make_task(1).summary;
        now.revision = *revision;
        must(try_append(*store, now));
        ASSERT_EQ(must(store->revision(summary.task_id)), now.revision) << size;
        ASSERT_TRUE(codes(*store).empty()) << size;
    }
}

TEST_F(FileStoreTest, a_torn_tail_is_ignored_found_and_cut) {
    const auto store = open();
    std::uint64_t number = 0;
    for (const bool by_repair : {true, false}) {
        for (const std::string& rest :
             {std::string("- {\"id\":2,\"at"), std::string(100, '\0'),
              "- " + make_change(make_task(1).summary, 2).records.at(0) + "\n"}) {
            TaskSummary summary = create(*store, ++number);
            const std::string whole = read(events_of(summary.task_id));
            write(events_of(summary.task_id), whole + rest);
            EXPECT_EQ(must(store->revision(summary.task_id)), 1U);
            EXPECT_EQ(codes(*store), std::vector<std::string>{"torn_tail"});
            if (by_repair) {
                repair_all(*store);
                EXPECT_EQ(read(events_of(summary.task_id)), whole);
            } else {
                must(try_append(*store, summary));
                EXPECT_EQ(must(store->read(summary.task_id)).records.size(), 2U);
            }
            EXPECT_TRUE(codes(*store).empty());
        }
    }
}

TEST_F(FileStoreTest, random_bytes_in_any_file_of_a_task_harm_that_task_alone) {
    const auto store = open();
    create_tasks(*store, 1, 3);
    const std::string directory = in_root("tasks/" + task_id_of(2));
    std::mt19937 random(1);
    for (int round = 0; round < 60; ++round) {
        const std::string file = directory + (round % 2 == 0 ? "/events.yaml" : "/task.yaml");
        const std::string before = read(file);
        std::string bytes = before;
        for (int i = 0; i < 1 + round % 20; ++i)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        write(file, bytes);
        const auto text = store->read(task_id_of(2));
        if (!text) {
            EXPECT_EQ(text.error().code, ErrorCode::store_corrupt);
        }
        EXPECT_EQ(listed(*store).size(), 3U);
        EXPECT_EQ(must(store->read(task_id_of(1))).records, make_task(1).records);
        must(store->verify());
        write(file, before);
    }
    EXPECT_EQ(must(store->read(task_id_of(2))).records, make_task(2).records);
    repair_all(*store);
    EXPECT_TRUE(codes(*store).empty());
    EXPECT_EQ(counted(*store), 3U);
}

TEST_F(FileStoreTest, what_died_half_way_is_out_of_sight_and_is_cleared_away) {
    const auto store = open();
    create_tasks(*store, 1, 2);
    for (const std::string& name : {".new-" + task_id_of(3), ".gone-" + task_id_of(4)}) {
        fs::copy(in_root("tasks/" + task_id_of(1)), in_root("tasks/" + name));
    }
    fs::create_directory(in_root("tasks/.tmp-old"));
    fs::last_write_time(in_root("tasks/.tmp-old"),
                        fs::file_time_type::clock::now() - std::chrono::hours(1));
    fs::create_directory(in_root("tasks/.tmp-young"));
    EXPECT_EQ(listed(*store).size(), 2U);
    auto found = codes(*store);
    EXPECT_EQ(found, (std::vector<std::string>{"unfinished_removal", "unfinished_task",
                                               "unfinished_task"}));
    repair_all(*store);
    EXPECT_TRUE(codes(*store).empty());
    EXPECT_TRUE(fs::exists(in_root("tasks/.tmp-young")));
    create(*store, 3);
    EXPECT_EQ(listed(*store).size(), 3U);
}

TEST_F(FileStoreTest, open_rights_and_foreign_entries_are_found) {
    const auto store = open();
    create(*store, 1);
    fs::permissions(events_of(task_id_of(1)), fs::perms::others_read, fs::perm_options::add);
    fs::permissions(root(), fs::perms::group_read, fs::perm_options::add);
    write(in_root("tasks/notes.txt"), "text");
    EXPECT_EQ(codes(*store),
              (std::vector<std::string>{"permissions", "foreign_entry", "permissions"}));
    repair_all(*store);
    EXPECT_EQ(codes(*store), std::vector<std::string>{"foreign_entry"});
    EXPECT_EQ(static_cast<int>(fs::status(events_of(task_id_of(1))).permissions()), 0600);
}

TEST_F(FileStoreTest, tasks_that_cannot_be_read_are_counted_where_they_are_listed) {
    const auto store = open();
    create_tasks(*store, 1, 3);
    const auto unreadable = [&](const TaskFilter& filter) {
        std::uint64_t count = 0;
        std::uint64_t others = 0;
        for (const CountGroup& group : must(store->count(filter)))
            (group.unreadable ? count : others) += group.count;
        const ListPage page = must(store->list(filter, ListOrder::oldest_first, {}, 100));
        EXPECT_EQ(page.tasks.size(), count + others);
        return count;
    };
    EXPECT_EQ(unreadable({}), 0U);
    write(events_of(task_id_of(2)), "nonsense\n");
    // Its row is made again when it is shown.
    EXPECT_EQ(listed(*store).size(), 3U);
    EXPECT_EQ(unreadable({}), 1U);
    TaskFilter filter;
    filter.visible_to = "nobody";
    EXPECT_EQ(unreadable(filter), 1U);
    filter.attention_candidates = true;
    EXPECT_EQ(unreadable(filter), 1U);
    filter.owner_session_id = "nobody";
    EXPECT_EQ(unreadable(filter), 0U);
    EXPECT_EQ(unreadable({.states = {SessionState::ready}}), 0U);
    EXPECT_EQ(unreadable({.label_glob = "*"}), 0U);
}

TEST_F(FileStoreTest, leases_of_sessions_that_no_task_has_are_found_and_removed_unless_held) {
    const auto store = open();
    const TaskSummary summary = create(*store, 1);
    const std::string lost = "session-" + std::string(26, '7');
    const std::string held = "session-" + std::string(26, '6');
    must(store->take_lease(summary.task_session_id));
    must(store->take_lease("hand-over"));
    EXPECT_TRUE(codes(*store).empty());

    must(store->take_lease(lost));
    {
        const auto lease = must(store->take_lease(held));
        const auto findings = must(store->verify());
        ASSERT_EQ(findings.size(), 2U);
        for (const Finding& finding : findings) EXPECT_EQ(finding.code, "lease_without_session");
        EXPECT_FALSE(findings[0].repairable);
        EXPECT_NE(findings[0].cause.find(held), std::string::npos);
        EXPECT_EQ(store->repair(findings[0]).error().code, ErrorCode::unsupported);
        EXPECT_TRUE(findings[1].repairable);
        EXPECT_NE(findings[1].cause.find(lost), std::string::npos);
        must(store->repair(findings[1]));
        EXPECT_TRUE(lease->is_held());
    }
    EXPECT_FALSE(fs::exists(in_root("leases/" + lost)));
    EXPECT_TRUE(fs::exists(in_root("leases/" + held)));
    EXPECT_TRUE(fs::exists(in_root("leases/" + summary.task_session_id)));
    repair_all(*store);
    EXPECT_FALSE(fs::exists(in_root("leases/" + held)));
    EXPECT_TRUE(codes(*store).empty());

    // Tokens have to grow for a task that is put back, so nothing is removed while one is damaged.
    must(store->take_lease(lost));
    write(in_root("tasks/" + summary.task_id + "/task.yaml"), "nonsense");
    EXPECT_EQ(codes(*store), (std::vector<std::string>{"damaged_task", "index_differs"}));
    EXPECT_TRUE(fs::exists(in_root("leases/" + lost)));
}

TEST_F(FileStoreTest, a_damaged_task_is_found_and_left_alone) {
    const auto store = open();
    create_tasks(*store, 1, 2);
    write(in_root("tasks/" + task_id_of(1) + "/task.yaml"), "nonsense");
    fs::remove(events_of(task_id_of(2)));
    const auto findings = must(store->verify());
    for (const std::uint64_t number : {1U, 2U}) {
        const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& one) {
            return one.code == "damaged_task" && one.task_id == task_id_of(number);
        });
        ASSERT_NE(found, findings.end()) << number;
        EXPECT_FALSE(found->repairable);
        EXPECT_EQ(store->repair(*found).error().code, ErrorCode::unsupported);
    }
    EXPECT_EQ(listed(*store).size(), 2U);
}

} // namespace
} // namespace loong::store_files
