#include "checked_store.hpp"
#include "contract/store_contract.hpp"
#include "memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

namespace loong {
namespace {

using store_memory::MemoryStore;
using store_memory::MemoryStoreState;
using test::task_id_of;
using test::TemporaryDirectory;
using testing::HasSubstr;

CheckedStore::Inner owned(std::unique_ptr<Store> store) {
    return {store.release(), std::default_delete<Store>()};
}

test::StoreSubject checked_subject() {
    test::StoreSubject subject;
    subject.name = "checked";
    subject.one_process_only = "what is kept in memory ends with its process";
    subject.open = [](const std::string& directory,
                      const StoreHost&) -> Result<std::shared_ptr<Store>> {
        auto inner = owned(std::make_unique<MemoryStore>(MemoryStoreState::of(directory)));
        return std::shared_ptr<Store>(std::make_shared<CheckedStore>("memory", std::move(inner)));
    };
    subject.damage = [](const std::string& directory, const std::string& task_id) {
        MemoryStoreState::of(directory)->damage(task_id);
    };
    subject.lose_lease = [](const std::string& directory, const std::string& name) {
        MemoryStoreState::of(directory)->lose_lease(name);
    };
    return subject;
}

class OtherLease : public Lease {
public:
    [[nodiscard]] std::string_view name() const override { return "other"; }
    [[nodiscard]] std::uint64_t token() const override { return 1; }
    [[nodiscard]] bool is_held() const override { throw std::runtime_error("lost"); }
};

class ThrowingWatch : public Watch {
public:
    Result<bool> wait(Milliseconds /*limit*/) override { throw std::runtime_error("no eyes"); }
    [[nodiscard]] int descriptor() const override { throw 1; }
};

/// Keeps tasks like any other, and tells what the test has set.
class LyingStore : public MemoryStore {
public:
    using MemoryStore::MemoryStore;

    Result<std::vector<Result<CreatedTask>>> create(const std::vector<NewTask>&) override {
        return created;
    }
    Result<EventRecords> read_events(std::string_view, std::uint64_t, std::size_t) override {
        return events;
    }
    Result<ListedTask> find(std::string_view) override { return ListedTask{.task_id = id}; }
    Result<ListPage> list(const TaskFilter&, ListOrder, std::string_view, std::size_t) override {
        return page;
    }
    Result<std::vector<ListedTask>> claimable(Time, std::size_t) override { return page.tasks; }
    Result<std::optional<Time>> next_due(Time now) override { return std::optional(now); }
    Result<std::vector<std::string>> resolve(std::string_view, std::size_t) override { return ids; }
    Result<std::vector<std::string>> dependents(std::string_view) override { return ids; }
    Result<std::optional<std::string>> find_dedupe_key(std::string_view) override { return {id}; }
    Result<std::unique_ptr<Lease>> take_lease(std::string_view) override {
        return std::unique_ptr<Lease>(std::make_unique<OtherLease>());
    }
    Result<std::unique_ptr<Watch>> watch(const std::vector<WatchTarget>& targets) override {
        if (targets.empty()) return std::unique_ptr<Watch>();
        return std::unique_ptr<Watch>(std::make_unique<ThrowingWatch>());
    }
    Result<void> append_then(std::string_view, std::uint64_t, const std::vector<std::string>&,
                             const TaskSummary&, const Lease*,
                             const std::function<void()>& durable) override {
        for (int time = 0; time < tells; ++time) durable();
        if (throws) throw std::runtime_error("no room");
        return {};
    }
    Result<std::string> session_directory(std::string_view, std::string_view) override {
        return std::string("relative");
    }
    Result<void> repair(const Finding&) override { return error; }

    std::vector<Result<CreatedTask>> created;
    EventRecords events;
    ListPage page;
    std::vector<std::string> ids;
    std::string id;
    Error error;
    int tells = 0;
    bool throws = false;
};

class CheckedStoreTest : public testing::Test {
protected:
    CheckedStoreTest() {
        auto lying =
            std::make_unique<LyingStore>(std::make_shared<MemoryStoreState>(directory_.path()));
        inner = lying.get();
        checked.emplace("store-x", owned(std::move(lying)));
    }

    template <typename T>
    static void expect_fault(const Result<T>& result, const std::string& message) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::plugin_fault);
        EXPECT_EQ(result.error().message, message);
        EXPECT_FALSE(result.error().hint.empty());
    }

    LyingStore* inner = nullptr;
    std::optional<CheckedStore> checked;

private:
    TemporaryDirectory directory_;
};

TEST_F(CheckedStoreTest, EachTaskHasItsOwnResult) {
    expect_fault(checked->create({test::make_task(1), test::make_task(2)}),
                 "plugin store-x: create: gave 0 results for 2 tasks");
    inner->created = {CreatedTask{task_id_of(7), true}};
    expect_fault(checked->create({test::make_task(1)}),
                 "plugin store-x: create: gave '" + task_id_of(7) + "' for task " + task_id_of(1));
    inner->created = {CreatedTask{"nonsense", false}};
    EXPECT_FALSE(checked->create({test::make_task(1)}));
    inner->created = {CreatedTask{task_id_of(7), false}};
    EXPECT_TRUE(checked->create({test::make_task(1)}));
    inner->created = {Error{ErrorCode::conflict, "exists", ""}};
    EXPECT_TRUE(checked->create({test::make_task(1)}));
}

