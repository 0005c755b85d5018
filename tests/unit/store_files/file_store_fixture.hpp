#pragma once
/// What the tests of store-files have in common.

#include "child_process.hpp"
#include "file_store.hpp"
#include "must.hpp"
#include "temporary_directory.hpp"
#include "test_store_host.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace loong::store_files {

using namespace loong::test;

class FileStoreTest : public testing::Test {
protected:
    [[nodiscard]] std::string root() const { return directory_ / "state"; }
    [[nodiscard]] std::string in_root(const std::string& name) const { return root() + "/" + name; }
    [[nodiscard]] std::string events_of(const std::string& task_id) const {
        return in_root("tasks/" + task_id + "/events.yaml");
    }

    [[nodiscard]] Result<std::unique_ptr<Store>> try_open(FileSystem& files = FileSystem::real()) {
        StoreSetup setup;
        setup.state_directory = root();
        setup.host = &host_;
        return FileStore::make(setup, files);
    }
    [[nodiscard]] std::unique_ptr<Store> open(FileSystem& files = FileSystem::real()) {
        return must(try_open(files));
    }

    static TaskSummary create(Store& store, const NewTask& task) {
        must(must(store.create({task})).at(0));
        return task.summary;
    }
    static TaskSummary create(Store& store, std::uint64_t number) {
        return create(store, make_task(number));
    }
    static void create_tasks(Store& store, std::uint64_t first, std::uint64_t last) {
        std::vector<NewTask> tasks;
        for (std::uint64_t n = first; n <= last; ++n) tasks.push_back(make_task(n));
        for (const auto& result : must(store.create(tasks))) must(result);
    }
    static Result<void> try_append(Store& store, TaskSummary& summary, std::size_t records = 1) {
        const Change change = make_change(summary, records);
        auto done = store.append(summary.task_id, summary.revision, change.records, change.summary,
                                 nullptr);
        if (done) summary = change.summary;
        return done;
    }

    static std::string read(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    }

    static std::vector<std::string> listed(Store& store, const TaskFilter& filter = {}) {
        std::vector<std::string> ids;
        for (const ListedTask& task :
             must(store.list(filter, ListOrder::oldest_first, {}, 10'000)).tasks)
            ids.push_back(task.task_id);
        return ids;
    }
    static std::uint64_t counted(Store& store) {
        std::uint64_t sum = 0;
        for (const CountGroup& group : must(store.count({}))) sum += group.count;
        return sum;
    }
    static std::vector<std::string> codes(Store& store) {
        std::vector<std::string> found;
        for (const Finding& finding : must(store.verify())) found.push_back(finding.code);
        return found;
    }
    static void repair_all(Store& store) {
        for (const Finding& finding : must(store.verify())) {
            if (!finding.repairable) continue;
            must(store.repair(finding));
            must(store.repair(finding));
        }
    }

    TemporaryDirectory directory_;
    TestStoreHost host_;
};

} // namespace loong::store_files
