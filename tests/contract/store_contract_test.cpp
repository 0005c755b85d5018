/// The contract of stores, kept by those of this tree.

#include "memory_store.hpp"
#include "store_contract.hpp"

#include <sqlite3.h>

#include <fstream>

namespace loong::test {
namespace {

using store_memory::MemoryStore;
using store_memory::MemoryStoreState;

StoreSubject memory_subject() {
    StoreSubject subject;
    subject.name = "memory";
    subject.one_process_only = "what is kept in memory ends with its process";
    subject.open = [](const std::string& state_directory,
                      const StoreHost&) -> Result<std::shared_ptr<Store>> {
        return std::shared_ptr<Store>(
            std::make_shared<MemoryStore>(MemoryStoreState::of(state_directory)));
    };
    subject.damage = [](const std::string& state_directory, const std::string& task_id) {
        MemoryStoreState::of(state_directory)->damage(task_id);
    };
    subject.lose_lease = [](const std::string& state_directory, const std::string& name) {
        MemoryStoreState::of(state_directory)->lose_lease(name);
    };
    return subject;
}

StoreSubject files_subject() {
    StoreSubject subject = plugin_store("files", LOONG_TEST_STORE_FILES);
    subject.damage = [](const std::string& state_directory, const std::string& task_id) {
        const std::string file = state_directory + "/tasks/" + task_id + "/events.yaml";
        if (!std::filesystem::exists(file)) throw std::runtime_error(file + " does not exist");
        std::ofstream(file, std::ios::app) << "- {\"id\": damage\n- {\"id\":7}\n";
    };
    subject.lose_lease = [](const std::string& state_directory, const std::string& name) {
        if (!std::filesystem::remove(state_directory + "/leases/" + name)) {
            throw std::runtime_error("lease " + name + " has no file");
        }
    };
    return subject;
}

/// Runs SQL on the file of a store that nobody has open.
void change_database(const std::string& state_directory, const std::string& sql) {
    sqlite3* database = nullptr;
    char* why = nullptr;
    int code = sqlite3_open_v2((state_directory + "/tasks.sqlite").c_str(), &database,
                               SQLITE_OPEN_READWRITE, nullptr);
    if (code == SQLITE_OK) code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &why);
    if (code == SQLITE_OK && sqlite3_changes(database) == 0) code = SQLITE_NOTFOUND;
    const std::string text = why != nullptr ? why : sqlite3_errstr(code);
    sqlite3_free(why);
    sqlite3_close(database);
    if (code != SQLITE_OK) throw std::runtime_error(sql + ": " + text);
}

StoreSubject sqlite_subject() {
    StoreSubject subject = files_subject();
    subject.name = "sqlite";
    subject.open = [](const std::string& state_directory, const StoreHost& host) {
        return load_store_object(LOONG_TEST_STORE_SQLITE, {{}, state_directory, &host});
    };
    subject.damage = [](const std::string& state_directory, const std::string& task_id) {
        const std::string task = "'" + task_id + "'";
        change_database(state_directory,
                        "UPDATE tasks SET summary = 'nonsense' WHERE id = " + task);
        change_database(state_directory,
                        "UPDATE records SET record = 'damage' WHERE id = 1 AND task = (SELECT n "
                        "FROM tasks WHERE id = " +
                            task + ")");
    };
    return subject;
}

INSTANTIATE_TEST_SUITE_P(files, StoreContract, testing::Values(files_subject()), subject_name);
INSTANTIATE_TEST_SUITE_P(sqlite, StoreContract, testing::Values(sqlite_subject()), subject_name);
INSTANTIATE_TEST_SUITE_P(memory, StoreContract, testing::Values(memory_subject()), subject_name);

} // namespace
} // namespace loong::test