TEST_F(CheckedStoreTest, WhatIsDurableIsToldOnceWhateverThePluginDoes) {
    int told = 0;
    const auto append = [&] {
        told = 0;
        return checked->append_then(task_id_of(1), 1, {"{}"}, {}, nullptr, [&] { ++told; });
    };
    for (inner->tells = 0; inner->tells <= 2; ++inner->tells) {
        EXPECT_TRUE(append());
        EXPECT_EQ(told, 1) << inner->tells;
    }
    inner->throws = true;
    inner->tells = 0;
    expect_fault(append(), "plugin store-x: append_then: threw no room");
    EXPECT_EQ(told, 0);
    // Somebody has acted on it, so nobody may hear that nothing was appended.
    inner->tells = 1;
    EXPECT_TRUE(append());
    EXPECT_EQ(told, 1);
}

TEST_F(CheckedStoreTest, PagesEndAndKeepTheirLimit) {
    inner->page.has_more = true;
    expect_fault(checked->list({}, ListOrder::newest_first, {}, 10),
                 "plugin store-x: list: gave nothing and said that there is more");
    inner->page.tasks.resize(3);
    expect_fault(checked->list({}, ListOrder::newest_first, {}, 2),
                 "plugin store-x: list: gave 3 where 2 was the limit");
    EXPECT_TRUE(checked->list({}, ListOrder::newest_first, {}, 3));
    expect_fault(checked->claimable(Time{}, 2),
                 "plugin store-x: claimable: gave 3 where 2 was the limit");
    inner->events.has_more = true;
    expect_fault(checked->read_events(task_id_of(1), 0, 5),
                 "plugin store-x: read_events: gave nothing and said that there is more");
    inner->events.records = {"a", "b"};
    expect_fault(checked->read_events(task_id_of(1), 0, 1),
                 "plugin store-x: read_events: gave 2 where 1 was the limit");
}

TEST_F(CheckedStoreTest, WhatIsGivenFitsTheQuestion) {
    inner->id = "task-x";
    inner->ids = {task_id_of(1), "/etc/passwd"};
    expect_fault(checked->find(task_id_of(1)),
                 "plugin store-x: find: gave 'task-x' for " + task_id_of(1));
    expect_fault(checked->find_dedupe_key("k"),
                 "plugin store-x: find_dedupe_key: gave 'task-x', which is no task id");
    expect_fault(checked->resolve("t", 10),
                 "plugin store-x: resolve: gave '/etc/passwd', which is no task id");
    expect_fault(checked->dependents(task_id_of(1)),
                 "plugin store-x: dependents: gave '/etc/passwd', which is no task id");
    expect_fault(checked->next_due(Time{}),
                 "plugin store-x: next_due: gave a time that has passed");
    expect_fault(checked->session_directory(task_id_of(1), test::session_id_of(1)),
                 "plugin store-x: session_directory: gave 'relative', which is no absolute path");
    expect_fault(checked->take_lease("mine"),
                 "plugin store-x: take_lease: gave 'other' for 'mine'");
    expect_fault(checked->watch({}), "plugin store-x: watch: gave no watch");
}

TEST_F(CheckedStoreTest, ALeaseOrAWatchThatThrowsIsOfNoUse) {
    const auto lease = checked->take_lease("other");
    ASSERT_TRUE(lease);
    EXPECT_FALSE((*lease)->is_held());
    const auto watch = checked->watch({{}});
    ASSERT_TRUE(watch);
    EXPECT_EQ((*watch)->descriptor(), -1);
    expect_fault((*watch)->wait(Milliseconds(0)), "plugin store-x: wait: threw no eyes");
}

TEST_F(CheckedStoreTest, ErrorsAreMadeWhole) {
    inner->error = {ErrorCode::store_busy, "a lock", "wait"};
    EXPECT_EQ(checked->repair({}).error().message, "a lock");
    EXPECT_EQ(checked->repair({}).error().hint, "wait");
    inner->error = {ErrorCode::store_busy, "", ""};
    EXPECT_EQ(checked->repair({}).error().code, ErrorCode::store_busy);
    EXPECT_EQ(checked->repair({}).error().message,
              "plugin store-x: repair: failed without saying why");
    inner->error = {static_cast<ErrorCode>(999), "odd", ""};
    expect_fault(checked->repair({}),
                 "plugin store-x: repair: failed with the unknown code 999: odd");
}

} // namespace

namespace test {
// A checked store is one like any other.
INSTANTIATE_TEST_SUITE_P(checked, StoreContract, testing::Values(checked_subject()), subject_name);
} // namespace test
} // namespace loong
