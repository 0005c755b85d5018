#pragma once
/// What the tests of stores have in common.

#include "child_process.hpp"
#include "loaded_plugin.hpp"
#include "must.hpp"
#include "temporary_directory.hpp"
#include "test_store_host.hpp"
#include <loong/store.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace loong::test {

/// A store to be tested.
struct StoreSubject {
    std::string name;
    /// Another Store object on the place that belongs to `state_directory`, which exists.
    std::function<Result<std::shared_ptr<Store>>(const std::string& state_directory,
                                                 const StoreHost& host)>
        open;
    /// Why several processes cannot share one place; empty where they can.
    std::string one_process_only;
    /// Makes one task unreadable; may be empty.
    std::function<void(const std::string& state_directory, const std::string& task_id)> damage;
    /// Takes a lease from its holder behind its back; may be empty.
    std::function<void(const std::string& state_directory, const std::string& name)> lose_lease;
};

inline std::ostream& operator<<(std::ostream& out, const StoreSubject& subject) {
    return out << subject.name;
}

inline std::string subject_name(const testing::TestParamInfo<StoreSubject>& info) {
    return info.param.name;
}

/// The store of a plugin.
inline StoreSubject plugin_store(const std::string& name, const std::string& file,
                                 const Settings& settings = {}) {
    StoreSubject subject;
    subject.name = name;
    subject.open = [=](const std::string& state_directory, const StoreHost& host) {
        return load_store_object(file, {settings, state_directory, &host});
    };
    return subject;
}

/// Without what is no fault.
inline std::vector<Finding> faults(std::vector<Finding> findings) {
    std::erase_if(findings, is_fact);
    return findings;
}

class StoreContract : public testing::TestWithParam<StoreSubject> {
protected:
    /// A new object on this test's place.
    std::shared_ptr<Store> open() { return must(GetParam().open(state_directory(), host_)); }

    /// The object that most of a test uses.
    Store& store() {
        if (!store_) store_ = open();
        return *store_;
    }

    /// Nothing of the store stays open in this process, as before a fork.
    void close() { store_.reset(); }

    [[nodiscard]] const std::string& state_directory() const { return directory_.path(); }
    [[nodiscard]] const TestStoreHost& host() const { return host_; }

    /// Creates a task that must not exist yet; what is returned is its summary.
    TaskSummary create(TaskSummary summary, std::size_t records = 1) {
        return create(make_task(std::move(summary), records));
    }
    TaskSummary create(const NewTask& task) {
        const auto results = must(store().create({task}));
        EXPECT_EQ(results.size(), 1U);
        EXPECT_TRUE(must(results.at(0)).created);
        return task.summary;
    }

    /// Creates the tasks with numbers from `first` to `last`.
    void create_tasks(std::uint64_t first, std::uint64_t last) {
        std::vector<NewTask> tasks;
        for (std::uint64_t number = first; number <= last; ++number) {
            tasks.push_back(make_task(number));
        }
        for (const auto& result : must(store().create(tasks))) must(result);
    }

    /// Appends to the task so that `summary` holds afterwards; its revision is the one before.
    static TaskSummary append(Store& store, const TaskSummary& summary, std::size_t records = 1) {
        const Change change = make_change(summary, records);
        must(store.append(summary.task_id, summary.revision, change.records, change.summary,
                          nullptr));
        return change.summary;
    }
    TaskSummary append(const TaskSummary& summary, std::size_t records = 1) {
        return append(store(), summary, records);
    }

    TaskSummary change_state(TaskSummary summary, SessionState state) {
        summary.session_state = state;
        return append(summary);
    }

    /// Ids of all that a filter lets through.
    std::vector<std::string> listed(const TaskFilter& filter = {},
                                    ListOrder order = ListOrder::oldest_first) {
        return ids_of(must(store().list(filter, order, {}, 10'000)).tasks);
    }

    static std::vector<std::string> ids_of(const std::vector<ListedTask>& tasks) {
        std::vector<std::string> ids;
        for (const ListedTask& task : tasks) ids.push_back(task.task_id);
        return ids;
    }

    static std::vector<std::string> ids(const std::vector<std::uint64_t>& numbers) {
        std::vector<std::string> result;
        for (const std::uint64_t number : numbers) result.push_back(task_id_of(number));
        return result;
    }

private:
    TemporaryDirectory directory_;
    TestStoreHost host_;
    std::shared_ptr<Store> store_;
};

/// A thread in which a failure, also by must(), fails the test.
template <typename Body>
std::thread in_thread(Body body) {
    return std::thread([body = std::move(body)]() mutable {
        try {
            body();
        } catch (const std::exception& caught) {
            ADD_FAILURE() << caught.what();
        }
    });
}

/// Text that is awkward everywhere: quotes, control characters, other scripts, invalid UTF-8.
inline const std::string awkward_text =
    "a 'b' \"c\" \\d %e \x01\x1b[31m\t\r\n- {x: y} # \xc3\xa4\xf0\x9f\x90\x89 \xff\xfe\x80";

} // namespace loong::test

#define LOONG_NEEDS_PROCESSES()                                                                    \
    do {                                                                                           \
        if (!GetParam().one_process_only.empty()) GTEST_SKIP() << GetParam().one_process_only;     \
    } while (false)
